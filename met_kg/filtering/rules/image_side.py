"""The image is large enough."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("minimum",)


def apply(samples: pd.DataFrame, context: Context, *, minimum: float) -> Iterator[Hit]:
    """Objects to images whose shorter side has fewer pixels than ``minimum``."""
    for sample_id, width, height in zip(samples["sample_id"], samples["width"], samples["height"], strict=True):
        side = min(width, height)
        if 0 < side < minimum:
            yield Hit(sample_id, f"the image has {width} x {height} pixels; at least {minimum:g} are wanted", side)
