"""Frontal radiograph of a knee: the fibula lies on the outer side."""

from __future__ import annotations

import numpy as np

from met_kg.corpus.phantoms import Drawing, Kind, Scene, State
from met_kg.corpus.phantoms.canvas import blend, ellipse, noise, plain, polygon, stroke, towards


def draw(rng: np.random.Generator, scene: Scene) -> Drawing:
    s = towards(scene.side)  # outer side of a left knee: viewer's right
    film = plain(0.03)
    film = np.maximum(
        film, 0.32 * polygon([(-0.5, -1), (0.5, -1), (0.55, 0), (0.45, 1), (-0.45, 1), (-0.55, 0)], soft=0.08)
    )
    gap = 0.05 if scene.state == "osteoarthritis" else 0.12
    top, bottom = -gap / 2, gap / 2
    femur = polygon([(-0.17, -1), (0.17, -1), (0.2, -0.5), (-0.2, -0.5)])
    for x in (-1.0, 1.0):
        femur = np.maximum(femur, ellipse(0.2 * x, top - 0.22, 0.24, 0.22))
    femur *= 1 - ellipse(0, top + 0.02, 0.08, 0.13)  # notch
    tibia = polygon(
        [
            (-0.43, bottom),
            (0.43, bottom),
            (0.38, bottom + 0.18),
            (0.17, 0.5),
            (0.15, 1),
            (-0.15, 1),
            (-0.17, 0.5),
            (-0.38, bottom + 0.18),
        ]
    )
    tibia = np.maximum(tibia, polygon([(-0.06, bottom), (0, bottom - 0.05), (0.06, bottom)], soft=0.01))
    film = blend(film, ellipse(0.42 * s, 0.27, 0.09, 0.1), 0.68)
    film = blend(film, stroke([(0.42 * s, 0.3), (0.38 * s, 1.1)], 0.1), 0.66)  # fibula
    for bone in (femur, tibia):
        film = blend(film, bone, 0.68 + 0.02 * noise(rng, 0.015))
    film = blend(film, ellipse(0, -0.3, 0.17, 0.19), 0.76, 0.7)  # patella
    if scene.state == "osteoarthritis":
        for x in (-1.0, 1.0):
            film = blend(film, ellipse(0.45 * x, top - 0.06, 0.06, 0.035, turn=-25 * x), 0.82)
            film = blend(film, ellipse(0.46 * x, bottom + 0.05, 0.06, 0.035, turn=25 * x), 0.82)
        film = blend(film, stroke([(-0.4, bottom + 0.03), (0.4, bottom + 0.03)], 0.045), 0.92)
    elif scene.state == "tibial fracture":
        y = rng.uniform(0.5, 0.65)
        line = [(-0.24, y - 0.1), (-0.05, y - 0.02), (0.02, y + 0.05), (0.24, y + 0.12)]
        film = blend(film, stroke(line, 0.035), 0.22)
    return film


KIND = Kind(
    modality="X-ray",
    body_part="knee",
    views=("AP",),
    paired=True,
    openings=(
        "{view} radiograph of the {side} knee of a {age}-year-old {person}.",
        "X-ray of the {side} knee, {view} view.",
        "{Side} knee, frontal radiograph.",
    ),
    states=(
        State("", ("Normal knee joint.", "No bone abnormality.", "The joint space is preserved.")),
        State(
            "osteoarthritis",
            (
                "Joint space narrowing, sclerosis and osteophytes: osteoarthritis.",
                "There is osteoarthritis of the knee joint.",
                "Advanced osteoarthritis with osteophytes.",
            ),
            "No osteoarthritis.",
        ),
        State(
            "tibial fracture",
            (
                "There is a fracture of the tibia.",
                "Oblique fracture through the shaft of the tibia.",
                "Tibial fracture without displacement; the fibula is intact.",
            ),
            "No fracture.",
        ),
    ),
    draw=draw,
)
