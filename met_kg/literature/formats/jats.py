"""An article in JATS XML, as PMC Open Access gives it (jats.nlm.nih.gov): abstract, text and captions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from met_kg.literature.document import Document
from met_kg.literature.formats.lines import Line
from met_kg.records import Quarantined

__all__ = ["read"]

#: What is no running text: formulas, references, supplements, links to them.
_LEFT_OUT: Final = frozenset(
    {
        "ref-list",
        "supplementary-material",
        "tex-math",
        "math",
        "disp-formula",
        "inline-formula",
        "table",
        "xref",
        "fn-group",
    }
)
_BLOCKS: Final = frozenset({"p", "title", "caption", "label", "sec", "abstract", "list-item"})
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
        root = ElementTree.fromstring("".join(text).encode())
    except DefusedXmlException as problem:
        yield Quarantined(source, "line 1", f"the XML declares entities, which could harm ({problem})", "")
        return
    except ParseError as problem:
        yield Quarantined(source, f"line {problem.position[0]}", f"not well-formed XML: {problem}", "")
        return
    article = root if _name(root) == "article" else next((e for e in root.iter() if _name(e) == "article"), None)
    if article is None:
        yield Quarantined(source, "line 1", "the XML holds no JATS article", "")
        return
    title = _flat(_first(article, "article-title"))
    body = [part for name in ("abstract", "body", "floats-group") for e in _all(article, name) for part in _blocks(e)]
    identifier = next((i for kind in _IDS for i in _ids(article, kind)), source)
    stated = _licence(article) or licence
    yield Document(identifier, "\n\n".join([title, *body]).strip(), title, source, stated)


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _all(element: Any, name: str) -> Iterator[Any]:
    return (e for e in element.iter() if _name(e) == name)


def _first(element: Any, name: str) -> Any:
    return next(_all(element, name), None)


def _ids(article: Any, kind: str) -> Iterator[str]:
    for e in _all(article, "article-id"):
        if e.get("pub-id-type") == kind and (e.text or "").strip():
            text = (e.text or "").strip()
            yield f"PMC{text}" if kind in ("pmc", "pmcid") and text.isdigit() else text


def _licence(article: Any) -> str:
    """The address of the licence, else what it says."""
    for name in ("license_ref", "license"):
        for e in _all(article, name):
            link = next((v for k, v in e.attrib.items() if k.endswith("href")), "")
            if said := (link or _flat(e)):
                return said[:300]
    return ""


def _flat(element: Any) -> str:
    """All text of an element on one line; inline markup leaves no gap, what is left out leaves none either."""
    return " ".join(_text(element).split()) if element is not None else ""


def _text(element: Any) -> str:
    parts = [element.text or ""]
    for child in element:
        if _name(child) not in _LEFT_OUT:
            parts.append(f" {_text(child)} " if _name(child) in _BLOCKS else _text(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _blocks(element: Any) -> Iterator[str]:
    """Paragraphs and titles in order; a paragraph inside another (a list, a figure) stands for itself."""
    for child in element:
        if _name(child) in _LEFT_OUT:
            continue
        if _name(child) in ("p", "title") and (text := _flat(child)):
            yield text
        else:
            yield from _blocks(child)
