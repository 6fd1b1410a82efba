"""Are two pictures the same picture, altered? The second look, for candidates of the first.

The pictures are laid over each other by block matching: tiles of one are searched for in the other, and an affine map
is fitted robustly to where they are found (Ourselin et al. 2001, "Reconstructing a 3D structure from serial
histological sections"; RANSAC: Fischler and Bolles 1981), three times, ever finer. Then the fine structure is compared
tile by tile. Two chest films of different people, or neighbouring slices of one, are alike in the large and not in the
small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from met_kg.corpus.lookalike import Affine, Grey, pixels

__all__ = ["SIDE", "agreement"]

#: Pixels along one side of the pictures compared.
SIDE: Final = 256
_TILE: Final = 32
_TILES: Final = tuple((x, y) for y in range(0, SIDE, _TILE) for x in range(0, SIDE, _TILE))
_SEARCH: Final = (14, 8, 4)  # pixels that a tile may be off, round by round
#: Standard deviations of the Gaussians between which structure is compared; the finest that both pictures have is used.
_BANDS: Final = ((1.0, 4.0), (4.0, 12.0))
_FOUND: Final = 0.35  # correlation at which a tile counts as found
_FEWEST: Final = 6  # tiles
_ENOUGH: Final = 16  # tiles with structure for a band to be used
_TEXTURE: Final = 1.0  # grey levels: below, a tile shows nothing
_STRETCH: Final = (0.45, 2.2)  # scales of a map that an altered copy may have


@dataclass(frozen=True, slots=True)
class _Structure:
    """What a picture has between two scales: divided by its local strength, and that strength."""

    normal: NDArray[np.float32]
    strength: NDArray[np.float32]


def agreement(held: Grey, asked: Grey, guess: Affine) -> float:
    """How well the fine structure of two pictures agrees once they lie over each other: median correlation of tiles.

    Parameters
    ----------
    held, asked
        the pictures in grey, :data:`SIDE` pixels square.
    guess
        map of the unit square from ``held`` to ``asked``, right within some 5 % of the side.

    Returns
    -------
    float
        -1 to 1; 0 when they cannot be laid over each other, or have too little structure to tell. Altered copies are
        above, neighbouring slices and other films of a patient below 0.75 (``docs/experiments/contamination.md``).
    """
    for band in _BANDS:
        structure = _structure(held, band)
        textured = [tile for tile in _TILES if _mean(structure.strength, tile) > _TEXTURE]
        if len(textured) >= _ENOUGH:
            return _agreement(structure, textured, asked, pixels(guess, SIDE), band)
    return 0.0


def _agreement(
    held: _Structure, textured: list[tuple[int, int]], asked: Grey, place: Affine, band: tuple[float, float]
) -> float:
    for reach in _SEARCH:
        correction = _correction(held, textured, _structure(_laid(asked, place), band).normal, reach)
        if correction is None:
            return 0.0
        place = place @ correction
        scales = np.linalg.svd(place[:2, :2], compute_uv=False)
        if scales[0] > _STRETCH[1] or scales[1] < _STRETCH[0]:
            return 0.0
    other = _structure(_laid(asked, place), band)
    covered = _covered(place, margin=round(2 * band[1]))
    found = []
    for x, y in _TILES:
        part = np.s_[y : y + _TILE, x : x + _TILE]
        inside = covered[part]
        if inside.mean() < 0.5:
            continue
        if max(held.strength[part][inside].mean(), other.strength[part][inside].mean()) > _TEXTURE:
            found.append(_correlation(held.normal[part][inside], other.normal[part][inside]))
    return float(np.median(found)) if len(found) >= _FEWEST else 0.0


def _correction(
    held: _Structure, textured: list[tuple[int, int]], other: NDArray[np.float32], reach: int
) -> Affine | None:
    """The affine map that takes the tiles to where they are found; None when too few are."""
    import cv2

    framed = cv2.copyMakeBorder(other, reach, reach, reach, reach, cv2.BORDER_CONSTANT)
    there, here = [], []
    for x, y in textured:
        window = framed[y : y + _TILE + 2 * reach, x : x + _TILE + 2 * reach]
        likeness = cv2.matchTemplate(window, held.normal[y : y + _TILE, x : x + _TILE], cv2.TM_CCOEFF_NORMED)
        _, best, _, (right, down) = cv2.minMaxLoc(likeness)
        if best > _FOUND:
            centre = np.array([x, y], dtype=np.float32) + (_TILE - 1) / 2
            offset = [right - reach + _peak(likeness[down], right), down - reach + _peak(likeness[:, right], down)]
            here.append(centre)
            there.append(centre + np.array(offset, dtype=np.float32))
    if len(here) < _FEWEST:
        return None
    tolerance = max(1.5, reach / 5)
    fitted, _ = cv2.estimateAffine2D(np.array(here), np.array(there), ransacReprojThreshold=tolerance, maxIters=500)
    return None if fitted is None else np.vstack([fitted, [0.0, 0.0, 1.0]])


def _peak(values: NDArray[Any], at: int) -> float:
    """By how much the top of the parabola through a greatest value and its neighbours is off its place."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, top, after = (float(v) for v in values[at - 1 : at + 2])
    bend = before - 2 * top + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0


def _structure(values: Grey, band: tuple[float, float]) -> _Structure:
    import cv2

    between = cv2.GaussianBlur(values, (0, 0), band[0]) - cv2.GaussianBlur(values, (0, 0), band[1])
    strength = np.sqrt(cv2.GaussianBlur(between * between, (0, 0), 2 * band[1]))
    return _Structure(np.asarray(between / (strength + 2.0), dtype=np.float32), np.asarray(strength, dtype=np.float32))


def _laid(values: Grey, place: Affine) -> Grey:
    """A picture as seen from the other, given the map of the other's pixels to its own.

    What lies outside goes on as the nearest pixel is: a black surround would make an edge that is in neither.
    """
    import cv2

    flags, border = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
    laid = cv2.warpAffine(values, place[:2], (SIDE, SIDE), flags=flags, borderMode=border)
    return np.asarray(laid, dtype=np.float32)


def _covered(place: Affine, margin: int) -> NDArray[np.bool_]:
    """Pixels of the one picture at which the other is, too, for some way around."""
    import cv2

    size, flags = (SIDE, SIDE), cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    there = cv2.warpAffine(np.ones(size, dtype=np.uint8), place[:2], size, flags=flags)
    around = np.ones((2 * margin + 1, 2 * margin + 1), dtype=np.uint8)
    return np.asarray(cv2.erode(there, around, borderType=cv2.BORDER_CONSTANT, borderValue=(1,)) > 0)


def _mean(values: NDArray[np.float32], tile: tuple[int, int]) -> float:
    x, y = tile
    return float(values[y : y + _TILE, x : x + _TILE].mean())


def _correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    one, other = one - one.mean(), other - other.mean()
    # The constant keeps two empty tiles from agreeing by chance.
    return float((one * other).mean() / (one.std() * other.std() + 0.02))
