"""The schema part of the project's ontology: properties, annotation properties, disjoint classes.

Read from ``ontology/met-edit.ofn``, the file an ontologist edits; nothing of it is repeated in Python.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import combinations
from typing import Final

import pyoxigraph as ox

from met_kg.errors import DataProblem
from met_kg.graph.store import Graph
from met_kg.paths import ontology_dir
from met_kg.vocabulary import Graphs, expand

__all__ = ["disjoint_pairs", "edit_file_triples", "edit_version", "schema_triples"]

_A: Final = ox.NamedNode(expand("rdf:type"))
_SCHEMA_TYPES: Final = frozenset(
    ox.NamedNode(expand(name))
    for name in (
        "owl:ObjectProperty",
        "owl:AnnotationProperty",
        "owl:DatatypeProperty",
        "owl:TransitiveProperty",
        "owl:AllDisjointClasses",
    )
)
_Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


@lru_cache(maxsize=1)
def edit_file_triples() -> tuple[ox.Triple, ...]:
    """All triples of the edit file, with disjoint classes two by two.

    (horned-owl writes an axiom for many classes as pairs with the first of them only.)
    """
    import pyhornedowl
    from pyhornedowl.model import DisjointClasses

    path = ontology_dir() / "met-edit.ofn"
    if not path.is_file():
        raise DataProblem("the project's ontology is not there", where=str(path), hint="reinstall the package")
    ontology = pyhornedowl.open_ontology_from_file(str(path), serialization="ofn")
    quads = ox.parse(input=ontology.save_to_string("rdf"), format=ox.RdfFormat.RDF_XML, base_iri=expand("met:"))
    disjoint = ox.NamedNode(expand("owl:disjointWith"))
    pairs = {
        ox.Triple(ox.NamedNode(str(one)), disjoint, ox.NamedNode(str(other)))
        for axiom in ontology.get_components()
        if isinstance(axiom.component, DisjointClasses)
        for one, other in combinations(axiom.component.first, 2)
    }
    stated = [quad.triple for quad in quads]
    return (*stated, *sorted(pairs.difference(stated), key=str))


def edit_version() -> str:
    """The date in the edit file's version IRI."""
    version = ox.NamedNode(expand("owl:versionIRI"))
    for triple in edit_file_triples():
        if triple.predicate == version and (found := re.search(r"\d{4}-\d{2}-\d{2}", str(triple.object))):
            return found.group()
    raise DataProblem("met-edit.ofn has no dated owl:versionIRI", hint="give it one: .../releases/YYYY-MM-DD/...")


def disjoint_pairs() -> set[tuple[str, str]]:
    """Pairs of classes (CURIEs) that the edit file says are disjoint, each pair in both orders."""
    graph = Graph.memory()
    graph.load_triples(Graphs.TREE, edit_file_triples())
    return {(str(row["node"]), str(row["other"])) for row in graph.rows("build/disjoint")}


def schema_triples() -> list[ox.Triple]:
    """Declarations of properties with their annotations, and which classes are disjoint.

    Blank nodes (the list of an AllDisjointClasses) are followed, and renamed in order of appearance: their names in a
    file mean nothing and would change from one reading to the next.
    """
    about: dict[_Term, list[ox.Triple]] = {}
    for triple in edit_file_triples():
        about.setdefault(triple.subject, []).append(triple)
    names: dict[ox.BlankNode, ox.BlankNode] = {}

    def stable(term: _Term) -> _Term:
        return names.setdefault(term, ox.BlankNode(f"schema{len(names)}")) if isinstance(term, ox.BlankNode) else term

    disjoint = ox.NamedNode(expand("owl:disjointWith"))
    found = [t for t in edit_file_triples() if t.predicate == disjoint]
    open_ends = [s for s, said in about.items() if any(t.predicate == _A and t.object in _SCHEMA_TYPES for t in said)]
    for subject in open_ends:  # grows while it is walked
        for t in about.get(subject, ()):
            found.append(ox.Triple(stable(t.subject), t.predicate, stable(t.object)))  # type: ignore[arg-type]
            if isinstance(t.object, ox.BlankNode):
                open_ends.append(t.object)
    return found
