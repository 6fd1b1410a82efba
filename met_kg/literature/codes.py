"""The codes of nodes in other vocabularies, for people and tools that speak MeSH, OMIM or SNOMED CT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from met_kg.errors import UnknownName
from met_kg.graph.store import Graph
from met_kg.vocabulary import PREFIXES, contract

__all__ = ["CODE_SYSTEMS", "code_systems", "codes_of", "node_codes"]

#: Every prefix that codes of nodes can have.
CODE_SYSTEMS: Final = tuple(prefix for prefix in PREFIXES if prefix[0].isupper())


def code_systems(names: str) -> tuple[str, ...]:
    """Prefixes named in a comma-separated text, in any case.

    >>> code_systems("mesh, OMIM")
    ('MESH', 'OMIM')

    Raises
    ------
    UnknownName
        when a prefix is not one of :data:`met_kg.vocabulary.PREFIXES`.
    """
    known = {prefix.upper(): prefix for prefix in CODE_SYSTEMS}
    asked = [name.strip().upper() for name in names.split(",") if name.strip()]
    for name in asked:
        if name not in known:
            raise UnknownName("code system", name, known)
    return tuple(dict.fromkeys(known[name] for name in asked))


def node_codes(graph: Graph, prefixes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Node -> its codes as CURIEs, in the order of the prefixes asked for, then by code."""
    found: dict[str, set[str]] = {}
    for row in graph.rows("retrieve/codes"):
        code = contract(str(row["code"]))
        if code.partition(":")[0] in prefixes:
            found.setdefault(str(row["node"]), set()).add(code)
    return {node: _ordered(codes, prefixes) for node, codes in found.items()}


def codes_of(node: str, codes: Mapping[str, tuple[str, ...]], prefixes: Sequence[str]) -> tuple[str, ...]:
    """The codes of one node in these vocabularies; its own CURIE is among them when its vocabulary was asked for."""
    return _ordered({c for c in (node, *codes.get(node, ())) if c.partition(":")[0] in prefixes}, prefixes)


def _ordered(codes: set[str], prefixes: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(codes, key=lambda code: (prefixes.index(code.partition(":")[0]), code)))
