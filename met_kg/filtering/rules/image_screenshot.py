"""The image is no screenshot of a program, and no form or table either."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.queries import measured
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("flat", "edges")


def apply(samples: pd.DataFrame, context: Context, *, flat: float, edges: float) -> Iterator[Hit]:
    """Objects to images with this many edges of windows, bars and tables, and at least this share of flat areas."""
    for sample_id, share, count in measured(samples, "flat_share", "straight_edges"):
        if share >= flat and count >= edges:
            reason = f"the image is a screenshot, form or table: {share:.0%} flat, {count:.0f} straight edges across it"
            yield Hit(sample_id, reason, count)
