"""What the writers ask the graph: all nodes once, then one query per node and question, remembered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from met_kg.graph.store import Graph, Row
from met_kg.synthesis.body import Body
from met_kg.synthesis.grouping import Grouping

__all__ = ["CLOSENESS", "PREDICATE", "Candidate", "Link", "NodeFacts", "TreeIndex", "spaced"]

_NO_WORD: Final = re.compile(r"[^\w]+")

#: Binary digits of the number of nodes below: at most three, and at least 64.
_FINE: Final = 2
_COARSE: Final = 7
#: Steps below the root at which a branch begins.
_BRANCH: Final = 2
#: A last word that more nodes share (disease, syndrome, artery) says nothing.
_ALIKE: Final = 40


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
    """The tree as the writers see it; ``body`` says where things lie, ``grouping`` what diseases have in common.

    Nothing here knows of samples.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.body = Body(graph)
        self.grouping = Grouping(graph)
        self.nodes: dict[str, NodeFacts] = {}
        for row in sorted(graph.rows("synthesize/nodes"), key=_first_said):
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
        self._spoken: dict[str, frozenset[str]] = {}
        self._candidates: dict[str, tuple[Candidate, ...]] = {}
        self._links: dict[tuple[str, str], tuple[Link, ...]] = {}
        self._kin_links: dict[tuple[str, str], frozenset[str]] = {}
        self._exact: dict[str, tuple[str, ...]] = {}
        self._children: dict[str, list[str]] = {}
        for node in sorted(self.nodes):
            self._children.setdefault(self.nodes[node].parent, []).append(node)
        self._answers: dict[str, frozenset[str]] = {}
        self._alike: dict[str, tuple[str, ...]] | None = None
        self._short: dict[str, list[str]] | None = None
        self._roles: dict[str, frozenset[str]] = {}
        self._bearers: dict[str, tuple[str, ...]] = {}
        self._below: Counter[str] = Counter()
        for node in self.nodes:
            self._below.update(self.path(node)[1:])

    def path(self, node: str) -> list[str]:
        """The node and its tree parents, up to the axis root."""
        found = [node]
        while (above := self.nodes[found[-1]].parent) in self.nodes and above not in found:
            found.append(above)
        return found

    def wider(self, node: str) -> list[str]:
        """The tree parents of a node, up to the axis root; none for a node that is not live."""
        return self.path(node)[1:] if node in self.nodes else []

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

    def abbreviations(self, node: str) -> list[str]:
        """What the tree marks as abbreviations of the node, as written."""
        if self._short is None:
            self._short = {}
            for row in self._graph.rows("synthesize/abbreviations"):
                self._short.setdefault(str(row["node"]), []).append(str(row["name"]))
        return self._short.get(node, [])

    def bearers(self, name: str) -> tuple[str, ...]:
        """Nodes of any axis that bear a name."""
        name = name.lower()
        if name not in self._bearers:
            rows = self._graph.rows("synthesize/bearers", text=name)
            self._bearers[name] = tuple(str(row["node"]) for row in rows)
        return self._bearers[name]

    def terms(self, node: str) -> tuple[str, ...]:
        """Label and synonyms, each as :func:`spaced` writes it."""
        if node not in self._terms:
            rows = self._graph.rows("synthesize/terms", node=node)
            self._terms[node] = tuple(sorted({spaced(str(row["term"])) for row in rows}))
        return self._terms[node]

    def spoken(self, node: str) -> frozenset[str]:
        """The names of a node, of what it is a kind of (not the root), and of all kinds of the widest of these."""
        if node not in self._spoken:
            path = self.path(node)[:-1] or [node]
            kinds, todo = set(path), [path[-1]]
            while todo:
                children = self.children(todo.pop())
                kinds.update(children)
                todo += children
            self._spoken[node] = frozenset(term for kind in kinds for term in self.terms(kind))
        return self._spoken[node]

    def named_for(self, node: str, other: str) -> bool:
        """Whether a name of one ends in a name of the other: non-cardiogenic pulmonary edema is a pulmonary edema."""
        one, two = self.terms(node), self.terms(other)
        return any(a.endswith(b) or b.endswith(a) for a in one for b in two)

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
            stated = (
                Candidate(str(r["candidate"]), str(r["relation"]), str(r["carrier"] or ""), str(r["via"]))
                for r in self._graph.rows("synthesize/distractors", node=node)
            )
            for found in (*stated, *(Candidate(other, "confusable", "", "") for other in self.alike(node))):
                if found.node in barred or found.node not in self.nodes or self.nodes[found.node].axis != axis:
                    continue
                known = closest.get(found.node)
                if known is None or _closer(found) < _closer(known):
                    closest[found.node] = found
            self._candidates[node] = tuple(closest[n] for n in sorted(closest))
        return self._candidates[node]

    def children(self, node: str) -> list[str]:
        """The nodes whose tree parent it is, in order."""
        return self._children.get(node, [])

    def two_steps(self, node: str, kind: str) -> tuple[Link, ...]:
        """What is linked to a node through another one, the carrier, each target once.

        Kinds: ``shared-symptom``, ``seat-imaging``.
        """
        if (node, kind) not in self._links:
            rows = self._graph.rows(f"synthesize/{kind}", node=node)
            links = (Link(str(r["carrier"]), str(r["target"])) for r in rows)
            self._links[node, kind] = _once(k for k in links if k.carrier in self.nodes and k.target in self.nodes)
        return self._links[node, kind]

    def answers(self, kind: str) -> frozenset[str]:
        """The nodes that can be an answer of a kind: query ``questions/<kind>``."""
        if kind not in self._answers:
            rows = self._graph.rows(f"questions/{kind}")
            self._answers[kind] = frozenset(node for row in rows if (node := str(row["node"])) in self.nodes)
        return self._answers[kind]

    def role(self, role: str) -> frozenset[str]:
        """The nodes that captions treat alike under a role: query ``synthesize/branches``."""
        if not self._roles:
            found: dict[str, set[str]] = {}
            for row in self._graph.rows("synthesize/branches"):
                found.setdefault(str(row["role"]), set()).add(str(row["node"]))
            self._roles.update((name, frozenset(nodes)) for name, nodes in found.items())
        return self._roles.get(role, frozenset())

    def branch(self, node: str) -> str:
        """The ancestor two steps below the root, by tree parents; the node itself when it stands higher."""
        path = self.path(node)
        return path[max(0, len(path) - 1 - _BRANCH)]

    def alike(self, node: str) -> tuple[str, ...]:
        """Nodes of the same axis whose names end in the same word, when it is not a word that many share."""
        if self._alike is None:
            groups: dict[tuple[str, str], list[str]] = {}
            for one, facts in self.nodes.items():
                groups.setdefault((facts.axis, facts.label.lower().rpartition(" ")[2]), []).append(one)
            small = (tuple(group) for group in groups.values() if 1 < len(group) <= _ALIKE)
            self._alike = {one: group for group in small for one in group}
        return tuple(other for other in self._alike.get(node, ()) if other != node)

    def links(self, node: str, kind: str) -> tuple[Link, ...]:
        """Stated relations of the node or of an ancestor, nearest carrier first, each target once.

        Kinds: :data:`PREDICATE`.
        """
        if (node, kind) not in self._links:
            rows = self._graph.rows(f"synthesize/{kind}", node=node)
            links = [Link(str(r["carrier"]), str(r["target"])) for r in rows]
            # An ancestor by another parent may lie deeper than the node itself.
            self._links[node, kind] = _once(sorted(links, key=lambda k: k.carrier != node))
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
CLOSENESS: Final = {
    "sibling": 0,
    "same-location": 1,
    "confusable": 2,
    "parent-sibling": 3,
    "cousin": 4,
    "same-modality": 5,
    "same-axis": 6,
}


def _first_said(row: Row) -> tuple[str, ...]:
    """What the rows of a node are sorted by; an unbound value comes first, as in SPARQL."""
    return tuple(str(row[name] or "") for name in ("node", "label", "parent", "definition"))


def _once(links: Iterable[Link]) -> tuple[Link, ...]:
    """Of the links to each target the first."""
    found: dict[str, Link] = {}
    for link in links:
        found.setdefault(link.target, link)
    return tuple(found.values())


def _closer(candidate: Candidate) -> tuple[int, str, str]:
    """What to compare to find the closest relation of a node."""
    return CLOSENESS[candidate.relation], candidate.carrier, candidate.via
