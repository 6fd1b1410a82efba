"""What an image looks like in some 1,500 numbers, without any trained weights.

Seven blocks, each compared by a kernel of its own (:mod:`met_kg.models.aligners.kernels`): gradient directions at three
scales (HOG, Dalal and Triggs 2005), uniform local binary patterns at three (Ojala 2002), colours, tones and borders,
a grey and a coloured thumbnail, and the power spectrum by frequency and direction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["BLOCKS", "image_features"]

Numbers = NDArray[np.float64]
_BINS: Final = 9
_SIDE: Final = 128
#: Neighbours of a pixel in circular order.
_RING: Final = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
#: Numbers in each block, in order.
BLOCKS: Final = {
    "gradients": 9 * (64 + 16 + 1),
    "patterns": 10 * (16 + 1 + 1),
    "colours": 128 + 16,
    "tones": 15,
    "grey thumbnail": 256,
    "colour thumbnail": 108,
    "spectrum": 64,
}


def image_features(picture: Image.Image) -> NDArray[np.float32]:
    """All blocks of a picture (mode L or RGB), shape (sum of :data:`BLOCKS`,)."""
    colour = picture.convert("RGB")
    grey = colour.convert("L")
    large, small = _values(grey, _SIDE), _values(grey, 64)
    hsv = np.asarray(colour.resize((64, 64), reducing_gap=2.0).convert("HSV"), dtype=np.int64)
    parts = [
        *(_gradients(large, 16), _gradients(large, 32), 2 * _gradients(small, 64)),
        *(_patterns(large, 4), _patterns(large, 1), _patterns(small, 1)),
        _shares((hsv[..., 0] // 32) * 16 + (hsv[..., 1] // 64) * 4 + hsv[..., 2] // 64, 128),
        _shares(np.minimum((large * 16).astype(np.int64), 15), 16),
        _tones(picture, large, hsv[..., 1] / 255),
        _values(grey, 16).ravel(),
        _values(colour, 6).ravel(),
        _spectrum(large),
    ]
    return np.asarray(np.concatenate(parts), dtype=np.float32)


def _values(picture: Image.Image, side: int) -> Numbers:
    return np.asarray(picture.resize((side, side), reducing_gap=2.0), dtype=np.float64) / 255


def _shares(keys: NDArray[np.int64], count: int) -> Numbers:
    """Square roots of a histogram's shares: their distances weigh rare and common values alike (Hellinger)."""
    return np.asarray(np.sqrt(np.bincount(keys.ravel(), minlength=count) / keys.size))


def _gradients(grey: Numbers, cell: int) -> Numbers:
    down, right = np.gradient(grey)
    strength, angle = np.hypot(right, down), np.mod(np.arctan2(down, right), np.pi)
    bins = np.minimum((angle / np.pi * _BINS).astype(np.int64), _BINS - 1)
    count = len(grey) // cell
    row = np.arange(len(grey)) // cell
    keys = (row[:, None] * count + row[None, :]) * _BINS + bins
    found = np.bincount(keys.ravel(), weights=strength.ravel(), minlength=count * count * _BINS).reshape(-1, _BINS)
    return np.asarray(np.sqrt(found / (found.sum(axis=1, keepdims=True) + 0.05 * cell)).ravel())


def _patterns(grey: Numbers, cells: int) -> Numbers:
    side = len(grey) - 2
    middle = grey[1:-1, 1:-1] + 1 / 64  # noise of a level or four is no pattern
    ring = [(grey[1 + y : 1 + y + side, 1 + x : 1 + x + side] >= middle).astype(np.int64) for y, x in _RING]
    changes = sum(np.abs(ring[k] - ring[k - 1]) for k in range(8))
    code = np.where(changes <= 2, sum(ring), 9)
    row = np.arange(side) * cells // side
    keys = (row[:, None] * cells + row[None, :]) * 10 + code
    return _shares(keys, cells * cells * 10) * cells


def _tones(picture: Image.Image, grey: Numbers, saturation: Numbers) -> Numbers:
    edges = (grey[:4], grey[-4:], grey[:, :4], grey[:, -4:])
    shape = [np.log(picture.width / picture.height), np.log(picture.width * picture.height) / 4]
    tones = [grey.mean(), grey.std(), (grey > 0.97).mean(), (grey < 0.03).mean()]
    change: Any = np.gradient(grey)
    rest = [saturation.mean(), saturation.std(), 10 * np.abs(change).mean()]
    return np.array([*shape, *tones, *rest, *(e.mean() for e in edges), edges[0].std(), edges[2].std()])


def _spectrum(grey: Numbers) -> Numbers:
    """Mean log power in 16 rings of frequency by 4 directions."""
    power = np.log(1e-3 + np.abs(np.fft.rfft2(grey - grey.mean())) / _SIDE)
    down = np.minimum(np.arange(_SIDE), _SIDE - np.arange(_SIDE))[:, None]
    right = np.arange(_SIDE // 2 + 1)[None, :]
    ring = np.minimum((np.log2(np.hypot(down, right) + 1) * 2.5).astype(np.int64), 15)
    way = np.minimum((np.arctan2(down, right + 1e-6) / (np.pi / 2) * 4).astype(np.int64), 3)
    keys = (ring * 4 + way).ravel()
    return np.asarray(
        np.bincount(keys, weights=power.ravel(), minlength=64) / np.maximum(np.bincount(keys, minlength=64), 1)
    )
