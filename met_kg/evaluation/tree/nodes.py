"""What the tree says of the nodes that a benchmark names. Each question is put to the graph once a node."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker

__all__ = ["NOT_LINKED", "RELATIONS", "SAME", "Node", "Tree"]

SAME: Final = "same node"
NOT_LINKED: Final = "not linked"
_ANCESTORS: Final = "evaluate/relation/ancestor"
#: Query of the nodes that a node stands under -> how an answer among them stands to it, and how it stands to such an
#: answer. The first that holds counts.
_STANDINGS: Final = {
    "evaluate/relation/parent": ("parent", "child"),
    _ANCESTORS: ("ancestor", "descendant"),
    "evaluate/relation/whole": ("whole", "part"),
}
_SIBLING: Final = "sibling"
_SAME_BRANCH: Final = "same branch"
_OTHER_BRANCH: Final = "other branch"
_OTHER_AXIS: Final = "other axis"
#: All relations, closest first.
RELATIONS: Final = (
    SAME,
    *(relation for both in _STANDINGS.values() for relation in both),
    _SIBLING,
    _SAME_BRANCH,
    _OTHER_BRANCH,
    _OTHER_AXIS,
    NOT_LINKED,
)

#: Answers of one word that the linker does not read alone, and the form in which it does: "Right" is a side.
_WHOLE_ANSWERS: Final = ("{} side", "{} plane")
#: "The above image" stands above the question; nothing in it is superior.
_ABOVE: Final = re.compile(
    r"\babove (?=(?:images?|pictures?|figures?|scans?|films?|x-?rays?|cts?|mris?)\b)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Node:
    """A live node of the tree."""

    node: str
    label: str
    axis: str
    depth: int
    parent: str  # '' for the root of an axis


class Tree:
    """A tree as evaluation asks it. Texts and nodes that were asked before are not asked again.

    Parameters
    ----------
    graph
        a store with a tree and its closure; it must stay open.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        parents = {str(row["node"]): str(row["parent"]) for row in graph.rows("build/tree-parents")}
        self._nodes: dict[str, Node] = {}
        for row in graph.rows("retrieve/nodes"):
            node, depth = str(row["node"]), int(cast(int, row["depth"]))
            above = parents.get(node, "") if depth else ""
            self._nodes[node] = Node(node, str(row["label"]), str(row["axis"]), depth, above)
        self._asking = frozenset(str(row["node"]) for row in graph.rows("evaluate/asking"))
        self._linker: Linker | None = None
        self._questions: dict[str, tuple[str, ...]] = {}
        self._answers: dict[str, tuple[str, ...]] = {}
        self._level: dict[str, int] = {}
        self._begins: dict[str, set[str]] = {}
        for row in graph.rows("evaluate/branch"):
            self._level[str(row["axis"])] = int(cast(int, row["level"]))
            begins = self._begins.setdefault(str(row["axis"]), set())
            begins.update([str(row["branch"])] if row["branch"] else [])
        self._branches: dict[str, tuple[str, ...]] = {}
        self._general: frozenset[str] | None = None
        self._above: dict[str, dict[str, frozenset[str]]] = {query: {} for query in _STANDINGS}

    def __contains__(self, node: str) -> bool:
        return node in self._nodes

    def __getitem__(self, node: str) -> Node:
        return self._nodes[node]

    def in_question(self, text: str) -> tuple[str, ...]:
        """The nodes that a question names, in order, each once, without those of the words of asking."""
        if text not in self._questions:
            found = self._link(_ABOVE.sub("", text))
            self._questions[text] = tuple(node for node in found if node not in self._asking)
        return self._questions[text]

    def in_answer(self, text: str) -> tuple[str, ...]:
        """The nodes that an answer or an option names, in order, each once.

        A whole answer of one word is also tried in capitals (scorers write 'mri') and as a side or plane.
        """
        if text not in self._answers:
            found = self._link(text)
            if not found and (word := text.strip(" \t\r\n.,;:!?")) and " " not in word:
                tries = [word.upper(), *(form.format(word) for form in _WHOLE_ANSWERS)]
                found = next((nodes for form in tries if (nodes := self._lookup(form))), ())
            self._answers[text] = found
        return self._answers[text]

    def _link(self, text: str) -> tuple[str, ...]:
        if self._linker is None:  # built on first use: a benchmark of node identifiers only needs none
            self._linker = Linker(Lexicon.from_graph(self.graph))
        return self.live(self._linker.nodes(text))

    def _lookup(self, name: str) -> tuple[str, ...]:
        assert self._linker is not None
        return self.live(reading.entry.node for reading in self._linker.lexicon.lookup(name))

    def live(self, nodes: Iterable[str]) -> tuple[str, ...]:
        """Those of the nodes that this tree has, in order, each once."""
        return tuple(dict.fromkeys(node for node in nodes if node in self._nodes))

    def ancestors(self, node: str) -> frozenset[str]:
        """All strict ancestors of a node."""
        return self._standing(_ANCESTORS, node)

    def branches(self, node: str) -> tuple[str, ...]:
        """The branches that a node lies in, in order: query ``evaluate/branch`` says where they begin."""
        if node not in self._branches:
            about = self._nodes[node]
            found = self._begins[about.axis] & {node, *self.ancestors(node)}
            if about.depth < self._level[about.axis]:
                found.add(node)
            self._branches[node] = tuple(sorted(found))
        return self._branches[node]

    def is_general(self, node: str) -> bool:
        """Whether the node lies above the depth at which branches of its axis begin, and some begin below it."""
        about = self._nodes[node]
        if about.depth >= self._level[about.axis]:
            return False
        if self._general is None:
            begins = [branch for branches in self._begins.values() for branch in branches]
            self._general = frozenset[str]().union(*map(self.ancestors, begins))
        return node in self._general

    def relation(self, gold: Iterable[str], given: Iterable[str]) -> str:
        """How the answer given stands to the right one: the closest relation between any two of their nodes."""
        given = list(given)
        found = {self._pair(right, said) for right in gold for said in given}
        return min(found, key=RELATIONS.index, default=NOT_LINKED)

    def _pair(self, gold: str, given: str) -> str:
        if gold == given:
            return SAME
        here, there = self._nodes[gold], self._nodes[given]
        if here.axis != there.axis:  # shuts all others out
            return _OTHER_AXIS
        for query, (over, under) in _STANDINGS.items():
            if given in self._standing(query, gold):
                return over
            if gold in self._standing(query, given):
                return under
        if here.parent and here.parent == there.parent:
            return _SIBLING
        return _OTHER_BRANCH if set(self.branches(gold)).isdisjoint(self.branches(given)) else _SAME_BRANCH

    def _standing(self, query: str, node: str) -> frozenset[str]:
        """The nodes that a node stands under, as one of the queries says."""
        known = self._above[query]
        if node not in known:
            known[node] = frozenset(str(row["other"]) for row in self.graph.rows(query, node=node))
        return known[node]
