"""The image is no screenshot of a program."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("flat", "edges")


def apply(samples: pd.DataFrame, context: Context, *, flat: float, edges: float) -> Iterator[Hit]:
    """Objects to images with this many edges of windows, bars and tables, and at least this share of flat areas."""
    for sample_id, share, count in zip(
        *(samples[c] for c in ("sample_id", "flat_share", "straight_edges")), strict=True
    ):
        if share >= flat and count >= edges:
            reason = (
                f"the image is a screenshot or a form: {count:.0f} straight edges across it, {share:.0%} flat areas"
            )
            yield Hit(sample_id, reason, count)
