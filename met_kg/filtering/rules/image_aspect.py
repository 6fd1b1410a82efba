"""The image is no strip."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("maximum",)


def apply(samples: pd.DataFrame, context: Context, *, maximum: float) -> Iterator[Hit]:
    """Objects to images whose longer side exceeds ``maximum`` times the shorter."""
    for sample_id, width, height in zip(samples["sample_id"], samples["width"], samples["height"], strict=True):
        if not width or not height:
            continue
        ratio = max(width, height) / min(width, height)
        if ratio > maximum:
            yield Hit(sample_id, f"the image is {ratio:.1f} times as long as wide ({width} x {height})", ratio)
