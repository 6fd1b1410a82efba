"""The records of an export: one for each caption and each item, with all that its sample brings along.

Columns are those of the tables, so that a new one travels by itself. Free structure (``proof``, ``chain``, ``facts``)
is a JSON text, as in the tables; :func:`unpacked` makes objects of it for the forms that are JSON themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from met_kg import tables
from met_kg.synthesis.export.content import Content, in_split
from met_kg.synthesis.prompts import caption_prompt, question_prompt

__all__ = ["JSON_TEXTS", "KINDS", "Kind", "Record", "columns", "flattened", "records", "unpacked", "write_lines"]

Kind = Literal["captions", "items"]
Record = dict[str, Any]

KINDS: Final[tuple[Kind, ...]] = ("captions", "items")
#: What a record takes over from its sample.
_OF_SAMPLE: Final = ("source", "licence", "origin", "group_id", "synthetic")
_TABLE: Final[dict[Kind, str]] = {"captions": "captions", "items": "vqa"}
#: Columns of free structure.
JSON_TEXTS: Final = ("proof", "chain", "facts")
_MESSAGES: Final = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))


@cache
def columns(kind: Kind) -> pa.Schema:
    """Columns of the records of a kind, in order.

    ``id``, ``image`` (its place in the export, '' without one), ``image_sha256``, ``messages`` (what user and assistant
    say, as chat templates read it), the columns of the table, and from the sample its source, licence and origin.
    """
    own = [field for field in tables.SCHEMAS[_TABLE[kind]] if field.name not in ("item_id", "sample_id", "split")]
    return pa.schema(
        [
            pa.field("id", pa.string()),
            pa.field("sample_id", pa.string()),
            pa.field("split", pa.string()),
            pa.field("image", pa.string()),
            pa.field("image_sha256", pa.string()),
            pa.field("messages", _MESSAGES),
            *own,
            *(tables.SCHEMAS["samples"].field(name) for name in _OF_SAMPLE),
        ]
    )


def records(kind: Kind, content: Content, split: str) -> Iterator[Record]:
    """The records of a kind in a split, by sample."""
    names = columns(kind).names
    samples = in_split(content.samples, split)
    by_id = {str(row["sample_id"]): row for row in _rows(samples[["sample_id", "image", "sha256", *_OF_SAMPLE]])}
    table = content.captions if kind == "captions" else content.vqa
    for row in _rows(in_split(table, split)):
        sample = by_id[str(row["sample_id"])]
        ask, answer = _turns(kind, row)
        record = {
            **row,
            **{name: sample[name] for name in _OF_SAMPLE},
            "id": row["item_id"] if kind == "items" else f"{row['sample_id']}-{row['level']}",
            "image": sample["image"],
            "image_sha256": sample["sha256"],
            "messages": [{"role": "user", "content": ask}, {"role": "assistant", "content": answer}],
        }
        yield {name: record[name] for name in names}


def _turns(kind: Kind, row: Mapping[str, Any]) -> tuple[str, str]:
    if kind == "captions":
        return caption_prompt(str(row["level"])), str(row["text"])
    return question_prompt(str(row["format"]), str(row["question"]), list(row["options"])), str(row["answer"])


def _rows(table: pd.DataFrame) -> Iterator[Record]:
    """Rows of plain values (lists, and None for a number that is not there), a batch in memory at a time."""
    for start in range(0, len(table), tables.BATCH):
        for row in table.iloc[start : start + tables.BATCH].to_dict("records"):
            yield {str(name): _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return None if isinstance(value, float) and math.isnan(value) else value


def unpacked(record: Record) -> Record:
    """The record with objects for its JSON texts; a text that is no JSON stays."""
    return {name: _parsed(value) if name in JSON_TEXTS else value for name, value in record.items()}


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return text


def flattened(kind: Kind, record: Record) -> Record:
    """A record of either kind with the same columns, of the same types: ``kind``, then those of both but ``image``.

    A list is a JSON text. What a kind lacks is '' (text), '[]' (list), false (flag), 1 (weight).
    """
    flat: Record = {"kind": kind.removesuffix("s")}
    for name, blank in _blanks().items():
        value = record.get(name, blank)
        flat[name] = orjson.dumps(value).decode() if isinstance(value, list) and name != "messages" else value
    return flat


@cache
def _blanks() -> dict[str, Any]:
    fields = {field.name: field.type for kind in KINDS for field in columns(kind) if field.name != "image"}
    return {name: _blank(of) for name, of in fields.items()}


def _blank(of: pa.DataType) -> Any:
    if pa.types.is_list(of):
        return []
    return "" if pa.types.is_string(of) else False if pa.types.is_boolean(of) else 1.0


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write JSON lines and count them."""
    count = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        for row in rows:
            out.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count
