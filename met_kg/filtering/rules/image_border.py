"""The image fills its frame."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.queries import measured
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("maximum",)


def apply(samples: pd.DataFrame, context: Context, *, maximum: float) -> Iterator[Hit]:
    """Objects to images of which more than ``maximum`` (share) is border of one tone: letterbox, margins of a page."""
    for sample_id, share in measured(samples, "border_share"):
        if share > maximum:
            yield Hit(sample_id, f"{share:.0%} of the image are border", share)
