"""What lies in the folder of an evaluated benchmark, read once: metrics, items, predictions, nodes, table."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from met_kg.errors import DataProblem, MissingData, UnknownName
from met_kg.evaluation.benchmark import Benchmark, find
from met_kg.evaluation.tree import NODES, TABLE
from met_kg.report.run_data import read_json, read_jsonl

__all__ = ["Evaluated", "evaluated", "read_evaluated"]


@dataclass(slots=True)
class Evaluated:
    """One benchmark's results. What is not there is empty; ``bench`` is None for one that this installation lacks."""

    folder: Path
    metrics: dict[str, Any]
    items: list[dict[str, Any]]
    lines: list[dict[str, Any]]  # predictions, one an item; empty where they do not fit the items
    nodes: list[dict[str, Any]]  # likewise
    table: list[dict[str, str]]
    bench: Benchmark | None

    @property
    def name(self) -> str:
        """The benchmark's name, else the folder's."""
        return str(self.metrics.get("benchmark") or self.folder.name)

    @property
    def tree(self) -> Mapping[str, Any]:
        """The part of the metrics along the tree; empty without one."""
        found: Mapping[str, Any] = self.metrics.get("tree") or {}
        return found


def evaluated(folder: Path) -> list[Path]:
    """The folders with results in ``folder``: itself, those in it, or those in its ``eval`` (a run), in order.

    Raises
    ------
    MissingData
        when there is none.
    """
    if (folder / "metrics.json").is_file():
        return [folder]
    for place in (folder, folder / "eval"):
        if found := sorted(path.parent for path in place.glob("*/metrics.json")):
            return found
    hint = "make one with 'met eval --out DIR'"
    raise MissingData("this folder holds no evaluated benchmark (metrics.json)", where=str(folder), hint=hint)


def read_evaluated(folder: Path) -> Evaluated:
    """The results in one folder.

    Raises
    ------
    DataProblem
        when a file of it is damaged.
    """
    metrics = read_json(folder / "metrics.json")
    items = read_jsonl(folder / "items.jsonl")
    lines, nodes = read_jsonl(folder / "predictions.jsonl"), read_jsonl(folder / NODES)
    return Evaluated(
        folder,
        metrics,
        items,
        lines if len(lines) == len(items) else [],
        nodes if len(nodes) == len(items) else [],
        _table(folder / TABLE),
        _benchmark(str(metrics.get("benchmark") or folder.name)),
    )


def _benchmark(name: str) -> Benchmark | None:
    try:
        return find(name)
    except UnknownName:  # one of the user's own: its YAML file is not known here
        return None


def _table(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise DataProblem(f"not a table: {problem}", where=str(path), hint="evaluate again") from problem
