"""Text and metadata agree about the part of the body. The rule is the query filter/region-contradiction."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.queries import pairs
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()


def apply(samples: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to samples whose text locates something, and nothing in or around the body part of the metadata."""
    for sample_id, said, stated in pairs(context, "filter/region-contradiction", samples):
        yield Hit(sample_id, f"the text is about {said}, the metadata about {stated}")
