"""Read documents of any known format; the format is told from the name, else from the first lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from met_kg.errors import MissingData, UnknownName
from met_kg.literature.document import Annotation, Document
from met_kg.literature.formats import html, jats, jsonl, plain, pubtator, sections
from met_kg.literature.formats.lines import STDIN, Line, read_lines
from met_kg.records import Quarantined

__all__ = ["FORMATS", "Annotation", "Document", "read_documents"]

_Reader = Callable[[Iterator[Line | Quarantined], str, str], Iterator[Document | Quarantined]]

#: Readers by format name. A new format is one file and one line here.
FORMATS: dict[str, _Reader] = {
    "pubtator": pubtator.read,
    "sections": sections.read,
    "jsonl": jsonl.read,
    "text": plain.read,
    "jats": jats.read,
    "html": html.read,
}
_BY_ENDING = {
    ".pubtator": "pubtator",
    ".txt": "",
    ".md": "text",
    ".markdown": "text",
    ".nxml": "jats",
    ".html": "html",
    ".htm": "html",
}
#: Endings that tell that there is a document; some do not tell which format it has.
_ENDINGS = (*_BY_ENDING, ".xml", ".json", ".jsonl", ".ndjson")


def read_documents(
    path: str | Path, format: str | None = None, *, source: str = "", licence: str = ""
) -> Iterator[Document | Quarantined]:
    """Documents of a file, a folder or standard input (``-``), one at a time; what cannot be read comes as Quarantined.

    Of a folder every file is read whose name is that of a document, in order of the names, folders inside included: a
    download of PubMed Central's open articles is such a folder.

    Parameters
    ----------
    format
        one of :data:`FORMATS`; None looks at the name and the first lines.
    source, licence
        what the documents say of their origin; the source is the file name when not given.

    Raises
    ------
    MissingData
        when the file cannot be read, or the folder has none.
    UnknownName
        when no format has that name.
    """
    if format is not None and format not in FORMATS:
        raise UnknownName("document format", format, FORMATS)
    if str(path) != STDIN and Path(path).is_dir():
        return _folder(Path(path), format, source or Path(path).name, licence)
    lines = read_lines(path)
    name = source or ("stdin" if str(path) == STDIN else Path(path).name)
    head: list[Line | Quarantined] = []
    if format is None:
        for line in lines:
            head.append(line)
            if isinstance(line, Line) and line.text.strip():
                break
        format = _detect(str(path), next((x.text for x in reversed(head) if isinstance(x, Line)), ""))
    return FORMATS[format](chain(head, lines), name, licence)


def _folder(folder: Path, format: str | None, source: str, licence: str) -> Iterator[Document | Quarantined]:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    if not any(map(_is_document, files)):
        raise MissingData("the folder holds no document", where=str(folder), hint=f"files end in {', '.join(_ENDINGS)}")
    return (found for path in files for found in _file_of(folder, path, format, source, licence))


def _file_of(
    folder: Path, path: Path, format: str | None, source: str, licence: str
) -> Iterator[Document | Quarantined]:
    where = path.relative_to(folder).as_posix()
    if not _is_document(path):
        yield Quarantined(source, where, "its name is not that of a document")
        return
    try:
        yield from read_documents(path, format, source=source, licence=licence)
    except MissingData as problem:
        yield Quarantined(source, where, str(problem))


def _is_document(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(_ENDINGS)


def _detect(path: str, first: str) -> str:
    bare = path.removesuffix(".gz")
    if known := _BY_ENDING.get(Path(bare).suffix.lower()):
        return known
    if re.match(r"[^|\t\s]+\|[ta]\|", first):
        return "pubtator"
    if bare.lower().endswith(".xml"):
        return "jats"
    if re.match(r"\s*<(!doctype html|html)", first, re.IGNORECASE):
        return "html"
    if first.lstrip().startswith("{"):
        try:
            record = json.loads(first)
        except ValueError:
            return "jsonl"
        return "sections" if "paragraphs" in record else "jsonl"
    return "jsonl" if bare.endswith((".jsonl", ".ndjson")) else "text"
