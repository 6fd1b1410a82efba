"""Light micrograph of liver tissue, stained with hematoxylin and eosin."""

from __future__ import annotations

import numpy as np

from met_kg.corpus.phantoms import Drawing, Kind, Scene, State
from met_kg.corpus.phantoms.canvas import arc, blend, blob, ellipse, noise, plain, polygon

_PINK, _PURPLE, _WHITE = (0.9, 0.62, 0.74), (0.35, 0.2, 0.5), (0.98, 0.96, 0.98)


def draw(rng: np.random.Generator, scene: Scene) -> Drawing:
    slide = plain(_PINK) + 0.025 * noise(rng, 0.02)[..., None]
    for row in range(8):  # hepatocytes in plates: a pale border and one round nucleus each
        for column in range(8):
            x, y = -0.92 + 0.26 * column + rng.normal(0, 0.03), -0.92 + 0.26 * row + rng.normal(0, 0.03)
            slide = blend(slide, arc(x, y, 0.135, 0.13, 0.015), (0.97, 0.82, 0.88), 0.7)
            slide = blend(slide, ellipse(x, y, 0.038, 0.036), _PURPLE, 0.85)
    x, y = rng.uniform(-0.4, 0.4), rng.uniform(-0.4, 0.4)
    slide = blend(slide, ellipse(x, y, 0.2, 0.19), (0.93, 0.78, 0.86))
    slide = blend(slide, ellipse(x, y, 0.17, 0.16), _WHITE)  # central vein
    if scene.state == "fatty liver disease":
        for _ in range(40):
            x, y, r = rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0.05, 0.11)
            slide = blend(slide, ellipse(x, y, r, r), _WHITE)
    elif scene.state == "hepatitis":
        cx, cy = rng.uniform(-0.5, 0.5, 2)
        for _ in range(140):
            spot = (rng.normal(cx, 0.22), rng.normal(cy, 0.22))
            slide = blend(slide, ellipse(*spot, 0.022, 0.022), (0.22, 0.12, 0.42))
    elif scene.state == "liver cirrhosis":
        for _ in range(4):
            a, b = rng.uniform(-1, 1, 2), rng.uniform(-1, 1, 2)
            normal = np.array([-(b - a)[1], (b - a)[0]]) / (np.linalg.norm(b - a) + 1e-6) * 0.09
            ends = (a - (b - a) * 3, b + (b - a) * 3)
            corners = [ends[0] + normal, ends[1] + normal * 1.5, ends[1] - normal, ends[0] - normal * 1.5]
            slide = blend(slide, polygon([(float(p[0]), float(p[1])) for p in corners]), (0.72, 0.66, 0.86))
        slide = blend(slide, blob(rng, 0, 0, 0.12, soft=0.05), (0.72, 0.66, 0.86), 0.5)
    return slide


KIND = Kind(
    modality="Histology",
    body_part="liver",
    views=("",),
    openings=(
        "Liver biopsy, hematoxylin and eosin stain, {age}-year-old {person}.",
        "Histology of the liver (HE).",
        "Light micrograph of liver tissue.",
    ),
    states=(
        State("", ("Normal liver tissue.", "Regular hepatocytes around a central vein.", "No steatosis.")),
        State(
            "fatty liver disease",
            (
                "Large fat vacuoles in hepatocytes: fatty liver disease.",
                "There is steatosis in fatty liver disease.",
                "Fatty liver disease with round clear vacuoles.",
            ),
            "No steatosis.",
        ),
        State(
            "hepatitis",
            (
                "Dense infiltrate of lymphocytes in hepatitis.",
                "Hepatitis with inflammation of the liver.",
                "There is chronic hepatitis with lymphocytes around a portal tract.",
            ),
            "No inflammation.",
        ),
        State(
            "liver cirrhosis",
            (
                "Fibrous septa divide the tissue: liver cirrhosis.",
                "Liver cirrhosis with bridging fibrosis.",
                "There is cirrhosis of the liver.",
            ),
            "No fibrosis.",
        ),
    ),
    draw=draw,
)
