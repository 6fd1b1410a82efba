"""Plain text and Markdown: the whole file is one document, so that offsets are those of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from met_kg.literature.document import Document
from met_kg.literature.formats.lines import Line
from met_kg.records import Quarantined

__all__ = ["read"]

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)


def read(lines: Iterator[Line | Quarantined], source: str, licence: str) -> Iterator[Document | Quarantined]:
    """The file as one document; its title is the first Markdown heading, where there is one."""
    parts: list[str] = []
    for line in lines:
        if isinstance(line, Quarantined):
            yield line
        else:
            parts.append(line.text)
    text = "".join(parts)
    if not text.strip():
        yield Quarantined(source, "file", "the file has no text")
        return
    heading = _HEADING.search(text)
    yield Document(Path(source).name, text, heading[1] if heading else "", source, licence)
