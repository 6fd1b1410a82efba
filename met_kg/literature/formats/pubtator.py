"""PubTator: ``PMID|t|title``, ``PMID|a|abstract``, then ``PMID start end text kind codes`` separated by tabs.

Offsets count the title, one character, and the abstract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from met_kg.literature.document import Annotation, Document
from met_kg.literature.formats.lines import Line
from met_kg.records import Quarantined

__all__ = ["read"]

_TEXT = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)


def read(lines: Iterator[Line | Quarantined], source: str, licence: str) -> Iterator[Document | Quarantined]:
    """Documents with their annotations; a line that breaks the format is set aside and the rest goes on."""
    block: list[Line] = []
    for line in lines:
        if isinstance(line, Quarantined):
            yield line
        elif line.text.strip():
            if block and _opens_document(line.text) and any(_opens_document(b.text) for b in block):
                yield from _document(block, source, licence)  # no blank line between two documents
                block = []
            block.append(line)
        elif block:
            yield from _document(block, source, licence)
            block = []
    if block:
        yield from _document(block, source, licence)


def _opens_document(text: str) -> bool:
    match = _TEXT.match(text)
    return bool(match) and match is not None and match[2] == "t"


def _document(block: list[Line], source: str, licence: str) -> Iterator[Document | Quarantined]:
    identifier, title, abstract = "", "", ""
    rest: list[Line] = []
    for line in block:
        if match := _TEXT.match(line.text.rstrip("\r\n")):
            identifier = identifier or match[1].strip()
            if match[2] == "t":
                title = match[3]
            else:
                abstract = match[3]
        else:
            rest.append(line)
    if not identifier:
        yield Quarantined(
            source, f"line {block[0].number}", "no 'ID|t|title' line opens this block", block[0].text[:200].strip()
        )
        return
    text = f"{title}\n{abstract}"
    annotations: list[Annotation] = []
    for line in rest:
        found = _annotation(line, text)
        if isinstance(found, Annotation):
            annotations.append(found)
        else:
            yield Quarantined(source, f"line {line.number}", found, line.text[:200].strip())
    yield Document(identifier, text, title, source, licence, annotations=tuple(annotations))


def _annotation(line: Line, text: str) -> Annotation | str:
    """The annotation on a line, or why it is none."""
    fields = line.text.rstrip("\r\n").split("\t")
    if len(fields) < 5 or not (fields[1].isdigit() and fields[2].isdigit()):
        return "the line is neither text nor 'ID start end text kind codes' separated by tabs"
    start, end, quoted, kind = int(fields[1]), int(fields[2]), fields[3], fields[4]
    if text[start:end].replace("\n", " ") != quoted:
        return f"the annotation says '{quoted}' but the text at {start}-{end} is '{text[start:end]}'"
    codes = re.split(r"[|+]", fields[5]) if len(fields) > 5 else []
    return Annotation(start, end, quoted, kind, tuple(_curie(c.strip()) for c in codes if c.strip()))


def _curie(code: str) -> str:
    """Bare MeSH identifiers (``D003866``, ``C537730``) get their prefix."""
    return f"MESH:{code}" if re.fullmatch(r"[CD]\d+", code) else code
