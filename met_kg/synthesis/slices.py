"""The part of a run that a SPARQL query selects: its items, at most so many of a sample where that is wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from met_kg import tables
from met_kg.errors import UsageProblem
from met_kg.graph.queries import find
from met_kg.graph.store import Graph

__all__ = ["capped", "counted", "named", "select"]

#: What a slice is counted by.
_COUNTED: Final = ("type", "format", "level", "difficulty", "axis", "split")
_COLUMNS: Final = ("item_id", "sample_id", *_COUNTED)


def select(
    run: Path, query: str, values: Mapping[str, str | int | float], *, per_sample: int | None = None, seed: int = 0
) -> pd.DataFrame:
    """The selected rows of table ``vqa`` (ids and what slices are counted by), in order of the table.

    Parameters
    ----------
    query
        a named query, or the path of one, that returns a column ``?item`` or ``?sample``.
    values
        its parameters, bound as the types of its header say.
    per_sample
        at most so many items of a sample: types take turns, and within a type ``seed`` draws.

    Raises
    ------
    UsageProblem
        when the query returns neither column, or its parameters do not fit.
    MissingData
        when the run has no items yet.
    """
    vqa = tables.read("vqa", run / "vqa.parquet", _COLUMNS)
    with Graph.open(run / "store") as graph:
        column, chosen = named(graph, query, values)
    found = vqa[vqa[f"{column}_id"].isin(chosen)]
    return found if per_sample is None else capped(found, per_sample, seed)


def named(
    graph: Graph, query: str, values: Mapping[str, str | int | float]
) -> tuple[Literal["item", "sample"], set[str]]:
    """What a query names, and the ids: it returns a column ``?item`` or ``?sample``.

    Raises
    ------
    UsageProblem
        when it returns neither, or its parameters do not fit.
    """
    rows = list(graph.run(find(query), dict(values)))
    for column in ("item", "sample"):
        if not rows or column in rows[0]:
            return column, {str(row[column]).partition(":")[2] for row in rows}
    raise UsageProblem(f"query {query} returns neither ?item nor ?sample", hint="name one of them in its SELECT")


def capped(items: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """At most so many of a sample, of items with columns ``item_id``, ``sample_id`` and ``type``.

    Types take turns; within one, an item's lot depends on the seed and its own id alone.
    """
    lots = items["item_id"].map(lambda name: hashlib.sha256(f"{seed}\x1f{name}".encode()).hexdigest())
    order = items.assign(lot=lots).sort_values("lot")
    order["turn"] = order.groupby(["sample_id", "type"]).cumcount()
    kept = order.sort_values(["turn", "lot"]).groupby("sample_id").head(most)
    return items[items["item_id"].isin(kept["item_id"])]


def counted(items: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """What a slice holds, line by line: all of it, then by type, format, level, difficulty, axis and split."""
    sizes = items.groupby("sample_id").size()
    yield "items", f"{len(items)} of {len(sizes)} samples" + (f", at most {sizes.max()} of one" if len(sizes) else "")
    for column in _COUNTED if len(items) else ():
        counts = items[column].value_counts()
        yield column, ", ".join(f"{value} {counts[value]}" for value in sorted(counts.index))
