"""Mammogram, mediolateral oblique view: the chest wall of a left breast lies on the viewer's left."""

from __future__ import annotations

import numpy as np

from met_kg.corpus.phantoms import Drawing, Kind, Scene, State
from met_kg.corpus.phantoms.canvas import arc, blend, blob, ellipse, noise, plain, polygon, stroke, towards


def draw(rng: np.random.Generator, scene: Scene) -> Drawing:
    s = towards(scene.side)  # the nipple points this way
    film = plain(0.02)
    breast = ellipse(-0.85 * s, 0.15, 1.3, 0.72, soft=0.03)
    film = blend(film, breast, 0.26 + 0.03 * noise(rng, 0.05))
    film = blend(film, arc(-0.85 * s, 0.15, 1.3, 0.72, 0.02), 0.4, 0.6)
    film = blend(film, ellipse(0.45 * s, 0.16, 0.035, 0.04), 0.6)  # nipple
    film = blend(film, polygon([(-s, -1), (-0.42 * s, -1), (-s, 0.35)], soft=0.04), 0.6)  # pectoral muscle
    gland = blob(rng, -0.2 * s, 0.18, 0.42, rough=0.4, soft=0.3) * breast
    film = blend(film, gland, 0.46 + 0.08 * noise(rng, 0.025), 0.8)
    for _ in range(14):
        start = (-0.7 * s, rng.uniform(-0.3, 0.6))
        film = blend(film, stroke([start, (0.0, rng.uniform(-0.1, 0.4)), (0.42 * s, 0.16)], 0.01) * breast, 0.55, 0.3)
    x, y = s * rng.uniform(-0.4, 0.05), rng.uniform(0.0, 0.4)
    if scene.state == "breast cancer":
        for _ in range(18):
            a, length = rng.uniform(0, 2 * np.pi), rng.uniform(0.16, 0.24)
            film = blend(film, stroke([(x, y), (x + length * np.cos(a), y + length * np.sin(a))], 0.012), 0.85, 0.8)
        film = blend(film, blob(rng, x, y, 0.1, rough=0.4), 0.93)
    elif scene.state == "fibroadenoma":
        film = blend(film, ellipse(x, y, 0.14, 0.1, turn=20), 0.7)
    elif scene.state == "breast calcification":
        for _ in range(22):
            spot = (x + rng.normal(0, 0.07), y + rng.normal(0, 0.07))
            film = blend(film, ellipse(*spot, 0.012, 0.011, soft=0.008), 1.0)
    return film


KIND = Kind(
    modality="Mammography",
    body_part="breast",
    views=("MLO",),
    paired=True,
    sexes=("F",),
    openings=(
        "{view} mammogram of the {side} breast of a {age}-year-old {person}.",
        "Mammography of the {side} breast, mediolateral oblique view.",
        "Screening mammogram, {side} breast.",
    ),
    states=(
        State("", ("Normal breast tissue.", "No suspicious mass or calcification.", "No mass.")),
        State(
            "breast cancer",
            (
                "Spiculated mass, suspicious for breast cancer.",
                "There is a dense spiculated mass: breast cancer.",
                "Irregular mass with spiculated margin in breast cancer.",
            ),
            "No spiculated mass.",
        ),
        State(
            "fibroadenoma",
            (
                "Oval well-defined mass, typical of fibroadenoma.",
                "There is a fibroadenoma.",
                "Smooth oval mass of the breast, consistent with fibroadenoma.",
            ),
            "No fibroadenoma.",
        ),
        State(
            "breast calcification",
            (
                "A cluster of microcalcifications.",
                "Grouped calcification of the breast.",
                "There is a cluster of calcifications in the breast.",
            ),
            "No calcification.",
        ),
    ),
    draw=draw,
)
