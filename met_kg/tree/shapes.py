"""The shapes that the project's own classes have: SHACL (w3.org/TR/shacl), ``ontology/shapes/met.ttl``, by pyshacl."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.graph.store import Graph
from met_kg.paths import ontology_dir
from met_kg.tree.check import Finding, Level
from met_kg.vocabulary import contract

__all__ = ["check_shapes"]

_LEVELS: dict[str, Level] = {"Violation": "ERROR", "Warning": "WARN", "Info": "INFO"}


def check_shapes(graph: Graph) -> Iterator[Finding]:
    """Where a class with a MET: identifier has another shape, in order of the class.

    Only these classes are handed to pyshacl: rdflib would take minutes over the whole tree, and what comes from a
    source is not ours to shape.
    """
    import pyshacl
    import rdflib

    data = rdflib.Graph()
    data.parse(data=graph.construct("check/own-classes"), format="nt")
    shapes = rdflib.Graph().parse(ontology_dir() / "shapes" / "met.ttl")
    _, results, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False)
    sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")
    found = []
    for result in results.subjects(rdflib.RDF.type, sh.ValidationResult):
        severity = str(results.value(result, sh.resultSeverity)).rpartition("#")[2]
        focus, path = results.value(result, sh.focusNode), results.value(result, sh.resultPath)
        if isinstance(focus, rdflib.BNode):  # the annotation of a synonym: name the class
            owl = "http://www.w3.org/2002/07/owl#annotatedSource"
            focus = data.value(focus, rdflib.URIRef(owl)) or focus
        message = str(results.value(result, sh.resultMessage))
        found.append(Finding(_LEVELS[severity], "shacl", contract(str(focus)), contract(str(path)), message))
    yield from sorted(set(found), key=lambda f: (f.entity, f.property, f.value))
