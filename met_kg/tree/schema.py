"""The schema part of the project's ontology: properties, annotation properties, disjointness of the axes.

Read from ``ontology/met-edit.ofn``, the file an ontologist edits; nothing of it is repeated in Python.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import pyoxigraph as ox

from met_kg.errors import DataProblem
from met_kg.paths import ontology_dir
from met_kg.vocabulary import contract, expand

__all__ = ["edit_file_triples", "edit_version", "schema_triples"]

_PROPERTIES: Final = frozenset(
    {
        "owl:ObjectProperty",
        "owl:AnnotationProperty",
        "owl:DatatypeProperty",
        "owl:TransitiveProperty",
        "owl:AllDisjointClasses",
    }
)
_DISJOINT: Final = "owl:disjointWith"


@lru_cache(maxsize=1)
def edit_file_triples() -> tuple[ox.Triple, ...]:
    """All triples of the edit file."""
    import pyhornedowl

    path = ontology_dir() / "met-edit.ofn"
    if not path.is_file():
        raise DataProblem("the project's ontology is not there", where=str(path), hint="reinstall the package")
    ontology = pyhornedowl.open_ontology_from_file(str(path), serialization="ofn")
    rdf = ontology.save_to_string("rdf")
    return tuple(ox.parse(input=rdf, format=ox.RdfFormat.RDF_XML, base_iri=expand("met:")))  # type: ignore[arg-type]


def edit_version() -> str:
    """The date in the edit file's version IRI."""
    import re

    for triple in edit_file_triples():
        if contract(triple.predicate.value) == "owl:versionIRI" and isinstance(triple.object, ox.NamedNode):
            found = re.search(r"\d{4}-\d{2}-\d{2}", triple.object.value)
            if found:
                return found.group()
    raise DataProblem("met-edit.ofn has no dated owl:versionIRI", hint="give it one: .../releases/YYYY-MM-DD/...")


def schema_triples() -> list[ox.Triple]:
    """Declarations of properties with their annotations, and the disjointness of the axis roots."""
    triples = edit_file_triples()
    kept: set[str] = set()
    for t in triples:
        if t.predicate.value == expand("rdf:type") and isinstance(t.object, ox.NamedNode):
            if contract(t.object.value) in _PROPERTIES:
                kept.add(str(t.subject))
    return [
        t
        for t in _with_lists(triples, kept)
        if isinstance(t, ox.Triple)
    ]


def _with_lists(triples: tuple[ox.Triple, ...], subjects: set[str]) -> list[ox.Triple]:
    """Triples about the subjects, following blank nodes (RDF lists of AllDisjointClasses), plus disjointWith."""
    by_subject: dict[str, list[ox.Triple]] = {}
    for t in triples:
        by_subject.setdefault(str(t.subject), []).append(t)
    found: list[ox.Triple] = []
    names: dict[str, ox.BlankNode] = {}

    def stable(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple:
        if isinstance(term, ox.BlankNode):
            return names.setdefault(str(term), ox.BlankNode(f"schema{len(names)}"))
        return term

    open_ends, seen = sorted(subjects), set(subjects)
    while open_ends:
        for t in by_subject.get(open_ends.pop(0), []):
            subject = stable(t.subject)
            assert isinstance(subject, ox.NamedNode | ox.BlankNode)
            found.append(ox.Triple(subject, t.predicate, stable(t.object)))
            if isinstance(t.object, ox.BlankNode) and str(t.object) not in seen:
                seen.add(str(t.object))
                open_ends.append(str(t.object))
    found += [t for t in triples if contract(t.predicate.value) == _DISJOINT and isinstance(t.subject, ox.NamedNode)]
    return found
