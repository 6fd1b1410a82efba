"""What a run directory holds, as far as its steps have been done."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from met_kg import tables
from met_kg.errors import DataProblem, MissingData
from met_kg.graph.store import Graph, Row
from met_kg.retrieval.coverage import Branch, coverage_tree

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RunData", "read_json", "read_jsonl", "read_run", "records"]

_TABLES: Final = ("samples", "anchors", "decisions", "captions", "vqa", "mentions", "coverage")
#: Graph questions of the report: key -> named query.
_QUERIES: Final = {
    "axes": "tree/stats",
    "labels": "tree/labels",
    "coverage": "overview/coverage",
    "branches": "overview/branches",
    "depicted": "overview/depicted",
    "mentioned": "overview/mentioned",
}


@dataclass(slots=True)
class RunData:
    """Tables, graph answers and notes of one run; what a step would have made is None or empty when it has not run."""

    run: Path
    manifest: dict[str, Any]
    tree: dict[str, Any]  # tree/tree.json
    tables: dict[str, pd.DataFrame]
    rows: dict[str, list[Row]]  # answers of the graph, by key of _QUERIES
    labels: dict[str, str] = field(default_factory=dict)
    covered: list[Branch] = field(default_factory=list)  # the top of the tree with its coverage

    def table(self, name: str) -> pd.DataFrame | None:
        """A table of the run, or None when its step has not been done."""
        return self.tables.get(name)

    def label(self, node: str) -> str:
        """The node's label; its CURIE when the tree has none."""
        return self.labels.get(node, node)

    def counts(self, step: str) -> dict[str, Any]:
        """What the manifest counts for a step; empty when the step is not in it."""
        found: dict[str, Any] = self.manifest.get("steps", {}).get(step, {}).get("counts", {})
        return found

    @property
    def name(self) -> str:
        """The recipe's name, else the folder's."""
        return str(self.manifest.get("run") or self.run.resolve().name)


def read_run(run: Path) -> RunData:
    """Read a run directory, whatever of it is there.

    Raises
    ------
    MissingData
        when the folder holds no run at all.
    DataProblem
        when a file of the run is damaged.
    """
    found = {name: tables.read(name, path) for name in _TABLES if (path := run / f"{name}.parquet").is_file()}
    manifest, tree = read_json(run / "manifest.json"), read_json(run / "tree" / "tree.json")
    if not found and not manifest and not tree:
        raise MissingData("this folder holds no run", where=str(run), hint="make one with 'met quickstart --out DIR'")
    rows: dict[str, list[Row]] = {key: [] for key in _QUERIES}
    covered: list[Branch] = []
    if (run / "store").is_dir():
        with Graph.open(run / "store") as graph:
            rows = {key: list(graph.rows(query)) for key, query in _QUERIES.items()}
            covered = coverage_tree(graph, found["coverage"]) if "coverage" in found else []
    labels = {str(r["node"]): str(r["label"]) for r in rows["labels"]}
    return RunData(run, manifest, tree, found, rows, labels, covered)


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The records of a JSON-lines file, in order; empty when the file is not there.

    Raises
    ------
    DataProblem
        naming the first line that is not a JSON object.
    """
    if not path.is_file():
        return []
    records = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as problem:
            raise _damaged(f"{path}:{number}", f"the line is not JSON: {problem.msg}") from problem
        if not isinstance(record, dict):
            raise _damaged(f"{path}:{number}", "the line is not a JSON object")
        records.append(record)
    return records


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, column name -> value."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty when the file is not there.

    Raises
    ------
    DataProblem
        when it is not a JSON object.
    """
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise _damaged(str(path), f"the file is not JSON: {problem}") from problem
    if not isinstance(found, dict):
        raise _damaged(str(path), "the file is not a JSON object")
    return found


def _damaged(where: str, message: str) -> DataProblem:
    return DataProblem(message, where=where, hint="run the step that makes it again")
