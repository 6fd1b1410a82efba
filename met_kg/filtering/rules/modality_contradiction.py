"""Text and metadata agree about the modality. The rule is the query filter/modality-contradiction."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.queries import pairs
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()


def apply(samples: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to samples whose text names modalities, none of them of the family that the metadata name."""
    for sample_id, said, stated in pairs(context, "filter/modality-contradiction", samples):
        yield Hit(sample_id, f"the text names {said}, the metadata {stated}")
