"""What several rules share: rows of a contradiction query, and samples in the order in which they are worth keeping."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context

__all__ = ["by_worth", "pairs"]


def pairs(context: Context, query: str, samples: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Sample, what the text says and what it contradicts, one row a sample, in the order of the samples.

    The query is asked once; it returns ``?sample ?said ?saidLabel ?stated ?statedLabel``.
    """
    found: dict[str, tuple[str, str]] = {}
    for row in context.graph.rows(query):
        sample = str(row["sample"]).removeprefix("sample:")
        said = f"{row['saidLabel']} ({row['said']})"
        stated = f"{row['statedLabel']} ({row['stated']})"
        found[sample] = min(found.get(sample, (said, stated)), (said, stated))
    for sample in samples["sample_id"]:
        if sample in found:
            yield (sample, *found[sample])


def by_worth(samples: pd.DataFrame, column: str) -> Iterator[tuple[str, str]]:
    """Sample and a column's value, of samples that have one: longest caption first."""
    having = samples[samples[column] != ""]
    order = (-having["caption"].str.len()).argsort(kind="stable").tolist()
    ids, values = having["sample_id"].tolist(), having[column].tolist()
    yield from ((ids[i], values[i]) for i in order)
