"""Read a benchmark's records from its release files, from the data packs, or from a hub; count them.

Each record keeps its fields as they stand; ``_image`` is added: a path, or '' where the release has no image.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from met_kg.errors import DataProblem, MissingData
from met_kg.evaluation.benchmark import Benchmark
from met_kg.paths import data_root

__all__ = ["IMAGE", "load_records", "write_jsonl"]

#: Key under which the path of the image is added to a record.
IMAGE = "_image"

Record = dict[str, Any]


def load_records(bench: Benchmark, source: Path | None, *, images: Path) -> list[Record]:
    """All records in file order.

    Parameters
    ----------
    source
        folder of the release files; None takes the data pack, else the hub.
    images
        folder for images that come inside the files (Parquet, hub), named by content.

    Raises
    ------
    MissingData
        when the files are not there.
    DataProblem
        when a field that the benchmark needs is missing, naming the first record.
    """
    root = source or _pack(bench)
    records = list(_from_hub(bench, images) if root is None else _from_files(bench, root, images))
    if not records:
        raise DataProblem(f"{bench.name} has no records", where=str(root or bench.hub.id))
    for number, record in enumerate(records, start=1):
        for name in bench.fields:
            try:
                bench.raw(record, name)
            except DataProblem as problem:
                raise DataProblem(str(problem), where=f"{bench.name} record {number}") from problem
    return records


def write_jsonl(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """One JSON object a line, in the given order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")


def _pack(bench: Benchmark) -> Path | None:
    root = data_root()
    if bench.pack and root is not None and (root / bench.pack).is_dir():
        return root / bench.pack
    return None


def _from_files(bench: Benchmark, root: Path, images: Path) -> Iterator[Record]:
    files = bench.files
    path = root / files.path
    if not path.exists():
        raise MissingData(f"{bench.name} has no {files.path}", where=str(root), hint="give the release folder")
    if files.format == "parquet":
        yield from _parquet(bench, path, images)
        return
    for record in _rows(bench, path):
        name = record.get(files.image_field) or record.get(files.image_field.lower())
        yield {**record, IMAGE: str(root / files.images / str(name)) if files.images and name else ""}


def _rows(bench: Benchmark, path: Path) -> Iterator[Record]:
    if bench.files.format == "csv":
        with path.open(encoding="utf-8", newline="") as stream:
            yield from csv.DictReader(stream)
        return
    # The harness reads a folder in listing order; sorted here, so that two machines agree.
    parts = sorted(path.rglob("*.json")) if bench.files.format == "json-folder" else [path]
    for part in parts:
        try:
            value = json.loads(part.read_text(encoding="utf-8"))
        except json.JSONDecodeError as problem:
            raise DataProblem(f"not JSON: {problem.msg}", where=f"{part}:{problem.lineno}") from problem
        if not isinstance(value, list):
            raise DataProblem("a list of records is expected", where=str(part))
        yield from value


def _parquet(bench: Benchmark, path: Path, images: Path) -> Iterator[Record]:
    import pyarrow.parquet as pq

    parts = sorted(path.glob(bench.files.pattern or "*.parquet")) if path.is_dir() else [path]
    if not parts:
        raise MissingData(f"{bench.name} has no {bench.files.pattern}", where=str(path))
    for part in parts:
        for batch in pq.ParquetFile(part).iter_batches(batch_size=64):
            for record in batch.to_pylist():
                yield _with_image(record, bench.files.image_field, images)


def _with_image(record: Record, field: str, images: Path) -> Record:
    """Write the image of a record to a file named by its content; other images of the record are left out."""
    kept = {k: v for k, v in record.items() if not (isinstance(v, dict) and "bytes" in v)}
    value = record.get(field)
    data = value.get("bytes") if isinstance(value, dict) else None
    if not data:
        return {**kept, IMAGE: ""}
    images.mkdir(parents=True, exist_ok=True)
    path = images / hashlib.sha256(data).hexdigest()
    if not path.is_file():
        path.write_bytes(data)
    return {**kept, IMAGE: str(path)}


def _from_hub(bench: Benchmark, images: Path) -> Iterator[Record]:
    """From the hub, image bytes undecoded. Needs network access and the ``datasets`` library's cache."""
    import datasets

    if not bench.hub.id or not bench.hub.split:
        raise MissingData(
            f"{bench.name} is not read from a hub directly",
            hint=f"download {bench.hub.id}, unpack {bench.hub.file}, and give the folder with --source",
        )
    configs: list[str | None] = [*bench.hub.configs] or [None]
    for config in configs:
        try:
            found = datasets.load_dataset(bench.hub.id, config, split=bench.hub.split)
        except (OSError, ConnectionError, ValueError) as problem:
            raise MissingData(
                f"{bench.name} cannot be had from the hub ({bench.hub.id})",
                hint="give a local folder with --source, or go online",
            ) from problem
        for column, feature in found.features.items():
            if isinstance(feature, datasets.Image):
                found = found.cast_column(column, datasets.Image(decode=False))
        for record in found:
            yield _with_image(record, bench.files.image_field, images)
