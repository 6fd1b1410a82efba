"""The record states a licence."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()


def apply(samples: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to samples without a licence."""
    for sample_id, source in zip(
        *(samples.loc[samples["licence"] == "", c] for c in ("sample_id", "source")), strict=True
    ):
        yield Hit(sample_id, f"the record of corpus '{source}' states no licence")
