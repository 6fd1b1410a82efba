"""Radiograph of a hand, seen from its back: the thumb of a left hand points to the viewer's right."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from met_kg.corpus.phantoms import Drawing, Kind, Scene, State
from met_kg.corpus.phantoms.canvas import blend, ellipse, noise, plain, polygon, stroke, towards

#: Base and tip of each ray for a left hand, thumb first; and the widths of its bones.
_RAYS = (
    ((0.22, 0.42), (0.72, -0.1), 0.085),
    ((0.13, 0.32), (0.36, -0.72), 0.075),
    ((0.02, 0.3), (0.06, -0.84), 0.078),
    ((-0.08, 0.32), (-0.2, -0.74), 0.072),
    ((-0.17, 0.36), (-0.44, -0.5), 0.065),
)


def draw(rng: np.random.Generator, scene: Scene) -> Drawing:
    s = towards(scene.side)
    film = plain(0.03)
    rays = [((a[0] * s, a[1]), (b[0] * s, b[1]), w) for a, b, w in _RAYS]
    for base, tip, width in rays:
        film = np.maximum(film, 0.3 * stroke([base, tip], width * 2.3, soft=0.03))
    palm = polygon([(-0.3 * s, 0.6), (-0.32 * s, 0.0), (0.28 * s, -0.15), (0.4 * s, 0.3), (0.24 * s, 0.7)], soft=0.05)
    film = np.maximum(film, 0.34 * palm)
    film = np.maximum(
        film, 0.32 * polygon([(-0.24 * s, 0.5), (0.26 * s, 0.5), (0.24 * s, 1), (-0.22 * s, 1)], soft=0.05)
    )
    broken = int(rng.integers(3, 5)) if scene.state == "metacarpal fracture" else -1
    for number, (base, tip, width) in enumerate(rays):
        cuts = (0.0, 0.42, 0.74, 1.0) if number == 0 else (0.0, 0.42, 0.68, 0.86, 1.0)
        for part, (start, end) in enumerate(pairwise(cuts)):
            gap = 0.012 if scene.state == "osteoarthritis" and part else 0.028
            a, b = _along(base, tip, start + gap / 2), _along(base, tip, end - gap)
            film = _bone(film, a, b, width, snapped=number == broken and part == 0, s=s)
            if scene.state == "osteoarthritis" and part:
                for x in (-1.0, 1.0):  # bony spurs at the joint
                    film = blend(film, ellipse(a[0] + x * width * 0.6, a[1], 0.03, 0.025), 0.92)
    for row, y in enumerate((0.44, 0.56)):
        for x in (-0.14, 0.0, 0.14):
            x_ = s * (x + rng.normal(0, 0.008) + 0.02 * row)
            film = blend(film, ellipse(x_, y, 0.078, 0.062), 0.66)
            film = blend(film, ellipse(x_, y, 0.058, 0.044), 0.56)
    film = _bone(film, (0.12 * s, 0.68), (0.13 * s, 1.1), 0.2)  # radius, on the thumb's side
    film = _bone(film, (-0.14 * s, 0.71), (-0.13 * s, 1.1), 0.13)  # ulna
    return film + 0.01 * noise(rng, 0.01)


def _along(a: tuple[float, float], b: tuple[float, float], share: float) -> tuple[float, float]:
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)


def _bone(
    film: Drawing, a: tuple[float, float], b: tuple[float, float], width: float, *, snapped: bool = False, s: float = 1
) -> Drawing:
    if snapped:
        middle = _along(a, b, 0.48)
        film = _bone(film, a, middle, width)
        return _bone(film, (middle[0] - 0.05 * s, middle[1] - 0.035), (b[0], b[1]), width)
    film = blend(film, stroke([a, b], width * 0.85), 0.72)
    film = blend(film, stroke([_along(a, b, 0.1), _along(a, b, 0.9)], width * 0.4), 0.5)
    for end in (a, b):
        film = blend(film, ellipse(*end, width * 0.56, width * 0.5), 0.75)
    return film


KIND = Kind(
    modality="X-ray",
    body_part="hand",
    views=("PA",),
    paired=True,
    openings=(
        "{view} radiograph of the {side} hand of a {age}-year-old {person}.",
        "X-ray of the {side} hand.",
        "{Side} hand radiograph, {view} view, {age}-year-old {person}.",
    ),
    states=(
        State("", ("No bone abnormality.", "Normal bones and joints.", "The carpal bones and phalanges are intact.")),
        State(
            "metacarpal fracture",
            (
                "There is a fracture of a metacarpal bone.",
                "Displaced fracture through the shaft of a metacarpal bone.",
                "A metacarpal fracture with angulation.",
            ),
            "No fracture.",
        ),
        State(
            "osteoarthritis",
            (
                "Joint space narrowing and osteophytes of the finger joints: osteoarthritis.",
                "Osteoarthritis of the interphalangeal joints.",
                "There is osteoarthritis with osteophytes.",
            ),
            "No sign of arthritis.",
        ),
    ),
    draw=draw,
)
