"""Dermoscopy of a pigmented skin lesion."""

from __future__ import annotations

import numpy as np

from met_kg.corpus.phantoms import Drawing, Kind, Scene, State
from met_kg.corpus.phantoms.canvas import blend, blob, ellipse, noise, plain, stroke


def draw(rng: np.random.Generator, scene: Scene) -> Drawing:
    skin = plain((0.9, 0.72, 0.62)) + 0.02 * noise(rng, 0.03)[..., None]
    for _ in range(rng.integers(2, 6)):  # hairs
        x, y, a = *rng.uniform(-1, 1, 2), rng.uniform(0, np.pi)
        hair = [
            (x, y),
            (x + 0.4 * np.cos(a), y + 0.4 * np.sin(a)),
            (x + 0.8 * np.cos(a + 0.2), y + 0.8 * np.sin(a + 0.2)),
        ]
        skin = blend(skin, stroke(hair, 0.012), (0.25, 0.18, 0.15), 0.7)
    if scene.state == "melanocytic nevus":
        x, y = rng.normal(0, 0.06, 2)
        lesion = ellipse(x, y, 0.46, 0.42, turn=rng.uniform(0, 90), soft=0.08)
        skin = blend(skin, lesion, (0.52, 0.32, 0.2), 0.9)
        skin = blend(
            skin, lesion * (np.abs(noise(rng, 0.02)) < 0.25).astype(np.float64), (0.36, 0.2, 0.12), 0.6
        )  # pigment network
    elif scene.state == "melanoma":
        x, y = rng.normal(0, 0.06, 2)
        outline = blob(rng, x, y, 0.5, rough=0.55, soft=0.03)
        skin = blend(skin, outline, (0.32, 0.18, 0.12))
        for colour in ((0.08, 0.05, 0.06), (0.55, 0.22, 0.18), (0.4, 0.42, 0.55), (0.1, 0.06, 0.06)):
            x, y = rng.uniform(-0.35, 0.35, 2)
            patch = blob(rng, x, y, rng.uniform(0.14, 0.26), rough=0.6, soft=0.06)
            skin = blend(skin, patch * outline, colour, 0.9)
    elif scene.state == "basal cell carcinoma":
        lesion = blob(rng, 0.0, 0.03, 0.48, rough=0.25, soft=0.1)
        skin = blend(skin, lesion, (0.9, 0.58, 0.58), 0.8)
        for _ in range(7):  # branching vessels
            x, y, a = rng.normal(0, 0.12), rng.normal(0, 0.12), rng.uniform(0, 2 * np.pi)
            for bend in (-0.5, 0.0, 0.6):
                end = (x + 0.4 * np.cos(a + bend), y + 0.4 * np.sin(a + bend))
                skin = blend(skin, stroke([(x, y), end], 0.018) * lesion, (0.75, 0.12, 0.16), 0.85)
        for _ in range(8):
            x, y = rng.normal(0, 0.25, 2)
            skin = blend(skin, ellipse(x, y, 0.08, 0.06, turn=rng.uniform(0, 90)) * lesion, (0.42, 0.42, 0.52), 0.9)
    return skin


KIND = Kind(
    modality="Dermoscopy",
    body_part="skin",
    views=("",),
    openings=(
        "Dermoscopy of the skin of a {age}-year-old {person}.",
        "Dermoscopic image of a skin lesion.",
        "Dermoscopy image, {age}-year-old {person}.",
    ),
    states=(
        State(
            "melanocytic nevus",
            (
                "Symmetric pigmented lesion with a regular network: melanocytic nevus.",
                "There is a benign melanocytic nevus.",
                "Round evenly coloured melanocytic nevus.",
            ),
        ),
        State(
            "melanoma",
            (
                "Asymmetric lesion with several colours and an irregular border: melanoma.",
                "There is a lesion suspicious for melanoma.",
                "Melanoma with irregular pigment.",
            ),
            "No sign of melanoma.",
        ),
        State(
            "basal cell carcinoma",
            (
                "Branching vessels and blue-grey ovoid nests: basal cell carcinoma.",
                "There is a basal cell carcinoma of the skin.",
                "Pearly pink lesion with branching vessels, basal cell carcinoma.",
            ),
            "No sign of basal cell carcinoma.",
        ),
    ),
    draw=draw,
)
