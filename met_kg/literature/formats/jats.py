"""An article in JATS XML, as PMC Open Access gives it (jats.nlm.nih.gov): abstract, text and captions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from met_kg.errors import DataProblem
from met_kg.literature.article import LEFT_OUT, elements, first, flat, identifiers, licence_of, name_of, parse
from met_kg.literature.document import Document
from met_kg.literature.formats.lines import Line
from met_kg.records import Quarantined

__all__ = ["read"]

_IDS: Final = ("pmcid", "pmc", "pmid", "doi")


def read(lines: Iterator[Line | Quarantined], source: str, licence: str) -> Iterator[Document | Quarantined]:
    """The article of a file; XML that declares entities, or is none, comes as Quarantined."""
    text: list[str] = []
    for line in lines:
        if isinstance(line, Quarantined):
            yield line
        else:
            text.append(line.text)
    try:
        article = parse("".join(text).encode())
    except DataProblem as problem:
        yield Quarantined(source, problem.where, problem.message, "")
        return
    title = flat(first(article, "article-title"))
    body = [
        part for name in ("abstract", "body", "floats-group") for e in elements(article, name) for part in _blocks(e)
    ]
    identifier = next((i for kind in _IDS for i in identifiers(article, kind)), source)
    stated = licence_of(article) or licence
    yield Document(identifier, "\n\n".join([title, *body]).strip(), title, source, stated)


def _blocks(element: Any) -> Iterator[str]:
    """Paragraphs and titles in order; a paragraph inside another (a list, a figure) stands for itself."""
    for child in element:
        if name_of(child) in LEFT_OUT:
            continue
        if name_of(child) in ("p", "title") and (text := flat(child)):
            yield text
        else:
            yield from _blocks(child)
