"""Optical coherence tomography of the macula: a cross-section through the layers of the retina."""

from __future__ import annotations

import numpy as np

from met_kg.corpus.phantoms import Drawing, Kind, Scene, State
from met_kg.corpus.phantoms.canvas import SIZE, band, blend, ellipse, noise, plain


def draw(rng: np.random.Generator, scene: Scene) -> Drawing:
    x = np.linspace(-1, 1, SIZE)
    speckle = np.abs(noise(rng, 0.008)) * 0.1
    scan = plain(0.04) + speckle * 0.3
    tilt = rng.uniform(-0.06, 0.06) * x
    swollen = 0.26 * np.exp(-((x / 0.4) ** 2)) if scene.state == "macular edema" else 0.0
    pit = 0.14 * np.exp(-((x / 0.16) ** 2))
    top = -0.25 + tilt + pit - swollen - 0.03 * np.exp(-((np.abs(x) - 0.35) ** 2) / 0.02)
    floor = 0.2 + tilt + 0.02 * x**2
    if scene.state == "macular degeneration":  # drusen lift the pigment epithelium
        for centre in rng.uniform(-0.6, 0.6, 5):
            floor = floor - rng.uniform(0.05, 0.1) * np.exp(-(((x - centre) / 0.07) ** 2))
    depth = floor - top
    for start, end, value in (
        (0, 0.16, 0.75),
        (0.16, 0.4, 0.45),
        (0.4, 0.52, 0.3),
        (0.52, 0.62, 0.5),
        (0.62, 0.9, 0.22),
    ):
        scan = blend(scan, band(top + start * depth, top + end * depth), value + speckle)
    scan = blend(scan, band(top + 0.86 * depth, top + 0.92 * depth), 0.7 + speckle)
    scan = blend(scan, band(floor, floor + 0.06), 0.95)  # pigment epithelium
    base = 0.26 + tilt + 0.02 * x**2
    scan = blend(scan, band(np.maximum(floor + 0.06, base), base + 0.35, soft=0.1), 0.5 + speckle, 0.8)
    if scene.state == "macular edema":
        for _ in range(11):
            cx = rng.normal(0, 0.2)
            row = int((cx + 1) / 2 * (SIZE - 1))
            cy = top[row] + depth[row] * rng.uniform(0.3, 0.6)
            scan = blend(scan, ellipse(cx, cy, rng.uniform(0.03, 0.07), rng.uniform(0.04, 0.08)), 0.03)
    elif scene.state == "macular hole":
        left, right = np.where(np.abs(x) < 0.13, top - 0.3, 9.0), np.where(np.abs(x) < 0.13, floor, -9.0)
        scan = blend(scan, band(left, right), 0.04)
    return scan


KIND = Kind(
    modality="OCT",
    body_part="retina",
    views=("",),
    paired=True,
    openings=(
        "Optical coherence tomography of the {side} macula of a {age}-year-old {person}.",
        "OCT of the retina, {side} eye.",
        "Macular OCT scan, {side} eye, {age}-year-old {person}.",
    ),
    states=(
        State("", ("Normal layers of the retina.", "Normal foveal contour.", "No fluid in the retina.")),
        State(
            "macular edema",
            (
                "Cystoid spaces and thickening of the retina: macular edema.",
                "There is cystoid macular edema.",
                "Macular edema with fluid in the retina.",
            ),
            "No macular edema.",
        ),
        State(
            "macular hole",
            (
                "Full-thickness macular hole.",
                "There is a macular hole at the fovea.",
                "Gap in the retina at the fovea: macular hole.",
            ),
            "No macular hole.",
        ),
        State(
            "macular degeneration",
            (
                "Drusen lift the retinal pigment epithelium in macular degeneration.",
                "Macular degeneration with drusen.",
                "There are drusen under the retina: age-related macular degeneration.",
            ),
            "No drusen.",
        ),
    ),
    draw=draw,
)
