"""OWL in any of its syntaxes, as triples: one reading for everything that comes after.

RDF/XML, Turtle and N-Triples are read directly; functional, OWL/XML and Manchester syntax go through horned-owl, which
writes them out as RDF. Nothing is ever fetched: imports are not followed, and a document whose DOCTYPE declares
external or nested entities is refused before a parser sees it.
"""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import pyoxigraph as ox

from met_kg.errors import DataProblem, MissingData
from met_kg.records import Quarantined
from met_kg.vocabulary import BASE, expand

if TYPE_CHECKING:
    from pyhornedowl import PyIndexedOntology

__all__ = ["Syntax", "horned", "owl_text", "owl_triples", "sniff_syntax"]

#: A relative IRI in a file that states no base is read below this address.
_BASE: Final = f"{BASE}relative/"
_DISJOINT: Final = ox.NamedNode(expand("owl:disjointWith"))
_RDF_SYNTAX: Final = {"rdf": ox.RdfFormat.RDF_XML, "ttl": ox.RdfFormat.TURTLE}
Syntax = Literal["ofn", "omn", "owx", "rdf", "ttl"]
#: How a document begins, after comments and blank lines -> its syntax. The first match counts.
_BEGINNINGS: Final[tuple[tuple[re.Pattern[str], Syntax], ...]] = (
    (re.compile(r"(Prefix|Ontology)\s*\("), "ofn"),
    (re.compile(r"(Prefix|Ontology)\s*:"), "omn"),
    (re.compile(r"(@prefix|@base|prefix|base)\s", re.IGNORECASE), "ttl"),
    (re.compile(r"<(\w+:)?RDF[\s>]"), "rdf"),
    (re.compile(r"<(owl:)?Ontology[\s>]"), "owx"),
    (re.compile(r"(<[^>\s]*>|_:\w+|\[|[\w-]*:\w+)\s"), "ttl"),  # a triple; N-Triples are Turtle too
)
_PROLOGUE: Final = re.compile(r"(\s+|#[^\n]*\n|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>)", re.DOTALL)
_ENTITY: Final = re.compile(r"<!ENTITY\s+(%\s+)?([\w.-]+)\s+(SYSTEM|PUBLIC|\"[^\"]*\"|'[^']*')", re.DOTALL)
#: An entity is used for a namespace; anything longer has another purpose.
_LONGEST_ENTITY: Final = 1000


def sniff_syntax(text: str) -> Syntax | None:
    """The OWL syntax of a document, or None when it looks like none of them.

    >>> sniff_syntax("# a comment\\nPrefix(owl:=<http://www.w3.org/2002/07/owl#>)")
    'ofn'
    >>> sniff_syntax('<?xml version="1.0"?>\\n<rdf:RDF xmlns="urn:x">')
    'rdf'
    """
    at = 0
    while found := _PROLOGUE.match(text, at):
        at = found.end()
    return next((syntax for pattern, syntax in _BEGINNINGS if pattern.match(text, at)), None)


def owl_triples(path: Path) -> tuple[list[ox.Triple], list[Quarantined]]:
    """The triples of an OWL file (gzipped or not), and what could not be read.

    The content decides the syntax, not the file's name. A file of triples that breaks off in the middle gives what
    stood before the fault; the fault is in the second list.

    Raises
    ------
    MissingData
        when the file is not there.
    DataProblem
        when nothing of it can be read as OWL, or its DOCTYPE is unsafe.
    """
    text, syntax, damaged = owl_text(path)
    triples: list[ox.Triple] = []
    if syntax == "ofn" or syntax == "omn" or syntax == "owx":
        ontology = horned(text, syntax, path)
        if "Disjoint" in text:
            triples += _disjoint_pairs(ontology)
        text, syntax = ontology.save_to_string("rdf"), "rdf"
    try:
        for quad in ox.parse(input=text, format=_RDF_SYNTAX[syntax], base_iri=_BASE):
            triples.append(quad.triple)
    except SyntaxError as problem:
        if not triples:
            raise DataProblem(f"the file does not read as OWL: {problem}", where=str(path)) from problem
        line = getattr(problem, "lineno", None)
        damaged.append(
            Quarantined(
                path.name, f"line {line}" if line else "", f"reading stopped here, what follows is lost: {problem}"
            )
        )
    return triples, damaged


