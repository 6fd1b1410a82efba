"""Roll results that lie in a folder up along a tree, without a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from met_kg.errors import DataProblem, MissingData
from met_kg.evaluation.benchmark import Benchmark
from met_kg.evaluation.records import write_metrics
from met_kg.evaluation.score import read_lines
from met_kg.evaluation.tree import along_the_tree
from met_kg.evaluation.tree.worst import MIN_ITEMS
from met_kg.graph.store import Graph

__all__ = ["roll_up_again"]


def roll_up_again(graph: Graph, bench: Benchmark, folder: Path, *, min_items: int = MIN_ITEMS) -> dict[str, Any]:
    """Write ``along_the_tree.csv``, ``nodes.jsonl`` and the part ``tree`` of ``metrics.json``; returns that part.

    Raises
    ------
    MissingData
        when predictions, items or metrics are not there: predictions hold the records that are linked.
    DataProblem
        when a file is damaged, or predictions and items do not belong together.
    """
    for name in ("metrics.json", "items.jsonl", "predictions.jsonl"):
        if not (folder / name).is_file():
            raise MissingData(f"there is no {name} to roll up", where=str(folder), hint="'met eval --out' writes it")
    lines = read_lines((folder / "predictions.jsonl").read_bytes())
    try:
        items = [json.loads(line) for line in (folder / "items.jsonl").read_bytes().split(b"\n") if line.strip()]
        metrics = json.loads((folder / "metrics.json").read_bytes())
    except ValueError as problem:
        raise DataProblem(f"items.jsonl or metrics.json is not JSON: {problem}", where=str(folder)) from problem
    if len(lines) != len(items):
        hint = "score the predictions again"
        raise DataProblem(f"{len(lines)} predictions and {len(items)} items", where=str(folder), hint=hint)
    along = along_the_tree(graph, bench, lines, items, min_items=min_items)
    along.write(folder)
    write_metrics({**metrics, "tree": along.metrics}, folder / "metrics.json")
    return along.metrics
