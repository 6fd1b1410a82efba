"""What several rules share: measured images, and samples in the order in which they are worth keeping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

__all__ = ["by_worth", "measured"]


def by_worth(samples: pd.DataFrame, column: str) -> Iterator[tuple[str, str]]:
    """Sample and a column's value, of samples that have one: longest caption first."""
    having = samples[samples[column] != ""]
    order = (-having["caption"].str.len()).argsort(kind="stable").tolist()
    ids, values = having["sample_id"].tolist(), having[column].tolist()
    yield from ((ids[i], values[i]) for i in order)


def measured(samples: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Sample and measures (``met_kg.corpus.measures``), of the samples with an image that decodes."""
    seen = samples[samples[list(columns)].notna().all(axis=1)]
    yield from zip(seen["sample_id"], *(seen[c] for c in columns), strict=True)
