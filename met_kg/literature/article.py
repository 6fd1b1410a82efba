"""A JATS article as XML (jats.nlm.nih.gov): read without entities; its names, licence and plain text."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from met_kg.errors import DataProblem

__all__ = ["LEFT_OUT", "elements", "first", "flat", "identifiers", "licence_code", "licence_of", "name_of", "parse"]

#: What is no running text: formulas, references, supplements, links to them.
LEFT_OUT: Final = frozenset(
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
_CREATIVE_COMMONS: Final = re.compile(
    r"creativecommons\.org/(?:licenses/(by(?:-n[cd]|-sa){0,2})|publicdomain/(zero|mark))/(\d\.\d)", re.IGNORECASE
)


def parse(text: bytes) -> Any:
    """The ``article`` element of a file.

    Raises
    ------
    DataProblem
        when the file declares entities, is no XML, or holds no article; ``where`` is the line.
    """
    try:
        root = ElementTree.fromstring(text)
    except DefusedXmlException as problem:
        raise DataProblem(f"the XML declares entities, which could harm ({problem})", where="line 1") from problem
    except (ParseError, LookupError, ValueError) as problem:  # the latter two: an encoding that is none
        line = problem.position[0] if isinstance(problem, ParseError) else 1
        raise DataProblem(f"not well-formed XML: {problem}", where=f"line {line}") from problem
    article = root if name_of(root) == "article" else first(root, "article")
    if article is None:
        raise DataProblem("the XML holds no JATS article", where="line 1")
    return article


def name_of(element: Any) -> str:
    """The element's name without its namespace; '' for a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def elements(element: Any, name: str) -> Iterator[Any]:
    """All elements of a name at or under another, in order."""
    return (e for e in element.iter() if name_of(e) == name)


def first(element: Any, name: str) -> Any:
    """The first element of a name, None when there is none."""
    return next(elements(element, name), None)


def identifiers(article: Any, kind: str) -> Iterator[str]:
    """The article's identifiers of a kind: pmcid, pmc, pmid, doi. Those of PubMed Central start with PMC."""
    for e in elements(article, "article-id"):
        if e.get("pub-id-type") == kind and (e.text or "").strip():
            text = (e.text or "").strip()
            yield f"PMC{text}" if kind in ("pmc", "pmcid") and text.isdigit() else text


def licence_of(article: Any) -> str:
    """The address of the licence, else what it says."""
    for name in ("license_ref", "license"):
        for e in elements(article, name):
            if said := (_address(e) or flat(e)):
                return said[:300]
    return ""


def licence_code(text: str) -> str:
    """A licence's SPDX code where its Creative Commons address is in the text, else the text.

    >>> licence_code("http://creativecommons.org/licenses/by-nc/4.0/"), licence_code("All rights reserved")
    ('CC-BY-NC-4.0', 'All rights reserved')
    """
    found = _CREATIVE_COMMONS.search(text)
    if not found:
        return text
    if found[1]:
        return f"CC-{found[1].upper()}-{found[3]}"
    return f"CC0-{found[3]}" if found[2].lower() == "zero" else "public domain"


def _address(element: Any) -> str:
    """The link of a licence: of itself, or the first Creative Commons link inside it."""
    links = [v for e in element.iter() for k, v in e.attrib.items() if k.endswith("href")]
    own = next((v for k, v in element.attrib.items() if k.endswith("href")), "")
    return own or next((link for link in links if _CREATIVE_COMMONS.search(link)), "")


def flat(element: Any, left_out: Container[str] = LEFT_OUT) -> str:
    """All text of an element on one line; inline markup leaves no gap, what is left out leaves none either."""
    return " ".join(_text(element, left_out).split()) if element is not None else ""


def _text(element: Any, left_out: Container[str]) -> str:
    parts = [element.text or ""]
    for child in element:
        name = name_of(child)
        if name and name not in left_out:
            parts.append(f" {_text(child, left_out)} " if name in _BLOCKS else _text(child, left_out))
        parts.append(child.tail or "")
    return "".join(parts)
