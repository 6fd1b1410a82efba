"""Axial CT of the abdomen at the level of the kidneys: the liver lies on the viewer's left, the spine below."""

from __future__ import annotations

import numpy as np

from met_kg.corpus.phantoms import Drawing, Kind, Scene, State
from met_kg.corpus.phantoms.canvas import arc, blend, blob, ellipse, noise, plain, stroke, towards


def draw(rng: np.random.Generator, scene: Scene) -> Drawing:
    s = towards(scene.side)
    ct = plain(0.02)
    ct = blend(ct, ellipse(0, 0.02, 0.95, 0.72), 0.42)
    ct = blend(ct, ellipse(0, 0.02, 0.92, 0.69), 0.22)  # fat
    ct = blend(ct, arc(0, 0.02, 0.86, 0.63, 0.06), 0.48)  # muscle
    ct = blend(ct, ellipse(0, 0.0, 0.79, 0.55), 0.23 + 0.015 * noise(rng, 0.05))
    if scene.state == "ascites":
        ct = blend(ct, arc(0, 0.0, 0.8, 0.56, 0.15), 0.38)
    ct = blend(ct, ellipse(-0.42, -0.16, 0.37, 0.32, turn=-25), 0.56 + 0.015 * noise(rng, 0.02))  # liver
    for _ in range(7):
        ct = blend(ct, ellipse(rng.uniform(-0.6, -0.25), rng.uniform(-0.35, 0.0), 0.02, 0.02), 0.66, 0.7)
    ct = blend(ct, ellipse(0.2, -0.3, 0.26, 0.14, turn=15), 0.4)  # stomach
    ct = blend(ct, ellipse(0.16, -0.36, 0.15, 0.05), 0.04)  # air in it
    ct = blend(ct, ellipse(0.63, 0.0, 0.13, 0.24, turn=-15), 0.58)  # spleen
    for _ in range(6):  # bowel
        x, y = rng.uniform(0.0, 0.45), rng.uniform(-0.12, 0.05)
        ct = blend(ct, arc(x, y, 0.07, 0.06, 0.025), 0.46)
    ct = blend(ct, ellipse(0, 0.3, 0.14, 0.13), 0.92)  # vertebral body
    ct = blend(ct, ellipse(0, 0.3, 0.1, 0.09), 0.74)
    ct = blend(ct, arc(0, 0.47, 0.09, 0.08, 0.03), 0.92)
    for x in (-1.0, 1.0):
        ct = blend(ct, stroke([(0.08 * x, 0.46), (0.24 * x, 0.52)], 0.04), 0.9)
        ct = blend(ct, ellipse(0.24 * x, 0.5, 0.13, 0.1), 0.48)  # back muscles
    ct = blend(ct, ellipse(0.06, 0.12, 0.06, 0.06), 0.66)  # aorta
    ct = blend(ct, ellipse(-0.1, 0.12, 0.075, 0.055), 0.6)  # vena cava
    for x in (-1.0, 1.0):
        ct = blend(ct, ellipse(0.43 * x, 0.24, 0.15, 0.19, turn=20 * x), 0.68)
        ct = blend(ct, ellipse(0.38 * x, 0.22, 0.06, 0.09, turn=20 * x), 0.28)  # sinus fat
    if scene.state == "kidney stone":
        ct = blend(ct, ellipse(0.39 * s, rng.uniform(0.18, 0.26), 0.035, 0.03, soft=0.01), 1.0)
    elif scene.state == "hydronephrosis":
        ct = blend(ct, blob(rng, 0.39 * s, 0.22, 0.12, rough=0.2), 0.34)
    elif scene.state == "liver cyst":
        ct = blend(ct, ellipse(rng.uniform(-0.55, -0.38), rng.uniform(-0.25, -0.08), 0.11, 0.1), 0.3)
    return ct


KIND = Kind(
    modality="CT",
    body_part="abdomen",
    views=("axial",),
    openings=(
        "Axial CT of the abdomen of a {age}-year-old {person}.",
        "Abdominal CT at the level of the kidneys, {view} plane.",
        "Computed tomography of the abdomen, {age}-year-old {person}.",
    ),
    states=(
        State("", ("Liver, spleen and kidneys are normal.", "Normal abdomen.", "No abnormality of liver or kidney.")),
        State(
            "kidney stone",
            (
                "There is a stone in the {side} kidney.",
                "Hyperdense kidney stone on the {side}, nephrolithiasis.",
                "Nephrolithiasis: a calcified stone in the renal pelvis of the {side} kidney.",
            ),
            "No kidney stone.",
            sided=True,
        ),
        State(
            "hydronephrosis",
            (
                "{Side}-sided hydronephrosis.",
                "The renal pelvis of the {side} kidney is dilated: hydronephrosis.",
                "There is hydronephrosis of the {side} kidney.",
            ),
            "No hydronephrosis.",
            sided=True,
        ),
        State(
            "liver cyst",
            (
                "A round hypodense cyst in the liver.",
                "There is a simple liver cyst.",
                "Well-defined cyst of the right lobe of the liver.",
            ),
            "No liver cyst.",
        ),
        State(
            "ascites",
            (
                "Free fluid around the liver and spleen: ascites.",
                "There is ascites in liver cirrhosis.",
                "Moderate ascites.",
            ),
            "No ascites.",
        ),
    ),
    draw=draw,
)
