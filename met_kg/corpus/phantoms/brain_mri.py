"""Axial T2-weighted MRI of the brain: water is bright, bone is dark."""

from __future__ import annotations

import numpy as np

from met_kg.corpus.phantoms import Drawing, Kind, Scene, State
from met_kg.corpus.phantoms.canvas import arc, blend, blob, ellipse, noise, plain, stroke, towards


def draw(rng: np.random.Generator, scene: Scene) -> Drawing:
    s = towards(scene.side)
    mri = plain(0.02)
    mri = blend(mri, ellipse(0, 0, 0.74, 0.92), 0.6)  # fat of the scalp
    mri = blend(mri, ellipse(0, 0, 0.69, 0.87), 0.06)  # skull
    mri = blend(mri, ellipse(0, 0, 0.64, 0.82), 0.92)  # fluid around the brain
    mri = blend(mri, ellipse(0, 0, 0.61, 0.79), 0.52 + 0.02 * noise(rng, 0.02))  # grey matter
    for turn in range(0, 360, 15):
        a = np.radians(turn + rng.uniform(-5, 5))
        line = [(0.62 * np.cos(a), 0.8 * np.sin(a)), (0.47 * np.cos(a + 0.1), 0.63 * np.sin(a + 0.1))]
        mri = blend(mri, stroke(line, 0.025), 0.88, 0.8)
    white = blob(rng, 0, 0, 0.5, rough=0.12, soft=0.08)
    mri = blend(mri, white, 0.34 + 0.01 * noise(rng, 0.02))
    for x in (-1.0, 1.0):
        mri = blend(mri, ellipse(0.13 * x, -0.18, 0.05, 0.17, turn=-20 * x), 0.95)
        mri = blend(mri, ellipse(0.15 * x, 0.24, 0.05, 0.19, turn=25 * x), 0.95)
        mri = blend(mri, ellipse(0.24 * x, 0.02, 0.09, 0.12, turn=-12 * x, soft=0.04), 0.48)  # thalamus
    mri = blend(mri, stroke([(0, -0.8), (0, -0.4)], 0.012), 0.9, 0.6)
    if scene.state == "multiple sclerosis":
        for _ in range(rng.integers(6, 10)):
            x, y = rng.choice([-1, 1]) * rng.uniform(0.2, 0.36), rng.uniform(-0.38, 0.42)
            mri = blend(mri, ellipse(x, y, 0.055, 0.03, turn=rng.uniform(-30, 30), soft=0.03), 0.93)
    elif scene.state == "glioblastoma":
        x, y = 0.32 * s, rng.uniform(-0.25, 0.3)
        mri = blend(mri, blob(rng, x, y, 0.28, rough=0.35, soft=0.1), 0.8)
        mri = blend(mri, blob(rng, x, y, 0.16, rough=0.25), 0.45)
        mri = blend(mri, ellipse(x, y, 0.07, 0.08, soft=0.05), 0.95)
    elif scene.state == "arachnoid cyst":
        mri = blend(mri, ellipse(0.44 * s, -0.2, 0.17, 0.24, turn=20 * s), 0.97)
        mri = blend(mri, arc(0, 0, 0.69, 0.87, 0.04), 0.06)
    return mri


KIND = Kind(
    modality="MRI",
    body_part="brain",
    views=("axial",),
    openings=(
        "Axial T2-weighted MRI of the brain, {age}-year-old {person}.",
        "Brain MRI, {view} T2-weighted image.",
        "Magnetic resonance imaging of the brain of a {age}-year-old {person}.",
    ),
    states=(
        State("", ("Normal brain.", "No white matter lesion.", "Ventricles and white matter are normal.")),
        State(
            "multiple sclerosis",
            (
                "Several periventricular white matter lesions, typical of multiple sclerosis.",
                "Multiple sclerosis with bright plaques beside the lateral ventricles.",
                "There are periventricular plaques in known multiple sclerosis.",
            ),
            "No sign of multiple sclerosis.",
        ),
        State(
            "glioblastoma",
            (
                "Heterogeneous mass in the {side} cerebral hemisphere with edema: glioblastoma.",
                "There is a {side}-sided glioblastoma.",
                "Irregular mass with necrosis and edema of the {side} cerebral hemisphere, likely glioblastoma.",
            ),
            "No brain tumor.",
            sided=True,
        ),
        State(
            "arachnoid cyst",
            (
                "A {side} arachnoid cyst follows the signal of cerebrospinal fluid.",
                "There is an arachnoid cyst in the {side} middle cranial fossa.",
                "{Side}-sided cyst with the signal of fluid, an arachnoid cyst.",
            ),
            "No cyst.",
            sided=True,
        ),
    ),
    draw=draw,
)
