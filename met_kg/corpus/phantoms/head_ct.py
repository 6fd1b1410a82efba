"""Axial CT of the head at the level of the lateral ventricles."""

from __future__ import annotations

import numpy as np

from met_kg.corpus.phantoms import Drawing, Kind, Scene, State
from met_kg.corpus.phantoms.canvas import arc, blend, blob, ellipse, noise, plain, polygon, stroke, towards


def draw(rng: np.random.Generator, scene: Scene) -> Drawing:
    s = towards(scene.side)
    ct = plain(0.02)
    ct = blend(ct, ellipse(0, 0, 0.74, 0.92), 0.3)  # scalp
    ct = blend(ct, ellipse(0, 0, 0.7, 0.88), 0.97)  # skull
    brain = ellipse(0, 0, 0.62, 0.8)
    ct = blend(ct, brain, 0.4 + 0.012 * noise(rng, 0.03))
    for turn in range(0, 360, 20):  # sulci
        a = np.radians(turn + rng.uniform(-5, 5))
        line = [(0.61 * np.cos(a), 0.79 * np.sin(a)), (0.5 * np.cos(a + 0.08), 0.66 * np.sin(a + 0.08))]
        ct = blend(ct, stroke(line, 0.02), 0.24, 0.7)
    shift = -0.14 * s if scene.state == "subdural hematoma" else 0.0
    ct = blend(ct, stroke([(0, -0.8), (shift, -0.2), (shift, 0.2), (0, 0.8)], 0.014), 0.56, 0.7)  # falx
    wide = 1.9 if scene.state == "hydrocephalus" else 1.0
    for x in (-1.0, 1.0):
        squeeze = 0.55 if shift and x == s else 1.0
        for y, turn in ((-0.2, 20), (0.24, -25)):
            horn = ellipse(shift + x * (0.1 + 0.04 * wide), y, 0.055 * wide * squeeze, 0.2 * wide**0.5, turn=-turn * x)
            ct = blend(ct, horn, 0.16)
    if scene.state == "cerebral hemorrhage":
        x, y = s * rng.uniform(0.28, 0.36), rng.uniform(-0.15, 0.2)
        ct = blend(ct, blob(rng, x, y, 0.2, soft=0.1), 0.27, 0.7)
        ct = blend(ct, blob(rng, x, y, 0.15), 0.8)
    elif scene.state == "subdural hematoma":
        crescent = ellipse(0, 0, 0.62, 0.8) * (1 - ellipse(-0.16 * s, 0.02, 0.62, 0.8)) * (_half(s))
        ct = blend(ct, crescent, 0.74)
    elif scene.state == "cerebral infarction":
        y = rng.uniform(-0.1, 0.1)
        wedge = polygon([(0.16 * s, y), (0.66 * s, y - 0.36), (0.68 * s, y + 0.34)], soft=0.06) * brain
        ct = blend(ct, wedge, 0.26, 0.95)
    elif scene.state == "meningioma":
        ct = blend(ct, ellipse(0.46 * s, rng.uniform(-0.4, 0.2), 0.15, 0.17), 0.63)
        ct = blend(ct, arc(0, 0, 0.7, 0.88, 0.07), 0.97)
    return ct


def _half(s: float) -> Drawing:
    return polygon([(0, -1), (s, -1), (s, 1), (0, 1)])


KIND = Kind(
    modality="CT",
    body_part="head",
    views=("axial",),
    openings=(
        "Axial non-contrast CT of the head of a {age}-year-old {person}.",
        "Head CT, axial slice at the level of the lateral ventricles.",
        "Computed tomography of the brain, {view} plane, {age}-year-old {person}.",
    ),
    states=(
        State("", ("Normal brain.", "No acute intracranial abnormality.", "Brain and ventricles are unremarkable.")),
        State(
            "cerebral hemorrhage",
            (
                "Hyperdense {side} cerebral hemorrhage with surrounding edema.",
                "There is an intracerebral hemorrhage in the {side} cerebral hemisphere.",
                "Acute hemorrhage in the {side} basal ganglia.",
            ),
            "No hemorrhage.",
            sided=True,
        ),
        State(
            "subdural hematoma",
            (
                "Crescent-shaped {side} subdural hematoma with midline shift.",
                "A {side}-sided subdural hematoma compresses the lateral ventricle and causes midline shift.",
                "Subdural hematoma over the {side} cerebral hemisphere, midline shift to the opposite side.",
            ),
            "No subdural hematoma and no midline shift.",
            sided=True,
        ),
        State(
            "cerebral infarction",
            (
                "Wedge-shaped hypodensity in the {side} middle cerebral artery territory: cerebral infarction.",
                "There is a {side} cerebral infarction.",
                "Hypodense area of the {side} cerebral hemisphere, consistent with an infarct after stroke.",
            ),
            "No sign of cerebral infarction.",
            sided=True,
        ),
        State(
            "hydrocephalus",
            (
                "The lateral ventricles are dilated: hydrocephalus.",
                "There is hydrocephalus with enlarged lateral ventricles.",
                "Marked hydrocephalus.",
            ),
            "No hydrocephalus.",
        ),
        State(
            "meningioma",
            (
                "Extra-axial mass over the {side} cerebral hemisphere, consistent with meningioma.",
                "There is a {side} convexity meningioma.",
                "A round hyperdense mass abuts the skull on the {side}: meningioma.",
            ),
            "No mass.",
            sided=True,
        ),
    ),
    draw=draw,
)
