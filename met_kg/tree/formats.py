"""An ontology file in any OWL syntax, as axioms; and one normal form that depends on the axioms alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from met_kg.errors import DataProblem
from met_kg.sources.owl_syntax import horned, owl_text

__all__ = ["normalize", "read_axioms"]


def normalize(path: Path) -> str:
    """The ontology in functional syntax, one axiom a line, sorted, with full IRIs and without prefixes or comments.

    Two files with the same axioms give the same text whatever tool saved them and in whatever syntax.

    Raises
    ------
    MissingData
        when the file is not there.
    DataProblem
        when it cannot be read as OWL.
    """
    header, axioms = _split(path)
    return "\n".join([header, *axioms, ")"]) + "\n"


def read_axioms(path: Path) -> list[str]:
    """The axioms of an ontology file, one functional-syntax line each with full IRIs, sorted."""
    return _split(path)[1]


def _split(path: Path) -> tuple[str, list[str]]:
    text = _functional(path)
    prefixes = dict(re.findall(r"^Prefix\((\w*:)=<([^>]*)>\)", text, flags=re.MULTILINE))
    header, axioms = "Ontology(", []
    for line in text.splitlines():
        line = line.strip()
        if not line or line == ")" or line.startswith(("Prefix(", "#")):
            continue
        if line.startswith("Ontology("):
            header = _full(line, prefixes)
            continue
        axioms.append(_full(line, prefixes))
    return header, sorted(set(axioms))


_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"(?:@[\w-]+)?|<[^>]*>|(?P<prefix>\w*:)(?P<local>[^\s()"<>]+)')


def _full(line: str, prefixes: dict[str, str]) -> str:
    def replace(match: re.Match[str]) -> str:
        prefix = match.group("prefix")
        if prefix is None or prefix not in prefixes:
            return match.group()
        return f"<{prefixes[prefix]}{match.group('local')}>"

    return " ".join(_TOKEN.sub(replace, line).split(" "))


def _functional(path: Path) -> str:
    text, syntax, damaged = owl_text(path)
    if damaged:
        raise DataProblem(damaged[0].reason, where=f"{path}, {damaged[0].where}", hint="save it as UTF-8")
    if syntax == "ttl":
        # horned-owl reads RDF as XML only: pass the same triples on in that form.
        text, syntax = _as_xml(text, path), "rdf"
    functional: str = horned(text, syntax, path).save_to_string("ofn")
    return functional


def _as_xml(turtle: str, path: Path) -> str:
    try:
        triples = [quad.triple for quad in ox.parse(input=turtle, format=ox.RdfFormat.TURTLE)]
    except SyntaxError as problem:
        raise DataProblem(f"the file does not read as Turtle: {problem}", where=str(path)) from problem
    rdf = ox.serialize(triples, format=ox.RdfFormat.RDF_XML)
    assert rdf is not None
    return rdf.decode()
