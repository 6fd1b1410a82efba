"""Records of CSV, TSV, JSON, JSONL and Parquet files, streamed as plain text values; ``.gz`` is read through."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TextIO

from met_kg.errors import DataProblem, MissingData
from met_kg.records import Quarantined

__all__ = ["Record", "records"]

#: Where the record stands ("line 7") and its values as text.
Record = tuple[str, dict[str, str]]

_DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}
#: Longest field of a CSV file, in characters: a runaway quote is caught instead of swallowing the file.
_MAX_FIELD: Final = 1_000_000


def records(path: Path, source: str) -> Iterator[Record | Quarantined]:
    """The records of a file; a record that cannot be read is set aside and the next one is tried.

    Bytes that are not UTF-8 become U+FFFD, which cleaning mends or reports.

    Raises
    ------
    MissingData
        when the file is not there.
    DataProblem
        when the file as a whole cannot be read, or its format is not known.
    """
    if not path.is_file():
        raise MissingData(f"the table of corpus '{source}' is not there", where=str(path))
    suffixes = [s.lower() for s in path.suffixes if s.lower() != ".gz"]
    kind = suffixes[-1] if suffixes else ""
    try:
        if kind == ".parquet":
            yield from _parquet(path)
            return
        opener = gzip.open if path.suffix.lower() == ".gz" else open
        with opener(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as stream:
            if kind in _DELIMITERS:
                yield from _delimited(stream, _DELIMITERS[kind], source)
            elif kind in (".jsonl", ".ndjson"):
                yield from _json_lines(stream, source)
            elif kind == ".json":
                yield from _json_list(stream, path, source)
            else:
                raise DataProblem(
                    f"'{kind or path.name}' is not a table format",
                    where=str(path),
                    hint="csv, tsv, json, jsonl, parquet",
                )
    except (gzip.BadGzipFile, EOFError) as problem:
        raise DataProblem(f"the compressed file is damaged: {problem}", where=str(path)) from problem


def _delimited(stream: TextIO, delimiter: str, source: str) -> Iterator[Record | Quarantined]:
    csv.field_size_limit(_MAX_FIELD)
    reader = csv.DictReader(stream, delimiter=delimiter)
    if reader.fieldnames is None:  # reads the header
        return
    while True:
        first = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield Quarantined(source, f"line {first}", f"the row cannot be read: {problem}")
            continue
        where = f"line {first if reader.line_num == first else f'{first}-{reader.line_num}'}"
        if None in row:
            values = [str(v) for v in row.values() if isinstance(v, str)]
            yield Quarantined(source, where, "the row has more fields than the header", delimiter.join(values)[:200])
            continue
        yield where, {str(k): v or "" for k, v in row.items()}


def _json_lines(stream: TextIO, source: str) -> Iterator[Record | Quarantined]:
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as problem:
            yield Quarantined(source, f"line {number}", f"the line is not JSON: {problem.msg}", line[:200].strip())
            continue
        yield _from_json(value, f"line {number}", source)


def _json_list(stream: TextIO, path: Path, source: str) -> Iterator[Record | Quarantined]:
    try:
        values = json.load(stream)
    except json.JSONDecodeError as problem:
        raise DataProblem(f"not JSON: {problem.msg}", where=f"{path}:{problem.lineno}") from problem
    if not isinstance(values, list):
        raise DataProblem("a JSON table is a list of objects", where=str(path))
    for number, value in enumerate(values, start=1):
        yield _from_json(value, f"record {number}", source)


def _from_json(value: Any, where: str, source: str) -> Record | Quarantined:
    if not isinstance(value, Mapping):
        return Quarantined(source, where, "the record is not a JSON object", str(value)[:200])
    return where, {str(k): _text(v) for k, v in value.items()}


def _parquet(path: Path) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        number = 0
        for batch in file.iter_batches(batch_size=2048):
            for row in batch.to_pylist():
                number += 1
                yield f"row {number}", {str(k): _text(v) for k, v in row.items()}
    except (pa.ArrowInvalid, OSError) as problem:
        raise DataProblem(f"not a Parquet file: {problem}", where=str(path)) from problem


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(_text(v) for v in value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)
