"""Every node gets its place: is-a parents without cycles, one tree parent, a path to its axis root.

The tree parent is chosen among a node's is-a parents of the same axis by one rule: the deepest one (longest is-a path
to the axis root: the most specific parent), ties broken by the lower CURIE. A node without any such parent is placed
below the node that the head of its name means ("mucosa of urethra" below "mucosa"), else hung from its axis root; both
are reported for review.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from graphlib import TopologicalSorter

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from met_kg.literature.normalise import normal_form
from met_kg.tree.heads import head_names
from met_kg.tree.nodes import Conflict, Node
from met_kg.vocabulary import AXIS_ROOT, PART_OF

__all__ = ["place"]

#: The common root above the four axes.
TOP = "MET:0000001"


def place(
    nodes: dict[str, Node],
    disjoint: Set[tuple[str, str]] = frozenset(),
    not_by_name: Set[str] = frozenset(),
) -> list[Conflict]:
    """Set axes, break is-a cycles, keep disjoint classes apart, choose tree parents; returns what was mended.

    Parameters
    ----------
    disjoint
        the pairs of classes that nothing can be both of, each pair in both orders.
    not_by_name
        nodes that people do not want placed by the head of their name.
    """
    conflicts = _break_cycles(nodes)
    _inherit_axes(nodes)
    conflicts += _separate_axes(nodes)
    conflicts += _separate_disjoint(nodes, disjoint)
    conflicts += _root_orphans(nodes, not_by_name)
    height = _longest_paths(nodes)
    for node in nodes.values():
        if node.obsolete or node.curie == TOP or node.axis is None:
            continue
        if node.curie == AXIS_ROOT[node.axis]:
            continue
        node.tree_parent = min(node.parents, key=lambda p: (-height[p], p))
    return conflicts


def _live(nodes: dict[str, Node]) -> Iterable[Node]:
    return (nodes[curie] for curie in sorted(nodes) if not nodes[curie].obsolete)


def _break_cycles(nodes: dict[str, Node]) -> list[Conflict]:
    """Within each strongly connected group of is-a, drop the edges that point to a node of higher CURIE."""
    names = sorted(nodes)
    number = {curie: i for i, curie in enumerate(names)}
    edges = [(number[n.curie], number[p]) for n in _live(nodes) for p in n.parents]
    if not edges:
        return []
    rows, columns = np.array(edges).T
    matrix = csr_matrix((np.ones(len(edges)), (rows, columns)), shape=(len(names), len(names)))
    _, group = connected_components(matrix, directed=True, connection="strong")
    conflicts = []
    for child, parent in edges:
        # Every cycle has at least one edge that goes up in CURIE order: dropping those breaks all of them.
        if group[child] == group[parent] and parent > child:
            nodes[names[child]].parents.discard(names[parent])
            conflicts.append(
                Conflict("is-a-cycle", names[child], f"edge to {names[parent]} closed a cycle and was dropped")
            )
    return conflicts


def _inherit_axes(nodes: dict[str, Node]) -> None:
    """A node without an axis of its own takes that of its parents."""
    for axis, root in AXIS_ROOT.items():
        if root in nodes:
            nodes[root].axis = axis
            nodes[root].parents = {TOP} if TOP in nodes else set()
    changed = True
    while changed:
        changed = False
        for node in _live(nodes):
            if node.axis is None and node.curie != TOP:
                axes = sorted({a for p in node.parents if (a := nodes[p].axis) is not None})
                if axes:
                    node.axis, changed = axes[0], True


def _separate_axes(nodes: dict[str, Node]) -> list[Conflict]:
    """is-a stays within an axis: the axes are disjoint, so an edge across would make a class unsatisfiable."""
    conflicts = []
    for node in _live(nodes):
        if node.axis is None or node.curie in AXIS_ROOT.values():
            continue
        for parent in sorted(node.parents):
            if nodes[parent].axis != node.axis:
                node.parents.discard(parent)
                conflicts.append(
                    Conflict("parent-in-other-axis", node.curie, f"parent {parent} '{nodes[parent].label}' is dropped")
                )
    return conflicts


def _separate_disjoint(nodes: dict[str, Node], disjoint: Set[tuple[str, str]]) -> list[Conflict]:
    """A class below two that are disjoint would be unsatisfiable: of its parents, those of lower CURIE stay."""
    marks = {one for one, _ in disjoint}
    above: dict[str, set[str]] = {}
    conflicts = []
    for curie in _parents_first(nodes):
        node = nodes[curie]
        above[curie] = {curie} & marks
        for parent in sorted(node.parents):
            clash = min(((a, b) for a in above[curie] for b in above[parent] if (a, b) in disjoint), default=None)
            if clash is None:
                above[curie] |= above[parent]
                continue
            node.parents.discard(parent)
            why = " and ".join(f"{c} '{nodes[c].label}'" for c in clash)
            text = f"parent {parent} '{nodes[parent].label}' is dropped: {why} are disjoint"
            conflicts.append(Conflict("disjoint-parents", curie, text))
    return conflicts


def _root_orphans(nodes: dict[str, Node], not_by_name: Set[str]) -> list[Conflict]:
    """Give every live node without a parent one: by the head of its name, else the axis root.

    The head must be a label: a synonym may stand for something narrower ("atrium" for that of the heart).
    """
    names: dict[tuple[str, str], list[str]] = {}
    for node in _live(nodes):
        if node.axis is not None:
            names.setdefault((node.axis, normal_form(node.label)), []).append(node.curie)
    orphans = [n for n in _live(nodes) if n.axis is not None and not n.parents and n.curie != AXIS_ROOT[n.axis]]
    conflicts = []
    for node in orphans:
        assert node.axis is not None
        tried = [] if node.curie in not_by_name else head_names(normal_form(node.label))
        whole = {r.target for r in node.relations if r.property == PART_OF}  # a part of something is no kind of it
        tied = {normal_form(word) for word in re.findall(r"-(\w+)", node.label)}  # a meso-duodenum is no duodenum
        heads = (names.get((node.axis, head), []) for head in tried if head.split()[0] not in tied)
        fitting = (h for h in heads if len(h) == 1 and h[0] not in whole and not _is_below(h[0], node.curie, nodes))
        found = next(fitting, None)
        if found is None:
            node.parents = {AXIS_ROOT[node.axis]}
            text = f"'{node.label}' has no is-a parent; hung from the axis root"
            conflicts.append(Conflict("no-parent", node.curie, text))
            continue
        node.parents = set(found)
        node.placed[found[0]] = "head of its name"
        text = f"'{node.label}' has no is-a parent; placed below {found[0]} '{nodes[found[0]].label}' by its name"
        conflicts.append(Conflict("placed-by-name", node.curie, text, found[0]))
    return conflicts


def _is_below(node: str, other: str, nodes: dict[str, Node]) -> bool:
    """Whether a node is the other one or has it above."""
    return node == other or any(_is_below(parent, other, nodes) for parent in nodes[node].parents)


def _parents_first(nodes: dict[str, Node]) -> list[str]:
    return list(TopologicalSorter({n.curie: sorted(n.parents) for n in _live(nodes)}).static_order())


def _longest_paths(nodes: dict[str, Node]) -> dict[str, int]:
    """Length of the longest is-a path from each node up to a root."""
    height: dict[str, int] = {}
    for curie in _parents_first(nodes):
        parents = nodes[curie].parents
        height[curie] = 1 + max((height[p] for p in parents), default=-1)
    return height
