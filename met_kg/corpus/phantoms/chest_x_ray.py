"""Frontal chest radiograph."""

from __future__ import annotations

import numpy as np

from met_kg.corpus.phantoms import Drawing, Kind, Scene, State
from met_kg.corpus.phantoms.canvas import arc, blend, blob, ellipse, gradient, noise, plain, polygon, stroke, towards


def draw(rng: np.random.Generator, scene: Scene) -> Drawing:
    s = towards(scene.side)
    film = plain(0.04)
    film = blend(film, polygon([(-0.95, 1), (-0.8, -0.45), (-0.3, -0.75), (0.3, -0.75), (0.8, -0.45), (0.95, 1)]), 0.5)
    film = blend(film, polygon([(-0.17, -1), (0.17, -1), (0.22, -0.6), (-0.22, -0.6)]), 0.55)
    dome = {-1.0: 0.5 + rng.normal(0, 0.02), 1.0: 0.56 + rng.normal(0, 0.02)}  # the right dome stands higher
    lungs = np.zeros_like(film)
    for x in (-1.0, 1.0):
        lung = ellipse(0.44 * x, 0.0, 0.32, 0.74, turn=-5 * x, soft=0.05)
        lung *= 1 - ellipse(0.46 * x, dome[x] + 0.42, 0.5, 0.42, soft=0.04)
        lungs = np.maximum(lungs, lung)
    film = blend(film, lungs, 0.2 + 0.02 * noise(rng, 0.08))
    for _ in range(26):  # vessels fan out from the hila
        x, angle = rng.choice([-1.0, 1.0]), rng.uniform(-1.2, 1.2)
        end = ((0.17 + 0.36 * np.cos(angle)) * x, 0.02 + 0.45 * np.sin(angle))
        film = blend(film, stroke([(0.17 * x, 0.02), end], 0.012) * lungs, 0.4, 0.5)
    for number in range(8):  # ribs slope down from the spine
        for x in (-1.0, 1.0):
            y = -0.62 + 0.16 * number
            upper = (gradient(1, 0) > 0.56 - 0.08 * number).astype(np.float64)
            rib = arc(0.4 * x, y + 0.3, 0.45, 0.36, 0.05, turn=14 * x) * upper
            film = blend(film, rib, 0.55, 0.28)
    heart = 1.38 if scene.state == "cardiomegaly" else 1.0
    film = blend(film, polygon([(-0.12, -0.7), (0.12, -0.7), (0.16, 0.6), (-0.14, 0.6)], soft=0.05), 0.72)
    film = blend(film, ellipse(0.14, -0.3, 0.1, 0.1, soft=0.04), 0.7)  # aortic knob, patient's left
    film = blend(film, ellipse(0.1 * heart, 0.3, 0.31 * heart, 0.3 * heart, turn=28, soft=0.04), 0.74)
    film = blend(film, stroke([(0, -1), (0.01, -0.2)], 0.07), 0.45, 0.8)  # trachea
    for x in (-1.0, 1.0):
        film = blend(film, stroke([(0.06 * x, -0.62), (0.4 * x, -0.7), (0.78 * x, -0.56)], 0.06), 0.75, 0.7)
    if scene.state == "pleural effusion":
        top = rng.uniform(0.12, 0.3)
        fluid = polygon([(0.2 * s, 0.62), (0.3 * s, top + 0.2), (0.6 * s, top), (0.84 * s, top - 0.2), (0.84 * s, 0.8)])
        film = blend(film, fluid, 0.76, 0.95)
    elif scene.state == "pneumothorax":
        inner = ellipse(0.36 * s, 0.12, 0.2, 0.5, turn=-5 * s, soft=0.03)
        outer = (gradient(-1, 1, down=False) * s > 0.2).astype(np.float64)
        film = blend(film, lungs * (1 - inner) * outer, 0.06, 0.95)
        film = blend(film, arc(0.36 * s, 0.12, 0.21, 0.51, 0.018, turn=-5 * s) * lungs, 0.65, 0.9)
    elif scene.state == "pneumonia":
        patch = blob(rng, 0.46 * s, rng.uniform(-0.2, 0.3), 0.22, soft=0.14) * lungs
        film = blend(film, patch, 0.68 + 0.06 * noise(rng, 0.03), 0.9)
    elif scene.state == "pulmonary nodule":
        film = blend(film, ellipse(s * rng.uniform(0.38, 0.55), rng.uniform(-0.4, 0.2), 0.065, 0.06), 0.72)
    elif scene.state == "pulmonary edema":
        for x in (-1.0, 1.0):
            wing = ellipse(0.34 * x, 0.05, 0.2, 0.36, soft=0.25) * lungs
            film = blend(film, wing, 0.66 + 0.07 * noise(rng, 0.03), 0.85)
    return film


KIND = Kind(
    modality="X-ray",
    body_part="chest",
    views=("PA", "AP"),
    openings=(
        "{view} chest X-ray of a {age}-year-old {person}.",
        "Chest radiograph, {view} view.",
        "Frontal chest radiograph ({view}) in a {age}-year-old {person}.",
    ),
    states=(
        State("", ("The lungs are clear.", "Normal heart and lungs.", "No acute abnormality of the chest.")),
        State(
            "pleural effusion",
            (
                "There is a moderate {side} pleural effusion.",
                "A {side}-sided pleural effusion blunts the costophrenic angle.",
                "Opacity at the {side} lung base with a meniscus, in keeping with pleural effusion.",
            ),
            "No pleural effusion.",
            sided=True,
        ),
        State(
            "pneumothorax",
            (
                "There is a {side} pneumothorax with partial collapse of the lung.",
                "A visible pleural line marks a {side}-sided pneumothorax.",
                "The {side} lung has fallen away from the chest wall: pneumothorax.",
            ),
            "No pneumothorax.",
            sided=True,
        ),
        State(
            "pneumonia",
            (
                "Consolidation in the {side} lung, consistent with pneumonia.",
                "There is patchy opacity of the {side} lung; pneumonia is likely.",
                "{Side}-sided pneumonia with consolidation.",
            ),
            "No consolidation.",
            sided=True,
        ),
        State(
            "pulmonary nodule",
            (
                "A solitary pulmonary nodule is seen in the {side} lung.",
                "There is a round nodule in the {side} lung.",
                "Single well-defined nodule of the {side} lung; lung cancer cannot be excluded.",
            ),
            "No pulmonary nodule.",
            sided=True,
        ),
        State(
            "cardiomegaly",
            (
                "The heart is enlarged: cardiomegaly.",
                "There is cardiomegaly with a cardiothoracic ratio above one half.",
                "Marked cardiomegaly in congestive heart failure.",
            ),
            "No cardiomegaly.",
        ),
        State(
            "pulmonary edema",
            (
                "Bilateral perihilar opacity in a bat-wing pattern: pulmonary edema.",
                "There is pulmonary edema in both lungs.",
                "Pulmonary edema with hazy perihilar opacities.",
            ),
            "No pulmonary edema.",
        ),
    ),
    draw=draw,
)
