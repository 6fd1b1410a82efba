"""Colour photograph of the fundus: in a right eye the optic disc lies on the viewer's right."""

from __future__ import annotations

import numpy as np

from met_kg.corpus.phantoms import Drawing, Kind, Scene, State
from met_kg.corpus.phantoms.canvas import blend, blob, ellipse, noise, plain, stroke


def draw(rng: np.random.Generator, scene: Scene) -> Drawing:
    s = 1.0 if scene.side == "right" else -1.0
    photo = plain((0.01, 0.01, 0.01))
    field = ellipse(0, 0, 0.92, 0.92)
    ground = np.stack(
        [0.78 + 0.03 * noise(rng, 0.1), 0.33 + 0.02 * noise(rng, 0.08), 0.12 + 0.01 * noise(rng, 0.1)], axis=-1
    )
    photo = blend(photo, field, ground)
    photo = blend(photo, field * (1 - ellipse(0, 0, 0.8, 0.8, soft=0.5)), (0.45, 0.15, 0.05), 0.6)
    disc = (0.42 * s, 0.0)
    photo = blend(photo, ellipse(-0.12 * s, 0.03, 0.2, 0.2, soft=0.25), (0.5, 0.16, 0.05), 0.6)  # macula
    for up in (-1.0, 1.0):
        for reach, bend, width in ((1.15, 0.55, 0.035), (0.9, 0.34, 0.026), (-0.4, 0.62, 0.028)):
            steps = np.linspace(0, 1, 14)
            path = [
                (disc[0] - s * reach * t, up * bend * np.sin(np.pi * min(t, 0.62) * 0.8) + rng.normal(0, 0.008))
                for t in steps
            ]
            photo = blend(photo, stroke(path, width) * field, (0.45, 0.07, 0.05), 0.8)
            for t in (5, 8, 11):  # side branches
                x, y = path[t]
                twig = [(x, y), (x - s * 0.14, y + rng.choice([-1, 1]) * 0.1), (x - s * 0.2, y + up * 0.2)]
                photo = blend(photo, stroke(twig, width * 0.45) * field, (0.5, 0.09, 0.06), 0.7)
    photo = blend(photo, ellipse(*disc, 0.13, 0.15), (0.97, 0.75, 0.42))
    cup = 0.105 if scene.state == "glaucoma" else 0.05
    photo = blend(photo, ellipse(*disc, cup, cup * 1.15), (1.0, 0.93, 0.75))
    if scene.state == "diabetic retinopathy":
        for _ in range(22):
            x, y = rng.uniform(-0.65, 0.65), rng.uniform(-0.65, 0.65)
            photo = blend(photo, blob(rng, x, y, rng.uniform(0.015, 0.05), rough=0.5), (0.38, 0.03, 0.03), 0.9)
        for _ in range(14):
            x, y = rng.normal(-0.12 * s, 0.22), rng.normal(0.05, 0.22)
            photo = blend(photo, ellipse(x, y, 0.025, 0.02), (0.98, 0.9, 0.5))
    elif scene.state == "macular degeneration":
        for _ in range(30):
            x, y = rng.normal(-0.12 * s, 0.12), rng.normal(0.03, 0.12)
            photo = blend(photo, ellipse(x, y, 0.03, 0.028, soft=0.03), (0.95, 0.78, 0.35), 0.8)
    return photo


KIND = Kind(
    modality="Fundus photography",
    body_part="eye",
    views=("",),
    paired=True,
    openings=(
        "Colour fundus photograph of the {side} eye of a {age}-year-old {person}.",
        "Fundus photography of the {side} eye.",
        "Fundus photograph, {side} retina, {age}-year-old {person}.",
    ),
    states=(
        State(
            "",
            ("Normal retina and optic disc.", "No retinal hemorrhage.", "Optic disc, vessels and macula are normal."),
        ),
        State(
            "diabetic retinopathy",
            (
                "Dot and blot hemorrhages and hard exudates: diabetic retinopathy.",
                "Diabetic retinopathy with retinal hemorrhages.",
                "There is diabetic retinopathy in diabetes mellitus.",
            ),
            "No diabetic retinopathy.",
        ),
        State(
            "glaucoma",
            (
                "Enlarged cup of the optic disc, suspicious for glaucoma.",
                "Glaucoma with a large cup-to-disc ratio.",
                "There is cupping of the optic disc in glaucoma.",
            ),
            "No glaucoma.",
        ),
        State(
            "macular degeneration",
            (
                "Drusen of the macula: age-related macular degeneration.",
                "Macular degeneration with many drusen.",
                "There are drusen in macular degeneration.",
            ),
            "No drusen.",
        ),
    ),
    draw=draw,
)