def _disjoint_pairs(ontology: PyIndexedOntology) -> list[ox.Triple]:
    """Each pair of three or more disjoint classes: horned-owl writes the pairs of the first one only as RDF."""
    from pyhornedowl.model import Class, DisjointClasses

    found = []
    for axiom in ontology.get_axioms():
        if isinstance(axiom.component, DisjointClasses):
            named = [ox.NamedNode(str(c.first)) for c in axiom.component.first if isinstance(c, Class)]
            found += [ox.Triple(a, _DISJOINT, b) for i, a in enumerate(named) for b in named[i + 1 :]]
    return sorted(set(found), key=str)


def owl_text(path: Path) -> tuple[str, Syntax, list[Quarantined]]:
    """The text of an OWL file that is safe to parse, its syntax, and where its bytes were damaged.

    Raises
    ------
    MissingData, DataProblem
        as :func:`owl_triples`.
    """
    if not path.is_file():
        raise MissingData("the ontology file is not there", where=str(path))
    text, damaged = _text(path)
    _refuse_unsafe_entities(text, path)
    syntax = sniff_syntax(text)
    if syntax is None:
        known = "RDF/XML, functional, OWL/XML, Manchester, Turtle, N-Triples"
        raise DataProblem("the file does not begin like OWL in any syntax", where=str(path), hint=f"known: {known}")
    return text, syntax, damaged


def _text(path: Path) -> tuple[str, list[Quarantined]]:
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as problem:
        raise DataProblem(f"the file cannot be unpacked: {problem}", where=str(path)) from problem
    try:
        return raw.decode("utf-8-sig"), []
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        reason = "bytes that are not UTF-8 were replaced by U+FFFD, first here"
        return raw.decode("utf-8-sig", errors="replace"), [Quarantined(path.name, f"line {line}", reason)]


def _refuse_unsafe_entities(text: str, path: Path) -> None:
    """OWL files may abbreviate namespaces by entities; any other use of them is an attack or a mistake."""
    start = text.find("<!DOCTYPE")
    if start < 0:
        return
    for _, name, value in _ENTITY.findall(text, start):
        if value in ("SYSTEM", "PUBLIC"):
            problem = f"entity '{name}' points outside the file"
        elif "&" in value or "%" in value:
            problem = f"entity '{name}' is built from other entities"
        elif len(value) > _LONGEST_ENTITY:
            problem = f"entity '{name}' is {len(value)} characters long"
        else:
            continue
        raise DataProblem(problem, where=str(path), hint="write the text out in place of the entity")


def horned(text: str, syntax: Literal["ofn", "omn", "owx", "rdf"], path: Path) -> PyIndexedOntology:
    """The ontology that a text holds, in horned-owl; ``path`` is named when it holds none.

    Raises
    ------
    DataProblem
        when the text is not OWL in that syntax.
    """
    import pyhornedowl

    try:
        return pyhornedowl.open_ontology_from_string(text, serialization=syntax)
    except Exception as problem:  # horned-owl raises ValueError, and its own exceptions on some inputs
        reason = _short(str(problem))
        raise DataProblem(f"the file does not read as OWL ({syntax}): {reason}", where=str(path)) from problem


def _short(reason: str) -> str:
    """Line and column out of horned-owl's long report, where it has them."""
    found = re.search(r"line_col: Pos\(\((\d+), (\d+)\)\)", reason)
    return f"syntax error in line {found[1]}, column {found[2]}" if found else reason[:200]
