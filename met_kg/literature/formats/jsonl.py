"""JSON lines with a text field: ``text``, else ``title`` + ``abstract``, else ``caption``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from met_kg.literature.document import Document
from met_kg.literature.formats.lines import Line
from met_kg.records import Quarantined

__all__ = ["read"]

_IDS = ("id", "_id", "pmid", "doc_id", "document", "sample_id")


def read(lines: Iterator[Line | Quarantined], source: str, licence: str) -> Iterator[Document | Quarantined]:
    """One document a line; its licence field, where it has one, goes before the file's."""
    for line in lines:
        if isinstance(line, Quarantined):
            yield line
            continue
        if not line.text.strip():
            continue
        record = _record(line.text)
        text = _text(record)
        if not text:
            reason = "the line is no JSON object with a 'text', 'abstract' or 'caption'"
            yield Quarantined(source, f"line {line.number}", reason, line.text[:200].strip())
            continue
        identifier = next((str(record[k]) for k in _IDS if record.get(k) not in (None, "")), f"line-{line.number}")
        stated = str(record.get("licence") or record.get("license") or licence)
        section = str(record.get("section") or "")
        yield Document(identifier, text, str(record.get("title") or ""), source, stated, section)


def _record(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(record: dict[str, Any]) -> str:
    if isinstance(text := record.get("text"), str) and text.strip():
        return text
    if isinstance(abstract := record.get("abstract"), str) and abstract.strip():
        return f"{record.get('title') or ''}\n{abstract}"
    caption = record.get("caption")
    return caption if isinstance(caption, str) and caption.strip() else ""
