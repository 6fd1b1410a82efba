"""A coarse description of a picture by which altered copies of it are found: the first look.

A picture is described by a grid of 10 x 10 grey values after local contrast normalisation, so that contrast,
brightness, compression and size hardly matter and a label spoils no more than the cells under it. What moves the
picture in its frame (rotation, cropping, flipping) is met by describing several views of it: small rotations, zooms and
one-sided crops of the picture that is held, zooms and the eight turns of a square of the one that is asked about. Two
pictures are candidates for a second look when any two of their views are alike (cosine).

Coordinates are on the unit square: pixel ``i`` of ``n`` has its centre at ``(i + 0.5) / n``. Pictures are squeezed to a
square first, so that aspect ratios do not matter either.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["ASKED_VIEWS", "CELLS", "HELD_VIEWS", "asked", "grey", "held", "held_to_asked", "pixels"]

Grey = NDArray[np.float32]
#: An affine map of the plane in homogeneous coordinates, 3 x 3.
Affine = NDArray[np.float64]

#: Cells along one side of a description.
CELLS: Final = 10
_SIDE: Final = 64  # pixels along one side of the picture that is described
_REACH: Final = 6.0  # standard deviation of the neighbourhood for contrast normalisation, in those pixels
_NOISE: Final = 4.0  # grey levels: contrast far below this is not amplified

# A crop of 10 % on each side is a zoom of 1.25; between neighbours in these grids descriptions stay alike.
_ROTATIONS: Final = (-4.0, 0.0, 4.0)
_ZOOMS: Final = (1.0, 1.09, 1.18, 1.28)
_ONE_SIDED: Final = 0.12
_ASKED_ZOOMS: Final = (1.0, 1.12, 1.25)
_TURNS: Final = tuple(
    np.array([[a, b, 0], [c, d, 0], [0, 0, 1]], dtype=np.float64)
    for a, b, c, d in (
        (1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0),
        (-1, 0, 0, 1), (0, 1, 1, 0), (1, 0, 0, -1), (0, -1, -1, 0),
    )
)  # fmt: skip


def grey(picture: Image.Image, side: int) -> Grey:
    """The picture in grey, squeezed to ``side`` x ``side`` pixels by averaging; values 0 to 255."""
    import cv2

    values = np.asarray(picture.convert("L"))
    return np.asarray(cv2.resize(values, (side, side), interpolation=cv2.INTER_AREA), dtype=np.float32)


def held(square: Grey) -> NDArray[np.float32]:
    """Descriptions of a picture that others are compared with, one row for each of :data:`HELD_VIEWS`, of length 1."""
    small = _small(square)
    return np.stack([_describe(_seen(small, view)).ravel() for view in HELD_VIEWS])


def asked(square: Grey) -> NDArray[np.float32]:
    """Descriptions of a picture that is looked up, one row for each of :data:`ASKED_VIEWS`, of length 1."""
    small, cells = _small(square), _turned_cells()
    grids = [_describe(_seen(small, _zoom(z))).ravel() for z in _ASKED_ZOOMS]
    return np.stack([grid[places] for grid in grids for places in cells])


def held_to_asked(held_view: int, asked_view: int) -> Affine:
    """Where a point of the picture held lies in the picture asked about, if these two views of them are the same."""
    found: Affine = ASKED_VIEWS[asked_view] @ np.linalg.inv(HELD_VIEWS[held_view])
    return found


def pixels(affine: Affine, side: int) -> Affine:
    """An affine map of the unit square as one of the pixels of a square picture."""
    scale = np.array([[side, 0, -0.5], [0, side, -0.5], [0, 0, 1]], dtype=np.float64)
    found: Affine = scale @ affine @ np.linalg.inv(scale)
    return found


def _about_centre(linear: Affine, x: float = 0.0, y: float = 0.0) -> Affine:
    """A map about the centre of the unit square, then a shift."""
    there = np.array([[1, 0, 0.5 + x], [0, 1, 0.5 + y], [0, 0, 1]], dtype=np.float64)
    back = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]], dtype=np.float64)
    found: Affine = there @ linear @ back
    return found


def _zoom(by: float, degrees: float = 0.0) -> Affine:
    turn = np.deg2rad(degrees)
    cos, sin = np.cos(turn) / by, np.sin(turn) / by
    return _about_centre(np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], dtype=np.float64))


def _one_sided() -> list[Affine]:
    kept, shift = 1 - _ONE_SIDED, _ONE_SIDED / 2
    wide, high = np.diag([kept, 1, 1]), np.diag([1, kept, 1])
    sides = ((wide, shift, 0.0), (wide, -shift, 0.0), (high, 0.0, shift), (high, 0.0, -shift))
    return [_about_centre(scale, x, y) for scale, x, y in sides]


#: Maps from a view to the picture.
HELD_VIEWS: Final[tuple[Affine, ...]] = (*(_zoom(z, r) for z in _ZOOMS for r in _ROTATIONS), *_one_sided())
ASKED_VIEWS: Final[tuple[Affine, ...]] = tuple(_zoom(z) @ _about_centre(t) for z in _ASKED_ZOOMS for t in _TURNS)


def _small(square: Grey) -> Grey:
    import cv2

    return np.asarray(cv2.resize(square, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _seen(small: Grey, view: Affine) -> Grey:
    import cv2

    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(small, pixels(view, _SIDE)[:2], (_SIDE, _SIDE), flags=flags), dtype=np.float32)


def _describe(small: Grey) -> NDArray[np.float32]:
    import cv2

    mean = cv2.GaussianBlur(small, (0, 0), _REACH)
    spread = np.sqrt(cv2.GaussianBlur((small - mean) ** 2, (0, 0), _REACH))
    normal = np.clip((small - mean) / (spread + _NOISE), -2.0, 2.0)
    cells: NDArray[Any] = np.asarray(cv2.resize(normal, (CELLS, CELLS), interpolation=cv2.INTER_AREA))
    cells = cells - cells.mean()
    return np.asarray(cells / max(float(np.linalg.norm(cells)), 1e-6), dtype=np.float32)


@cache
def _turned_cells() -> tuple[NDArray[np.intp], ...]:
    """For each turn, which cell of a grid comes to stand where."""
    y, x = np.divmod(np.arange(CELLS * CELLS), CELLS)
    centres = np.stack([(x + 0.5) / CELLS, (y + 0.5) / CELLS, np.ones(len(x))])
    found = []
    for turn in _TURNS:
        across, down, _ = np.floor((_about_centre(turn) @ centres) * CELLS).astype(np.intp)
        found.append(np.asarray(down * CELLS + across, dtype=np.intp))
    return tuple(found)
