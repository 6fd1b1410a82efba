"""The question is neither empty nor endless."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.synthesis.quality.context import Context, records
from met_kg.synthesis.quality.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("minimum", "maximum")


def apply(items: pd.DataFrame, context: Context, *, minimum: float, maximum: float) -> Iterator[Hit]:
    """Objects to questions of fewer words than ``minimum`` or of more than ``maximum``."""
    for item in records(items):
        count = len(str(item["question"]).split())
        if not minimum <= count <= maximum:
            said = f"the question has {count} words" if count else "there is no question"
            yield Hit(item["item_id"], f"{said}; {minimum:g} to {maximum:g} are wanted", count)
