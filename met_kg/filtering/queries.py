"""Samples in the order in which they are worth keeping: what several rules share."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context

__all__ = ["by_worth"]


def by_worth(samples: pd.DataFrame, context: Context, column: str) -> Iterator[tuple[str, str]]:
    """Sample and a column's value, of samples that have one and that no rule has dropped: longest caption first."""
    alive = samples[(samples[column] != "") & ~samples["sample_id"].isin(context.dropped)]
    order = sorted(range(len(alive)), key=lambda i: (-len(alive["caption"].iloc[i]), i))
    ids, values = alive["sample_id"].tolist(), alive[column].tolist()
    yield from ((ids[i], values[i]) for i in order)
