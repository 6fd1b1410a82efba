"""The codes of nodes in other vocabularies, for people and tools that speak MeSH, OMIM or SNOMED CT."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from met_kg.errors import UnknownName
from met_kg.graph.store import Graph
from met_kg.vocabulary import PREFIXES, contract

__all__ = ["CODE_SYSTEMS", "NearestCodes", "code_systems", "node_codes", "superclasses"]

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


def superclasses(graph: Graph) -> dict[str, set[str]]:
    """Node -> its named superclasses, as stated."""
    found: dict[str, set[str]] = {}
    for row in graph.rows("build/subclasses"):
        found.setdefault(str(row["child"]), set()).add(str(row["parent"]))
    return found


class NearestCodes:
    """The codes of nodes in some vocabularies, or those of the nearest nodes above that have any.

    A vocabulary seldom has a code for every node; people who code by it then take the nearest wider one.

    >>> nearest = NearestCodes({"DOID:1": ("MESH:D1",)}, {"DOID:2": ["DOID:1"]}, ("MESH",))
    >>> nearest.of("DOID:1"), nearest.of("DOID:2"), nearest.of("DOID:3")
    ((('MESH:D1',), 0), (('MESH:D1',), 1), ((), 0))
    """

    def __init__(
        self, codes: Mapping[str, tuple[str, ...]], parents: Mapping[str, Iterable[str]], prefixes: Sequence[str]
    ) -> None:
        self._codes, self._parents, self._prefixes = codes, parents, tuple(prefixes)
        self._known: dict[str, tuple[tuple[str, ...], int]] = {}

    def of(self, node: str) -> tuple[tuple[str, ...], int]:
        """Codes, and how many is-a steps above the node they are; its own CURIE is a code of its vocabulary."""
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = self._look(node)
        return found

    def _look(self, node: str) -> tuple[tuple[str, ...], int]:
        level, seen, steps = {node}, {node}, 0
        while level:
            own = {c for n in level for c in (n, *self._codes.get(n, ())) if c.partition(":")[0] in self._prefixes}
            if own:
                return _ordered(own, self._prefixes), steps
            level = {p for n in level for p in self._parents.get(n, ())} - seen
            seen |= level
            steps += 1
        return (), 0


def _ordered(codes: set[str], prefixes: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(codes, key=lambda code: (prefixes.index(code.partition(":")[0]), code)))
