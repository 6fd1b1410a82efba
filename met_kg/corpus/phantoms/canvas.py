"""Soft shapes on a square canvas. Coordinates run from -1 to 1, x to the viewer's right, y down.

In pictures that follow the radiological convention the patient's left lies on the viewer's right: :func:`towards`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import affine_transform, gaussian_filter

__all__ = [
    "SIZE",
    "arc",
    "band",
    "blend",
    "blob",
    "ellipse",
    "finish",
    "gradient",
    "noise",
    "plain",
    "polygon",
    "stroke",
    "towards",
    "wiggle",
]

#: Pixels per side.
SIZE: Final = 256
Mask = NDArray[np.float64]
Points = Sequence[tuple[float, float]]
_AXIS: Final = np.linspace(-1, 1, SIZE)
_X: Final = np.broadcast_to(_AXIS[None, :], (SIZE, SIZE))
_Y: Final = np.broadcast_to(_AXIS[:, None], (SIZE, SIZE))


def towards(side: str) -> float:
    """The sign of x for a side of the patient, radiological convention: +1 for left."""
    return 1.0 if side == "left" else -1.0


def plain(value: float | tuple[float, float, float]) -> NDArray[np.float64]:
    """A canvas of one grey value or colour."""
    shape = (SIZE, SIZE) if isinstance(value, (int, float)) else (SIZE, SIZE, 3)
    return np.full(shape, value, dtype=np.float64)


def ellipse(x: float, y: float, rx: float, ry: float, *, turn: float = 0.0, soft: float = 0.02) -> Mask:
    """A filled ellipse turned by ``turn`` degrees, with an edge of width ``soft``."""
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    mask = np.zeros((SIZE, SIZE))
    reach = max(rx, ry) + soft
    here = (_window(y, reach), _window(x, reach))  # most shapes are small: the rest of the canvas is not computed
    u, v = (_X[here] - x) * c + (_Y[here] - y) * s, -(_X[here] - x) * s + (_Y[here] - y) * c
    distance = (np.hypot(u / rx, v / ry) - 1) * min(rx, ry)
    mask[here] = np.clip(0.5 - distance / max(soft, 1e-3), 0, 1)
    return mask


def arc(x: float, y: float, rx: float, ry: float, width: float, *, turn: float = 0.0, soft: float = 0.015) -> Mask:
    """The rim of an ellipse, ``width`` wide, inside its border."""
    outer = ellipse(x, y, rx, ry, turn=turn, soft=soft)
    return np.clip(outer - ellipse(x, y, rx - width, ry - width, turn=turn, soft=soft), 0, 1)


def blob(rng: np.random.Generator, x: float, y: float, r: float, *, rough: float = 0.2, soft: float = 0.02) -> Mask:
    """A closed shape of mean radius ``r`` whose outline wanders by ``rough``."""
    angle = np.arctan2(_Y - y, _X - x)
    radius = np.full(angle.shape, r)
    for wave in range(2, 7):
        radius += r * rough * rng.normal() / wave * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    mask: Mask = np.clip(0.5 - (np.hypot(_X - x, _Y - y) - radius) / soft, 0, 1)
    return mask


def polygon(points: Points, *, soft: float = 0.02) -> Mask:
    """A filled polygon with softened edges."""
    canvas = Image.new("L", (SIZE, SIZE), 0)
    ImageDraw.Draw(canvas).polygon([_pixel(p) for p in points], fill=255)
    return _soften(canvas, soft)


def stroke(points: Points, width: float, *, soft: float = 0.012) -> Mask:
    """A line through points, ``width`` wide, with round ends."""
    canvas = Image.new("L", (SIZE, SIZE), 0)
    draw = ImageDraw.Draw(canvas)
    pixels = [_pixel(p) for p in points]
    wide = max(1, round(width * SIZE / 2))
    draw.line(pixels, fill=255, width=wide, joint="curve")
    for x, y in (pixels[0], pixels[-1]):
        draw.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=255)
    return _soften(canvas, soft)


def band(upper: NDArray[np.float64], lower: NDArray[np.float64], *, soft: float = 0.015) -> Mask:
    """What lies between two curves given as y per column."""
    inside = np.minimum(_Y - upper[None, :], lower[None, :] - _Y)
    return np.clip(0.5 + inside / soft, 0, 1)


def gradient(start: float, end: float, *, down: bool = True) -> NDArray[np.float64]:
    """Values running from ``start`` to ``end`` down the canvas, or to the right."""
    return start + (end - start) * ((_Y if down else _X) + 1) / 2


def noise(rng: np.random.Generator, grain: float) -> NDArray[np.float64]:
    """Smooth noise of unit deviation; ``grain`` is its size on the canvas."""
    values = gaussian_filter(rng.normal(size=(SIZE, SIZE)), grain * SIZE / 2)
    return np.asarray((values - values.mean()) / max(float(values.std()), 1e-9))


def wiggle(rng: np.random.Generator, points: Points, amount: float) -> list[tuple[float, float]]:
    """The points, each moved a little."""
    return [(x + rng.normal(0, amount), y + rng.normal(0, amount)) for x, y in points]


def blend(
    canvas: NDArray[np.float64], mask: Mask, value: float | Sequence[float] | NDArray[np.float64], opacity: float = 1.0
) -> NDArray[np.float64]:
    """The canvas with a value, a colour or another canvas laid over it where the mask is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return canvas
    here = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    weight = mask[here] * opacity
    if canvas.ndim == 3:
        weight = weight[..., None]
    over = np.asarray(value, dtype=np.float64)
    result = canvas.copy()
    result[here] = canvas[here] * (1 - weight) + (over[here] if over.ndim >= 2 else over) * weight
    return result


def finish(canvas: NDArray[np.float64], rng: np.random.Generator, grain: float = 0.02) -> Image.Image:
    """The picture: posed, exposed and cropped a little differently each time, with some noise, in 8 bits."""
    turn = np.radians(rng.uniform(-7, 7))
    stretch = rng.uniform(0.94, 1.2) * np.array([rng.uniform(0.94, 1.06), rng.uniform(0.94, 1.06)])
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * stretch[:, None]
    middle = (SIZE - 1) / 2
    offset = middle - matrix @ np.full(2, middle) + rng.uniform(-0.05, 0.05, size=2) * SIZE
    layers = canvas if canvas.ndim == 3 else canvas[..., None]
    posed = np.stack(
        [affine_transform(layers[..., i], matrix, offset, order=1, mode="nearest") for i in range(layers.shape[2])],
        axis=-1,
    )
    exposed = np.clip(posed, 0, 1) ** rng.uniform(0.75, 1.35) * rng.uniform(0.88, 1.04)
    values = exposed + rng.normal(0, grain * rng.uniform(0.6, 1.6), size=(SIZE, SIZE, 1))
    eight = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(eight if canvas.ndim == 3 else eight[..., 0])


def _window(centre: float, reach: float) -> slice:
    low, high = ((c + 1) / 2 * (SIZE - 1) for c in (centre - reach, centre + reach))
    return slice(max(0, int(low)), max(0, int(np.ceil(high)) + 1))


def _pixel(point: tuple[float, float]) -> tuple[float, float]:
    return ((point[0] + 1) / 2 * (SIZE - 1), (point[1] + 1) / 2 * (SIZE - 1))


def _soften(canvas: Image.Image, soft: float) -> Mask:
    return np.asarray(gaussian_filter(np.asarray(canvas, dtype=np.float64) / 255, soft * SIZE / 4))
