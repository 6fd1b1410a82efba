"""What queries say of examples: which of them they name, and a value for each. Every query is asked once."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal

from met_kg import tables
from met_kg.errors import DataProblem, MissingData, UsageProblem
from met_kg.graph.queries import find
from met_kg.graph.store import Graph, Value
from met_kg.synthesis.items_graph import item_triples
from met_kg.synthesis.proof_graph import own_graph
from met_kg.synthesis.slices import named
from met_kg.training.examples import Example
from met_kg.training.mix_settings import Asked
from met_kg.vocabulary import Graphs

__all__ = ["chosen", "groups", "numbers", "open_graph", "query_hashes"]

_Column = Literal["item", "sample", "node"]
_COLUMNS: Final[tuple[_Column, ...]] = ("item", "sample", "node")


def open_graph(data: Path, *, needed: bool) -> Graph | None:
    """The graph of a run; where ``needed`` also of an export, or of the export that a JSONL file lies in.

    An export's takes a while to load, so it is not for what is only nice to know.

    Raises
    ------
    MissingData
        when it is needed and not there.
    """
    folder = data if data.is_dir() else data.parent
    if (folder / "store").is_dir():
        return own_graph(folder)
    if not needed:
        return None
    try:
        graph = own_graph(folder)
    except MissingData as problem:
        hint = "give data: a run, an export, or the JSONL file in one"
        raise MissingData(
            "there is no graph that the queries of 'mix' could ask", where=str(data), hint=hint
        ) from problem
    # An export has no graph of its items: they are in its table.
    graph.load_triples(Graphs.ITEMS, item_triples(tables.read("vqa", folder / "vqa.parquet")))
    return graph


def chosen(graph: Graph, asked: Asked, examples: Sequence[Example]) -> set[str]:
    """The ids of the examples that a query names by ``?item`` or ``?sample``.

    Raises
    ------
    UsageProblem
        when it returns neither, or its parameters do not fit.
    """
    column, names = named(graph, asked.query, asked.parameters)
    return {e.id for e in examples if _name(e, column) in names}


def numbers(graph: Graph, asked: Asked, examples: Sequence[Example], *, least: float = -math.inf) -> list[float | None]:
    """The number that a query gives each example, None where it gives none.

    Raises
    ------
    DataProblem
        when a value is no number, not finite or below ``least``; as :func:`groups` otherwise.
    """
    column, found = _values(graph, asked, examples)
    for name, value in found.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < math.inf:
            what = "a finite number" if least == -math.inf else f"a finite number of {least:g} or more"
            raise DataProblem(f"query {asked.query} gives {column} {name} the value {value!r}, which is not {what}")
    return [None if (value := found.get(_name(e, column))) is None else float(value) for e in examples]


def groups(graph: Graph, asked: Asked, examples: Sequence[Example]) -> list[str]:
    """The group that a query puts each example in, '' where in none.

    Raises
    ------
    UsageProblem
        when it does not return ``?value`` and one of ``?item``, ``?sample`` and ``?node``; when parameters do not fit.
    DataProblem
        when it gives one of them two values, or none of the examples any.
    """
    column, found = _values(graph, asked, examples)
    return [str(found.get(_name(e, column), "")) for e in examples]


def query_hashes(asked: Iterable[Asked]) -> dict[str, str]:
    """sha256 of the text of each query, by the name that a record may show: that of a file without its folder."""
    return {one.name: hashlib.sha256(find(one.query).text.encode()).hexdigest() for one in asked}


def _values(graph: Graph, asked: Asked, examples: Sequence[Example]) -> tuple[_Column, dict[str, Value]]:
    rows = list(graph.run(find(asked.query), dict(asked.parameters)))
    if not rows:
        raise DataProblem(f"query {asked.query} returns no rows", hint="look at it with 'met query'")
    column = next((name for name in _COLUMNS if name in rows[0] and "value" in rows[0]), None)
    if column is None:
        wants = "?value and one of ?item, ?sample and ?node"
        raise UsageProblem(f"query {asked.query} does not return {wants}", hint="name them in its SELECT")
    found: dict[str, Value] = {}
    for row in rows:
        name, value = str(row[column]), row["value"]
        if column != "node":
            name = name.partition(":")[2]
        # Not a number is not itself either: that is told where a number is wanted.
        if found.setdefault(name, value) != value and value == value:
            raise DataProblem(f"query {asked.query} gives {column} {name} two values, {found[name]!r} and {value!r}")
    if not any(_name(e, column) in found for e in examples):
        raise DataProblem(f"query {asked.query} has no value for any of the {len(examples)} examples")
    return column, found


def _name(example: Example, column: _Column) -> str:
    """What a query calls an example: captions have a sample only."""
    if column == "sample":
        return example.sample
    if example.kind == "caption":
        return ""
    return example.id if column == "item" else example.node
