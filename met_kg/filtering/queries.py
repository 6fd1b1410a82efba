"""Samples in the order in which they are worth keeping."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

__all__ = ["by_worth"]


def by_worth(samples: pd.DataFrame, column: str) -> Iterator[tuple[str, str]]:
    """Sample and a column's value, of samples that have one: longest caption first."""
    having = samples[samples[column] != ""]
    order = (-having["caption"].str.len()).argsort(kind="stable").tolist()
    ids, values = having["sample_id"].tolist(), having[column].tolist()
    yield from ((ids[i], values[i]) for i in order)
