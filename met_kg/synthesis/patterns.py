"""Pieces of SPARQL that claims and proofs are written with. Nothing but serialised RDF terms enters their text."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import pyoxigraph as ox

from met_kg.synthesis.index import PREDICATE
from met_kg.vocabulary import Graphs, expand

__all__ = [
    "ANCESTOR",
    "CLOSURE",
    "DEPICTS",
    "EXCLUDES",
    "KIN",
    "LINK",
    "PARENT",
    "PART_OF",
    "SAMPLES",
    "SHOWS",
    "TREE",
    "term",
]


@lru_cache(maxsize=100_000)
def term(curie: str) -> str:
    """A CURIE as a serialised RDF term; ValueError when it is none."""
    return str(ox.NamedNode(expand(curie)))


TREE: Final = f"GRAPH {term(Graphs.TREE)}"
CLOSURE: Final = f"GRAPH {term(Graphs.CLOSURE)}"
SAMPLES: Final = f"GRAPH {term(Graphs.SAMPLES)}"
PARENT: Final = term("met:treeParent")
ANCESTOR: Final = term("met:ancestor")
PART_OF: Final = term("met:partOf")
DEPICTS: Final = term("met:depicts")
SHOWS: Final = f"{term('met:depicts')}|{term('met:mayDepict')}"
EXCLUDES: Final = term("met:excludes")
LINK: Final = {kind: term(predicate) for kind, predicate in PREDICATE.items()}
#: ?x and ?d are kind, or part, of one another. EXISTS inside a FILTER is asked for each pair; a join would first list
#: all kin of a distractor.
KIN: Final = " || ".join(
    f"EXISTS {{ {CLOSURE} {{ {one} {predicate} {other} }} }}"
    for one, other in (("?x", "?d"), ("?d", "?x"))
    for predicate in (ANCESTOR, PART_OF)
)
