"""Read the files of a benchmark's release, in the shapes in which it is found: tables, JSON, Parquet, a folder that
``datasets`` saved, the hub. Each record comes with its place (file and row); a row that is none says why.

Images that lie inside Parquet files or in a zip archive are written to a folder, named by content and no larger than
:data:`met_kg.corpus.images.MAX_BYTES`; nothing is opened here, and no archive is unpacked.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from met_kg.corpus.archives import Zip
from met_kg.corpus.images import MAX_BYTES, keep
from met_kg.errors import DataProblem, MissingData
from met_kg.evaluation.benchmark import Benchmark, Files
from met_kg.evaluation.score import IMAGE_HASH

__all__ = ["IMAGE", "Row", "read_folder", "read_hub"]

#: Key under which the path of the image is added to a record; '' where the release has no image.
IMAGE: Final = "_image"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a release: where it stands, and the record, or what stands there instead and why it is none."""

    where: str
    record: Record
    problem: str = ""


def read_folder(bench: Benchmark, root: Path, images: Path) -> Iterator[Row]:
    """The rows of a release folder, or of one that ``datasets`` saved, in file order.

    Raises
    ------
    MissingData
        when none of the shapes is there.
    DataProblem
        when a file is damaged, with the line where there is one.
    """
    saved = [root / config for config in bench.hub.configs if _is_saved(root / config)] or [root]
    if _is_saved(saved[0]):
        for folder in saved:
            yield from _saved(bench, folder, images)
        return
    for files in (bench.files, *bench.also):
        if (root / files.path).exists():
            answers = _answers(root / files.answers) if files.answers else {}
            for row in _rows(bench, files, root, images):
                gold = answers.get(row.record.get("id"))
                yield row if gold is None else Row(row.where, {**row.record, "answer": gold}, row.problem)
            return
    wanted = " or ".join(dict.fromkeys(files.path for files in (bench.files, *bench.also)))
    raise MissingData(f"{bench.name} has no {wanted}", where=str(root), hint="give the release folder with --source")


def read_hub(bench: Benchmark, images: Path) -> Iterator[Row]:
    """The rows of the hub's copy. Needs network access, or the cache of an earlier download.

    Raises
    ------
    MissingData
        when it cannot be had, or has to be unpacked by hand.
    """
    if bench.hub.split:
        yield from _loaded(bench, images)
        return
    if not bench.hub.id or bench.files.path not in bench.hub.files:
        packed = " and ".join(bench.hub.files)
        raise MissingData(
            f"{bench.name} is not read from a hub directly",
            hint=f"download {packed} of {bench.hub.id}, unpack it, and give the folder with --source",
        )
    from huggingface_hub import snapshot_download

    try:
        root = snapshot_download(bench.hub.id, repo_type="dataset", allow_patterns=bench.hub.files)
    except (OSError, ValueError) as problem:
        raise _out_of_reach(bench, " and ".join(bench.hub.files)) from problem
    yield from read_folder(bench, Path(root), images)


def _loaded(bench: Benchmark, images: Path) -> Iterator[Row]:
    import datasets

    configs: list[str | None] = [*bench.hub.configs] or [None]
    for config in configs:
        try:
            found = datasets.load_dataset(bench.hub.id, config, split=bench.hub.split)
        except (OSError, ConnectionError, ValueError) as problem:
            raise _out_of_reach(bench, bench.hub.split) from problem
        place = f"{bench.hub.id}{f' {config}' if config else ''} {bench.hub.split}"
        yield from _undecoded(found, _image_files(bench, found).image_field, images, place)


def _out_of_reach(bench: Benchmark, what: str) -> MissingData:
    return MissingData(
        f"{bench.name} cannot be had from the hub ({what} of {bench.hub.id})",
        hint="give a local folder with --source, or go online",
    )


def _rows(bench: Benchmark, files: Files, root: Path, images: Path) -> Iterator[Row]:
    if files.format == "parquet":
        yield from _parquet(bench, files, root / files.path, images)
        return
    rows = _csv(bench, root / files.path) if files.format == "csv" else _json(root / files.path)
    with ExitStack() as stack:
        folder, packed = root / files.images, root / files.archive
        in_zip = bool(files.archive) and not folder.is_dir() and packed.is_file()
        archive = stack.enter_context(Zip(packed)) if in_zip else None
        for row in rows:
            name = row.record.get(files.image_field) or row.record.get(files.image_field.lower())
            if row.problem or not files.images or not name:
                yield Row(row.where, {**row.record, IMAGE: ""}, row.problem)
            elif archive is not None:
                yield _unpacked(row, archive, files, str(name), images)
            else:
                yield Row(row.where, {**row.record, IMAGE: str(folder / str(name))})


def _unpacked(row: Row, archive: Zip, files: Files, name: str, images: Path) -> Row:
    for member in (f"{files.images}/{name}", name):
        if member in archive:
            try:
                data = archive.read(member)
            except DataProblem as problem:
                return Row(row.where, {**row.record, IMAGE: ""}, problem.message)
            path = keep(data, PurePosixPath(name).suffix, images)
            return Row(row.where, {**row.record, IMAGE_HASH: path.stem, IMAGE: str(path)})
    return Row(row.where, {**row.record, IMAGE: ""}, f"its image '{name}' is not in {files.archive}")


