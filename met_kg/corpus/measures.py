"""What an image looks like, in a few numbers: the rules on images are arithmetic on them.

All are taken in one pass from one reduced copy (longest side :data:`SIDE`), when the picture is decoded for its
fingerprint anyway. ``docs/experiments/image-rules.md`` shows how well they tell apart what they are to tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["SIDE", "Measures", "measure", "reduced"]

#: Longest side of the copy that is measured, in pixels.
SIDE: Final = 256

# What the words in the names of the measures mean, on the 8-bit scale of the picture.
_UNIFORM: Final = 2  # grey levels by which the 3 x 3 pixels around a flat pixel differ at most
_LIGHT: Final = 200  # paper is at least as light as this
_BLACK: Final = 16  # darker is the black ground of a radiograph or scan
_STROKE: Final = 50  # a stroke is darker than the paper on both its sides by this
_SHADED: Final = 40  # shading stays below this within 3 x 3 pixels; an edge does not
_EDGE: Final = 40  # a step between two neighbouring rows or columns
_CHROMA: Final = 20  # distance of a coloured pixel from grey, in the plane of Cb and Cr
_APART: Final = 8  # and its distance from the tint of the picture
_BORDER: Final = 6  # grey levels by which a row of a border differs within at most


@dataclass(frozen=True, slots=True)
class Measures:
    """Numbers about a picture. A share is of the picture's pixels, 0 to 1."""

    grey_deviation: float  #: standard deviation of the grey levels, 0 to 127.5
    paper_share: float  #: flat light ground: paper, the white of a page, of a chart
    line_share: float  #: thin dark strokes on a light ground: letters, outlines, axes
    flat_share: float  #: flat areas of any tone but black: fills, tool bars
    shaded_share: float  #: gentle changes of tone: tissue, skin, noise; next to none in drawn graphics
    colour_share: float  #: colours that the picture's own tint (a film photographed in blue light) does not explain
    border_share: float  #: rows and columns of one tone along the sides, around the rest: letterbox, margins
    straight_edges: float  #: how many horizontal and vertical edges cross more than half of the picture


def reduced(picture: Image.Image) -> Image.Image:
    """The copy that is measured: longest side at most :data:`SIDE`; areas are averaged."""
    longest = max(picture.size)
    if longest <= SIDE:
        return picture
    width, height = (max(1, round(side * SIDE / longest)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BOX, reducing_gap=1.0)


def measure(copy: Image.Image, grey: Image.Image) -> Measures:
    """Measure a reduced copy (mode ``L`` or ``RGB``) of which ``grey`` is the grey picture.

    >>> page = Image.new("L", (64, 64), 255)
    >>> measure(page, page).paper_share
    1.0
    """
    tone = np.asarray(grey)
    around = np.pad(tone, 4, mode="edge")
    span = _extreme(around[3:-3, 3:-3], 3, np.maximum) - _extreme(around[3:-3, 3:-3], 3, np.minimum)
    flat = span <= _UNIFORM
    # A closing by 5 x 5 pixels fills strokes: what it fills by much, on a ground that is light, was one.
    filled = _extreme(_extreme(around, 5, np.maximum), 5, np.minimum)
    light = filled >= _LIGHT
    return Measures(
        grey_deviation=float(tone.std()),
        paper_share=_share(flat & (tone >= _LIGHT)),
        line_share=_share(light & (filled - tone >= _STROKE)),
        flat_share=_share(flat & (tone >= _BLACK)),
        shaded_share=_share(~flat & (span <= _SHADED)),
        colour_share=_colour_share(copy),
        border_share=_border_share(tone),
        straight_edges=float(_straight_edges(tone)),
    )


def _share(mask: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(mask)) / mask.size


def _extreme(padded: NDArray[np.uint8], width: int, of: np.ufunc) -> NDArray[np.uint8]:
    """The extreme of each ``width`` x ``width`` window, one direction after the other; the padding is used up."""
    high, wide = (side + 1 - width for side in padded.shape)
    rows = padded[:high]
    for step in range(1, width):
        rows = of(rows, padded[step : high + step])
    columns = rows[:, :wide]
    for step in range(1, width):
        columns = of(columns, rows[:, step : wide + step])
    return np.asarray(columns)


def _colour_share(copy: Image.Image) -> float:
    """Pixels with a colour (in YCbCr) of their own; of a copy of half the size, which is enough for a share.

    A film photographed on a light box is tinted in blue or violet: pixels of a cold hue near the mean colour of all
    pixels as light as they are do not count. A warm tint does: tissue, skin and retina are of one hue, too.
    """
    if copy.mode == "L":
        return 0.0
    pixels = np.asarray(copy.reduce(2).convert("YCbCr")).reshape(-1, 3)
    blue, red = (pixels[:, i].astype(np.float32) - 128.0 for i in (1, 2))
    coloured = blue * blue + red * red >= _CHROMA**2
    if not coloured.any():
        return 0.0
    level = pixels[:, 0] >> 4
    count = np.maximum(np.bincount(level, minlength=16), 1)
    off_blue = blue - (np.bincount(level, blue, minlength=16) / count)[level]
    off_red = red - (np.bincount(level, red, minlength=16) / count)[level]
    own = (red >= blue) | (off_blue * off_blue + off_red * off_red >= _APART**2)
    return _share(coloured & own)


def _border_share(tone: NDArray[np.uint8]) -> float:
    inner = 1.0
    for axis in (0, 1):
        varied = np.flatnonzero(np.ptp(tone, axis=axis) > _BORDER)
        if not varied.size:
            return 0.0  # a border is a border of something
        inner *= float(varied[-1] - varied[0] + 1) / tone.shape[1 - axis]
    return 1.0 - inner


def _straight_edges(tone: NDArray[np.uint8]) -> int:
    found = 0
    for axis in (0, 1):
        upper, lower = (tone[:-1], tone[1:]) if axis == 0 else (tone[:, :-1], tone[:, 1:])
        step = np.maximum(upper, lower) - np.minimum(upper, lower) >= _EDGE
        found += int(np.count_nonzero(np.count_nonzero(step, axis=1 - axis) * 2 > step.shape[1 - axis]))
    return found
