"""What the writers ask the graph: all nodes once, then one query per node and question, remembered."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from met_kg.graph.store import Graph

__all__ = ["CLOSENESS", "PREDICATE", "Candidate", "Link", "NodeFacts", "TreeIndex", "spaced"]

_NO_WORD: Final = re.compile(r"[^\w]+")

#: Binary digits of the number of nodes below: at most three, and at least 64.
_FINE: Final = 2
_COARSE: Final = 7


def spaced(text: str) -> str:
    """A text as lower-case words with one space around each, so that ``" ct "`` finds the word and not a part.

    >>> spaced("Chest CT: COVID-19")
    ' chest ct covid 19 '
    """
    return f" {_NO_WORD.sub(' ', text.lower()).strip()} "


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """A live node: label, place in the tree, definition ('' when it has none)."""

    node: str
    axis: str
    depth: int
    label: str
    parent: str
    definition: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node that stands in ``relation`` to a key; ``carrier`` and ``via`` are what the relation goes through."""

    node: str
    relation: str
    carrier: str
    via: str


@dataclass(frozen=True, slots=True)
class Link:
    """``carrier`` (the node or an ancestor of it) has a relation to ``target``."""

    carrier: str
    target: str


class TreeIndex:
    """The tree as the writers see it. Nothing here knows of samples."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.nodes: dict[str, NodeFacts] = {}
        for row in graph.rows("synthesize/nodes"):
            node = str(row["node"])
            if node not in self.nodes:  # a second label, parent or definition is a fault that 'met tree check' names
                self.nodes[node] = NodeFacts(
                    node,
                    str(row["axis"]),
                    int(row["depth"] or 0),
                    str(row["label"]),
                    str(row["parent"] or ""),
                    str(row["definition"] or ""),
                )
        self._terms: dict[str, tuple[str, ...]] = {}
        self._lineage: dict[str, frozenset[str]] = {}
        self._candidates: dict[str, tuple[Candidate, ...]] = {}
        self._links: dict[tuple[str, str], tuple[Link, ...]] = {}
        self._kin_links: dict[tuple[str, str], frozenset[str]] = {}
        self._exact: dict[str, tuple[str, ...]] = {}
        self._below: Counter[str] = Counter()
        for node in self.nodes:
            self._below.update(self.path(node)[1:])

    def path(self, node: str) -> list[str]:
        """The node and its tree parents, up to the axis root."""
        found = [node]
        while (above := self.nodes[found[-1]].parent) in self.nodes and above not in found:
            found.append(above)
        return found

    def generality(self, node: str) -> int:
        """How general a node is: the binary digits of the number of nodes below it in the tree."""
        return self._below[node].bit_length()

    def level(self, node: str) -> str:
        """How far down the tree a node is: fine without or with few nodes below it, coarse with many."""
        general = self.generality(node)
        return "fine" if general <= _FINE else "coarse" if general >= _COARSE else "middle"

    def exact_names(self, node: str) -> tuple[str, ...]:
        """Synonyms that mean the node exactly, as written."""
        if node not in self._exact:
            rows = self._graph.rows("synthesize/exact-names", node=node)
            self._exact[node] = tuple(str(row["name"]) for row in rows)
        return self._exact[node]

    def terms(self, node: str) -> tuple[str, ...]:
        """Label and synonyms, each as :func:`spaced` writes it."""
        if node not in self._terms:
            rows = self._graph.rows("synthesize/terms", node=node)
            self._terms[node] = tuple(sorted({spaced(str(row["term"])) for row in rows}))
        return self._terms[node]

    def lineage(self, node: str) -> frozenset[str]:
        """The node itself, its ancestors, descendants, wholes, parts and equivalents."""
        if node not in self._lineage:
            rows = self._graph.rows("synthesize/lineage", node=node)
            self._lineage[node] = frozenset({node, *(str(row["other"]) for row in rows)})
        return self._lineage[node]

    def candidates(self, node: str) -> tuple[Candidate, ...]:
        """Possible distractors of a key: one row per node, by its closest relation; none from its lineage."""
        if node not in self._candidates:
            closest: dict[str, Candidate] = {}
            barred, axis = self.lineage(node), self.nodes[node].axis
            for row in self._graph.rows("synthesize/distractors", node=node):
                found = Candidate(
                    str(row["candidate"]), str(row["relation"]), str(row["carrier"] or ""), str(row["via"])
                )
                if found.node in barred or found.node not in self.nodes or self.nodes[found.node].axis != axis:
                    continue
                known = closest.get(found.node)
                if known is None or CLOSENESS[found.relation] < CLOSENESS[known.relation]:
                    closest[found.node] = found
            self._candidates[node] = tuple(closest[n] for n in sorted(closest))
        return self._candidates[node]

    def links(self, node: str, kind: str) -> tuple[Link, ...]:
        """Stated relations of the node or of an ancestor, nearest carrier first; kinds: :data:`PREDICATE`."""
        if (node, kind) not in self._links:
            rows = self._graph.rows(f"synthesize/{kind}", node=node)
            self._links[node, kind] = tuple(Link(str(r["carrier"]), str(r["target"])) for r in rows)
        return self._links[node, kind]

    def kin_links(self, node: str, kind: str) -> frozenset[str]:
        """What has such a relation to the node's descendants, siblings and neighbours in place."""
        if (node, kind) not in self._kin_links:
            rows = self._graph.rows("synthesize/kin-links", node=node, predicate=PREDICATE[kind])
            self._kin_links[node, kind] = frozenset(str(row["target"]) for row in rows)
        return self._kin_links[node, kind]


#: Kind of claim -> the predicate of the closure that it is about.
PREDICATE: Final = {
    "location": "met:hasLocation",
    "symptom": "met:hasSymptom",
    "imaging": "met:imagedBy",
    "disjoint": "met:disjoint",
}
#: Smaller is closer: what a candidate is called when it is related in two ways.
CLOSENESS: Final = {"sibling": 0, "same-location": 1, "parent-sibling": 2, "cousin": 3, "same-axis": 4}
