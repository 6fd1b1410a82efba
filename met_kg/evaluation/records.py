"""Read a benchmark's records from its release files, from the data packs, or from a hub; count them.

Each record keeps its fields as they stand; ``_image`` is added: a path, or '' where the release has no image. A record
that lacks a field is set aside with a reason; the others go on, and the numbers found and expected stand side by side.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from met_kg.errors import DataProblem
from met_kg.evaluation.benchmark import Benchmark
from met_kg.evaluation.release import IMAGE, Row, read_folder, read_hub
from met_kg.paths import data_root
from met_kg.records import Quarantined

__all__ = ["IMAGE", "Loaded", "load_records", "write_jsonl", "write_metrics"]

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Records in file order, and those that cannot be asked."""

    records: list[Record]
    set_aside: list[Quarantined]


def load_records(bench: Benchmark, source: Path | None, *, images: Path) -> Loaded:
    """All records of a benchmark.

    Parameters
    ----------
    source
        folder of the release files, or a folder written by ``datasets``; None takes the data pack, else the hub.
    images
        folder for images that come inside the files (Parquet, hub), named by content.

    Raises
    ------
    MissingData
        when the files are not there.
    DataProblem
        when no record can be used, naming what is wrong with the first.
    """
    root = source or _pack(bench)
    found = Loaded([], [])
    for row in read_hub(bench, images) if root is None else read_folder(bench, root, images):
        problem = _problem(bench, row, [images] if root is None else [root, images])
        if problem:
            content = json.dumps(row.record, ensure_ascii=False, default=str)[:200]
            found.set_aside.append(Quarantined(bench.name, row.where, problem, content))
        else:
            found.records.append(row.record)
    if not found.records:
        first = found.set_aside[0] if found.set_aside else None
        reason = f"{first.reason} ({first.where})" if first else "the files are empty"
        raise DataProblem(f"{bench.name} has no record to ask: {reason}", where=str(root or bench.hub.id))
    return found


def write_jsonl(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """One JSON object a line, in the given order. Half a surrogate pair is written as its JSON escape."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")


def write_metrics(metrics: Mapping[str, Any], path: Path) -> None:
    """``metrics.json``: keys sorted, so that equal metrics are equal bytes."""
    text = json.dumps(metrics, indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def _problem(bench: Benchmark, row: Row, folders: Sequence[Path]) -> str:
    """Why a record cannot be asked; '' when it can. Its image lies in one of the folders, whatever the record says."""
    if row.problem:
        return row.problem
    try:
        for name in bench.fields:
            bench.raw(row.record, name)
    except DataProblem as problem:
        return problem.message
    path = Path(row.record[IMAGE])
    if row.record[IMAGE] and not any(path.resolve().is_relative_to(folder.resolve()) for folder in folders):
        return f"the image '{path}' lies outside the benchmark's folder"
    return ""


def _pack(bench: Benchmark) -> Path | None:
    root = data_root()
    if bench.pack and root is not None and (root / bench.pack).is_dir():
        return root / bench.pack
    return None