def _csv(bench: Benchmark, path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        try:
            header = next(reader, [])
            names = bench.columns or header
            for row in reader:
                # By position where the harness does: the header's own spelling does not matter then.
                where = f"{path.name}:{reader.line_num}"
                if len(row) == len(names):
                    yield Row(where, dict(zip(names, row, strict=True)))
                else:
                    problem = f"the row has {len(row)} columns, the table {len(names)}"
                    yield Row(where, {"row": ",".join(row)}, problem)
        except (csv.Error, UnicodeDecodeError) as problem:
            raise DataProblem(f"not a table: {problem}", where=f"{path}:{reader.line_num + 1}") from problem


def _json(path: Path) -> Iterator[Row]:
    # The harness reads a folder in listing order; sorted here, so that two machines agree.
    for part in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
        value = _read_json(part)
        if not isinstance(value, list):
            raise DataProblem("a list of records is expected", where=str(part))
        for number, record in enumerate(value, start=1):
            good = isinstance(record, dict)
            where = f"{part.name} record {number}"
            yield Row(where, record) if good else Row(where, {"record": record}, "a record is not an object")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as problem:
        raise DataProblem(f"not JSON: {problem.msg}", where=f"{path}:{problem.lineno}") from problem
    except (ValueError, RecursionError) as problem:
        said = f"not UTF-8 text (byte {problem.start})" if isinstance(problem, UnicodeDecodeError) else str(problem)
        raise DataProblem(said, where=str(path)) from problem


def _answers(path: Path) -> dict[Any, Any]:
    """Gold answers published apart: id -> answer; empty where the file is not there (then they stay hidden)."""
    if not path.is_file():
        return {}
    value = _read_json(path)
    if not isinstance(value, dict):
        raise DataProblem("an object of id -> answer is expected", where=str(path))
    return {key: gold.get("ground_truth") if isinstance(gold, dict) else gold for key, gold in value.items()}


def _parquet(bench: Benchmark, files: Files, path: Path, images: Path) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # One folder a subject, in the benchmark's order, where it has subjects: a full copy holds others too.
    folders = [path / config for config in bench.hub.configs] or [path]
    pattern = files.pattern or "*.parquet"
    parts = [path] if path.is_file() else [part for folder in folders for part in sorted(folder.glob(pattern))]
    if not parts:
        raise MissingData(f"{bench.name} has no {pattern}", where=str(folders[0]))
    for part in parts:
        place = part.name if not bench.hub.configs else f"{part.parent.name}/{part.name}"
        number = 0
        try:
            for batch in pq.ParquetFile(part).iter_batches(batch_size=64):
                for record in batch.to_pylist():
                    number += 1
                    yield _with_image(record, files.image_field, images, f"{place} row {number}")
        except (pa.ArrowException, OSError) as problem:
            said = " ".join(str(problem).split())[:160]
            raise DataProblem(
                f"not a Parquet file, or damaged after row {number}: {said}", where=str(part)
            ) from problem


def _is_saved(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("dataset_info.json", "dataset_dict.json"))


def _saved(bench: Benchmark, root: Path, images: Path) -> Iterator[Row]:
    """From a folder that ``datasets`` saved: one split, or a dictionary of splits."""
    import datasets

    found = datasets.load_from_disk(str(root))
    if isinstance(found, datasets.DatasetDict):
        split = bench.hub.split or "test"
        if split not in found:
            raise MissingData(f"{bench.name} has no split '{split}' here", where=str(root))
        found = found[split]
    files = _image_files(bench, found)
    for row in _undecoded(found, files.image_field, images, root.name):
        name = row.record.get(files.image_field)
        if isinstance(name, str) and files.images:  # named, and kept beside
            yield Row(row.where, {**row.record, IMAGE: str(root / files.images / name)}, row.problem)
        else:
            yield row


def _image_files(bench: Benchmark, found: Any) -> Files:
    """Of the release's shapes the one that a data set has: VQA-RAD's own files name images, its hub copy holds them."""
    return next((f for f in (bench.files, *bench.also) if f.image_field in found.features), bench.files)


def _undecoded(found: Any, image_field: str, images: Path, place: str) -> Iterator[Row]:
    import datasets

    for column, feature in found.features.items():
        if isinstance(feature, datasets.Image):
            found = found.cast_column(column, datasets.Image(decode=False))
    for number, record in enumerate(found, start=1):
        yield _with_image(record, image_field, images, f"{place} row {number}")


def _with_image(record: Record, field: str, images: Path, where: str) -> Row:
    """Write the image of a record to a file named by its content; other images of the record are left out."""
    kept = {k: v for k, v in record.items() if not (isinstance(v, dict) and "bytes" in v)}
    value = record.get(field)
    data = value.get("bytes") if isinstance(value, dict) else None
    if not data:
        return Row(where, {**kept, IMAGE: ""})
    if len(data) > MAX_BYTES:
        return Row(where, {**kept, IMAGE: ""}, f"its image has {len(data):,} bytes, more than {MAX_BYTES:,}")
    path = keep(data, "", images)
    return Row(where, {**kept, IMAGE_HASH: path.name, IMAGE: str(path)})
