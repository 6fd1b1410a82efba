"""No image twice."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.queries import by_worth
from met_kg.filtering.rules import Hit

__all__ = ["COLUMNS", "PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()
COLUMNS = ("sample_id", "sha256", "caption")


def apply(samples: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to images with the same bytes as another sample's, which has the longer or else the earlier caption."""
    held: dict[str, str] = {}
    for sample_id, sha256 in by_worth(samples, "sha256"):
        if sha256 in held:
            yield Hit(sample_id, f"the image is that of sample {held[sha256]}", 0)
        held.setdefault(sha256, sample_id)
