"""Read a benchmark's records from its release files, from the data packs, or from a hub; count them.

Each record keeps its fields as they stand; ``_image`` is added: a path, or '' where the release has no image. A record
that lacks a field is set aside with a reason; the others go on, and the numbers found and expected stand side by side.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from met_kg.errors import DataProblem, MissingData
from met_kg.evaluation.benchmark import Benchmark, Files
from met_kg.evaluation.score import IMAGE_HASH
from met_kg.paths import data_root
from met_kg.records import Quarantined

__all__ = ["IMAGE", "Loaded", "load_records", "write_jsonl", "write_metrics"]

#: Key under which the path of the image is added to a record.
IMAGE = "_image"

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
    for number, record in enumerate(_from_hub(bench, images) if root is None else _from_folder(bench, root, images), 1):
        problem = _problem(bench, record, root)
        if problem:
            content = json.dumps(record, ensure_ascii=False, default=str)[:200]
            found.set_aside.append(Quarantined(bench.name, f"record {number}", problem, content))
        else:
            found.records.append(record)
    if not found.records:
        reason = found.set_aside[0].reason if found.set_aside else "the files are empty"
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


def _problem(bench: Benchmark, record: Any, root: Path | None) -> str:
    """Why a record cannot be asked; '' when it can."""
    if not isinstance(record, dict):
        return "a record is not an object"
    try:
        for name in bench.fields:
            bench.raw(record, name)
    except DataProblem as problem:
        return problem.message
    path = Path(record[IMAGE])
    if root is not None and bench.files.images and not path.resolve().is_relative_to(root.resolve()):
        return f"the image '{path}' lies outside the benchmark's folder"
    return ""


def _pack(bench: Benchmark) -> Path | None:
    root = data_root()
    if bench.pack and root is not None and (root / bench.pack).is_dir():
        return root / bench.pack
    return None


def _from_folder(bench: Benchmark, root: Path, images: Path) -> Iterator[Any]:
    if (root / "dataset_info.json").is_file() or (root / "dataset_dict.json").is_file():
        yield from _from_datasets(bench, root, images)
        return
    for files in (bench.files, *bench.also):
        if (root / files.path).exists():
            answers = _answers(root / files.answers) if files.answers else {}
            for record in _records(bench, files, root, images):
                gold = answers.get(record.get("id")) if isinstance(record, dict) else None
                yield record if gold is None else {**record, "answer": gold}
            return
    wanted = " or ".join(dict.fromkeys(files.path for files in (bench.files, *bench.also)))
    raise MissingData(f"{bench.name} has no {wanted}", where=str(root), hint="give the release folder with --source")


def _records(bench: Benchmark, files: Files, root: Path, images: Path) -> Iterator[Any]:
    if files.format == "parquet":
        yield from _parquet(bench, files, root / files.path, images)
        return
    rows = _csv(bench, root / files.path) if files.format == "csv" else _json(root / files.path)
    for record in rows:
        if not isinstance(record, dict):
            yield record
            continue
        name = record.get(files.image_field) or record.get(files.image_field.lower())
        yield {**record, IMAGE: str(root / files.images / str(name)) if files.images and name else ""}


def _csv(bench: Benchmark, path: Path) -> Iterator[Record]:
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        try:
            header = next(reader, [])
            names = bench.columns or header
            for row in reader:
                # By position where the harness does: the header's own spelling does not matter then.
                fits = len(row) == len(names)
                yield dict(zip(names, row, strict=True)) if fits else {"row": ",".join(row)}
        except (csv.Error, UnicodeDecodeError) as problem:
            raise DataProblem(f"not a table: {problem}", where=f"{path}:{reader.line_num + 1}") from problem


def _json(path: Path) -> Iterator[Any]:
    # The harness reads a folder in listing order; sorted here, so that two machines agree.
    for part in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
        value = _read_json(part)
        if not isinstance(value, list):
            raise DataProblem("a list of records is expected", where=str(part))
        yield from value


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as problem:
        raise DataProblem(f"not JSON: {problem.msg}", where=f"{path}:{problem.lineno}") from problem
    except UnicodeDecodeError as problem:
        raise DataProblem(f"not UTF-8 text (byte {problem.start})", where=str(path)) from problem


def _answers(path: Path) -> dict[Any, Any]:
    """Gold answers published apart: id -> answer; empty where the file is not there (then they stay hidden)."""
    if not path.is_file():
        return {}
    value = _read_json(path)
    if not isinstance(value, dict):
        raise DataProblem("an object of id -> answer is expected", where=str(path))
    return {key: gold.get("ground_truth") if isinstance(gold, dict) else gold for key, gold in value.items()}


def _parquet(bench: Benchmark, files: Files, path: Path, images: Path) -> Iterator[Record]:
    import pyarrow.parquet as pq

    # One folder a subject, in the benchmark's order, where it has subjects: a full copy holds others too.
    folders = [path / config for config in bench.hub.configs] or [path]
    pattern = files.pattern or "*.parquet"
    parts = [path] if path.is_file() else [part for folder in folders for part in sorted(folder.glob(pattern))]
    if not parts:
        raise MissingData(f"{bench.name} has no {pattern}", where=str(folders[0]))
    for part in parts:
        for batch in pq.ParquetFile(part).iter_batches(batch_size=64):
            for record in batch.to_pylist():
                yield _with_image(record, files.image_field, images)


def _with_image(record: Record, field: str, images: Path) -> Record:
    """Write the image of a record to a file named by its content; other images of the record are left out."""
    kept = {k: v for k, v in record.items() if not (isinstance(v, dict) and "bytes" in v)}
    value = record.get(field)
    data = value.get("bytes") if isinstance(value, dict) else None
    if not data:
        return {**kept, IMAGE: ""}
    digest = hashlib.sha256(data).hexdigest()
    images.mkdir(parents=True, exist_ok=True)
    path = images / digest
    if not path.is_file():
        path.write_bytes(data)
    return {**kept, IMAGE_HASH: digest, IMAGE: str(path)}


def _from_hub(bench: Benchmark, images: Path) -> Iterator[Record]:
    """From the hub. Needs network access, or the ``datasets`` library's cache."""
    import datasets

    if not bench.hub.id or not bench.hub.split:
        raise MissingData(
            f"{bench.name} is not read from a hub directly",
            hint=f"download {bench.hub.file} of {bench.hub.id}, unpack it, and give the folder with --source",
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
        yield from _undecoded(found, bench.files.image_field, images)


def _from_datasets(bench: Benchmark, root: Path, images: Path) -> Iterator[Record]:
    """From a folder that ``datasets`` saved: one split, or a dictionary of splits."""
    import datasets

    found = datasets.load_from_disk(str(root))
    if isinstance(found, datasets.DatasetDict):
        split = bench.hub.split or "test"
        if split not in found:
            raise MissingData(f"{bench.name} has no split '{split}' here", where=str(root))
        found = found[split]
    image_field = next((f.image_field for f in (bench.files, *bench.also) if f.image_field in found.features), "image")
    yield from _undecoded(found, image_field, images)


def _undecoded(found: Any, image_field: str, images: Path) -> Iterator[Record]:
    import datasets

    for column, feature in found.features.items():
        if isinstance(feature, datasets.Image):
            found = found.cast_column(column, datasets.Image(decode=False))
    for record in found:
        yield _with_image(record, image_field, images)
