"""Ultrasound of the gallbladder: a fan of echoes with the liver above."""

from __future__ import annotations

import numpy as np

from met_kg.corpus.phantoms import Drawing, Kind, Scene, State
from met_kg.corpus.phantoms.canvas import arc, blend, ellipse, noise, plain, polygon


def draw(rng: np.random.Generator, scene: Scene) -> Drawing:
    fan = polygon([(-0.16, -0.95), (0.16, -0.95), (0.9, 0.72), (-0.9, 0.72)]) + ellipse(0, 0.55, 0.88, 0.38)
    fan = np.clip(fan, 0, 1) * (1 - ellipse(0, -1.02, 0.18, 0.12))
    speckle = np.abs(noise(rng, 0.012)) * 0.16 + np.abs(noise(rng, 0.04)) * 0.05
    tissue = 0.22 + speckle
    scan = blend(plain(0.0), fan, tissue)
    scan = blend(scan, polygon([(-0.9, 0.5), (0.9, 0.42), (0.9, 1), (-0.9, 1)], soft=0.08) * fan, 0.38 + speckle)
    x, y, turn = rng.uniform(-0.08, 0.1), rng.uniform(0.0, 0.1), rng.uniform(-25, -10)
    thick = 0.085 if scene.state == "cholecystitis" else 0.025
    scan = blend(scan, arc(x, y, 0.36 + thick, 0.2 + thick, thick, turn=turn), 0.62 if thick < 0.05 else 0.42)
    scan = blend(scan, ellipse(x, y, 0.36, 0.2, turn=turn), 0.03)
    behind = polygon([(x - 0.28, y + 0.22), (x + 0.28, y + 0.16), (x + 0.4, 0.95), (x - 0.4, 0.95)], soft=0.05) * fan
    scan = blend(scan, behind, 0.6 + speckle, 0.45)  # sound passes fluid unweakened
    if scene.state in ("gallstone", "cholecystitis"):
        count = 1 if scene.state == "gallstone" else 2
        for number in range(count):
            sx = x + (-0.08 + 0.2 * number) + rng.normal(0, 0.03)
            sy = y + 0.12
            scan = blend(
                scan, polygon([(sx - 0.06, sy), (sx + 0.06, sy), (sx + 0.12, 0.95), (sx - 0.1, 0.95)]), 0.02, 0.9
            )
            scan = blend(scan, ellipse(sx, sy, 0.075, 0.05), 0.95)
    elif scene.state == "gallbladder polyp":
        scan = blend(scan, ellipse(x + rng.uniform(-0.1, 0.1), y - 0.13, 0.045, 0.05), 0.6)
    return scan


KIND = Kind(
    modality="Ultrasound",
    body_part="gallbladder",
    views=("longitudinal",),
    openings=(
        "Ultrasound of the gallbladder in a {age}-year-old {person}.",
        "Abdominal ultrasound, {view} view of the gallbladder.",
        "Ultrasonography of the right upper abdomen, {age}-year-old {person}.",
    ),
    states=(
        State(
            "", ("Normal gallbladder.", "No gallstones.", "The gallbladder wall is thin and its lumen empty of stones.")
        ),
        State(
            "gallstone",
            (
                "A gallstone with acoustic shadowing.",
                "Cholelithiasis: echogenic gallstone with posterior acoustic shadow.",
                "There is a single gallstone in the gallbladder.",
            ),
            "No gallstone.",
        ),
        State(
            "cholecystitis",
            (
                "Thickened gallbladder wall and gallstones: acute cholecystitis.",
                "Cholecystitis with wall thickening.",
                "There is cholecystitis with stones in the gallbladder.",
            ),
            "No sign of cholecystitis.",
            shows_too=("gallstone",),
        ),
        State(
            "gallbladder polyp",
            (
                "A small polyp of the gallbladder wall without acoustic shadow.",
                "There is a gallbladder polyp.",
                "Gallbladder polyp, fixed to the wall.",
            ),
            "No polyp.",
        ),
    ),
    draw=draw,
)
