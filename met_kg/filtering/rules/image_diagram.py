"""The image is no page of text, table, chart, diagram or line drawing."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.queries import measured
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("paper", "lines")


def apply(samples: pd.DataFrame, context: Context, *, paper: float, lines: float) -> Iterator[Hit]:
    """Objects to images with at least these shares of flat light ground and of thin dark strokes on it."""
    for sample_id, ground, strokes in measured(samples, "paper_share", "line_share"):
        if ground >= paper and strokes >= lines:
            reason = f"the image is drawn or written: {ground:.0%} flat light ground, {strokes:.1%} thin strokes"
            yield Hit(sample_id, reason, strokes)
