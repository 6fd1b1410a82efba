"""The image shows something."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.queries import measured
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("minimum",)


def apply(samples: pd.DataFrame, context: Context, *, minimum: float) -> Iterator[Hit]:
    """Objects to images whose grey levels deviate by less than ``minimum`` (0 to 127) from their mean."""
    for sample_id, deviation in measured(samples, "grey_deviation"):
        if deviation < minimum:
            yield Hit(sample_id, f"the image is nearly uniform (deviation {deviation:.1f} grey levels)", deviation)
