"""A UMLS semantic type for every node: from its source, else from the nearest branch above it that has one.

The branches stand in ``ontology/semantic-types.tsv`` (node, type, name), which an ontologist edits; types and names
are those of the UMLS Semantic Network (NLM, www.nlm.nih.gov/research/umls).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

import pyoxigraph as ox

from met_kg.errors import DataProblem
from met_kg.paths import ontology_dir
from met_kg.tree.nodes import Node
from met_kg.vocabulary import expand, is_curie

__all__ = ["assign_semantic_types", "branch_types", "type_names"]

_FILE = "semantic-types.tsv"
_TYPE = re.compile(r"T\d{3}")


def assign_semantic_types(nodes: Mapping[str, Node]) -> None:
    """Give every placed node without a semantic type that of the nearest typed branch on its path to the root."""
    branches = branch_types()
    for node in nodes.values():
        if node.semantic_types or node.obsolete:
            continue
        here: str | None = node.curie
        while here is not None and here not in branches:
            here = nodes[here].tree_parent
        if here is not None:
            node.semantic_types.add(branches[here])


@lru_cache(maxsize=1)
def _rows() -> tuple[tuple[str, str, str], ...]:
    path = ontology_dir() / _FILE
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream, delimiter="\t"))[1:]
    for line, row in enumerate(rows, 2):
        if len(row) != 3 or not is_curie(row[0]) or not _TYPE.fullmatch(row[1]) or not row[2]:
            raise DataProblem("not a node, a type such as T047, and its name", where=f"{path}:{line}")
    return tuple((node, f"STY:{tui}", name) for node, tui, name in rows)


def branch_types() -> dict[str, str]:
    """Branch node -> semantic type, both as CURIEs.

    Raises
    ------
    DataProblem
        when a row of the table is not as it should be.
    """
    return {node: tui for node, tui, _ in _rows()}


def type_names() -> Iterator[ox.Triple]:
    """The name of each semantic type, so that queries and Protégé show words."""
    for tui, name in sorted({(tui, name) for _, tui, name in _rows()}):
        yield ox.Triple(ox.NamedNode(expand(tui)), ox.NamedNode(expand("rdfs:label")), ox.Literal(name, language="en"))
