"""A second SPARQL engine for proofs: rdflib, which shares no code with the store that the items were made over.

It is far slower. Where the two disagree, one of them is at fault, and a proof should rest on neither alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyoxigraph as ox

from met_kg.graph.store import Graph
from met_kg.vocabulary import expand

__all__ = ["rdflib_ask"]


def rdflib_ask(graph: Graph, names: Sequence[str]) -> Callable[[str], bool]:
    """Copy some named graphs of a store into rdflib; returns what answers an ASK over the copy."""
    import rdflib

    copy = rdflib.Dataset()
    for name in map(expand, names):
        quads = graph.store.quads_for_pattern(None, None, None, ox.NamedNode(name))
        triples = ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES)
        copy.graph(rdflib.URIRef(name)).parse(data=triples or b"", format="nt")
    return lambda text: bool(copy.query(text).askAnswer)
