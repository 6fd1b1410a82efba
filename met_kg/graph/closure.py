"""What follows from the tree, written down once: axis, depth, names, ancestors, parts, class-to-class relations.

The closure is derived from graph ``metg:tree`` alone and can be dropped and rebuilt at any time. It turns path
queries over blank-node restrictions into single triple lookups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Final

import pyoxigraph as ox

from met_kg.errors import DataProblem
from met_kg.graph.store import Graph
from met_kg.vocabulary import AXIS_ROOT, PART_OF, Graphs, expand

__all__ = ["RELATION_OF", "add_closure", "ancestors_of", "closure_triples"]

#: Object property of a restriction -> the class-to-class predicate of the closure.
RELATION_OF: Final = {
    "RO:0004026": "met:hasLocation",
    "met:hasLocation": "met:hasLocation",
    "RO:0002452": "met:hasSymptom",
    "met:imagedBy": "met:imagedBy",
}
_INTEGER: Final = ox.NamedNode(expand("xsd:integer"))


def ancestors_of(parents: Mapping[str, Iterable[str]], *, what: str = "is-a") -> dict[str, frozenset[str]]:
    """All strict ancestors of every node of a DAG given as node -> parents.

    >>> sorted(ancestors_of({"c": ["b"], "b": ["a"]})["c"])
    ['a', 'b']

    Raises
    ------
    DataProblem
        when the graph has a cycle; the message shows it.
    """
    ancestors: dict[str, frozenset[str]] = {}
    try:
        for node in TopologicalSorter({n: sorted(p) for n, p in parents.items()}).static_order():
            above: set[str] = set()
            for parent in parents.get(node, ()):
                above.add(parent)
                above |= ancestors[parent]
            ancestors[node] = frozenset(above)
    except CycleError as problem:
        cycle = " -> ".join(problem.args[1])
        raise DataProblem(f"the {what} relation has a cycle: {cycle}", hint="remove one of these edges") from problem
    return ancestors


def closure_triples(graph: Graph) -> Iterator[ox.Triple]:
    """The triples of graph ``metg:closure``, from graph ``metg:tree``, in a stable order."""
    is_a: dict[str, set[str]] = {}
    for row in graph.rows("build/subclasses"):
        is_a.setdefault(str(row["child"]), set()).add(str(row["parent"]))
    ancestors = ancestors_of(is_a)
    tree_parent = {str(r["node"]): str(r["parent"]) for r in graph.rows("build/tree-parents")}
    relations: set[tuple[str, str, str]] = set()
    whole: dict[str, set[str]] = {}
    for row in graph.rows("build/restrictions"):
        node, prop, target = str(row["node"]), str(row["property"]), str(row["target"])
        if prop == PART_OF:
            whole.setdefault(node, set()).add(target)
        elif prop in RELATION_OF:
            relations.add((node, RELATION_OF[prop], target))

    disjoint = {(str(row["node"]), str(row["other"])) for row in graph.rows("build/disjoint")}

    axis_of: dict[str, str] = {}
    for axis, root in AXIS_ROOT.items():
        axis_of[root] = axis
        for node, above in ancestors.items():
            if root in above:
                axis_of[node] = axis
    depth = _depths(tree_parent, axis_of)
    terms: dict[str, set[str]] = {}
    for row in graph.rows("build/terms"):
        terms.setdefault(str(row["node"]), set()).add(str(row["term"]).lower())
    for node in sorted(axis_of):
        subject = ox.NamedNode(expand(node))
        yield ox.Triple(subject, _predicate("met:axis"), ox.Literal(axis_of[node]))
        if node in depth:
            yield ox.Triple(subject, _predicate("met:depth"), ox.Literal(str(depth[node]), datatype=_INTEGER))
        for term in sorted(terms.get(node, ())):
            yield ox.Triple(subject, _predicate("met:term"), ox.Literal(term))
        for ancestor in sorted(ancestors.get(node, ())):
            if ancestor in axis_of:
                yield _link(node, "met:ancestor", ancestor)
        for container in sorted(_wholes(node, ancestors, whole)):
            if container in axis_of:
                yield _link(node, "met:partOf", container)
    for node, predicate, target in sorted(relations):
        if node in axis_of and target in axis_of:
            yield _link(node, predicate, target)
    for node, other in sorted(disjoint):
        # Across axes it goes without saying.
        if node in axis_of and axis_of[node] == axis_of.get(other):
            yield _link(node, "met:disjoint", other)


def add_closure(graph: Graph) -> None:
    """Replace graph ``metg:closure`` of a writable store by what follows from its tree now."""
    triples = list(closure_triples(graph))
    graph.drop(Graphs.CLOSURE)
    graph.load_triples(Graphs.CLOSURE, triples)


def _wholes(node: str, ancestors: Mapping[str, frozenset[str]], whole: Mapping[str, set[str]]) -> set[str]:
    """Everything the node is part of: over part-of, and over is-a on the way (an x is a y, a y is part of z).

    Part-of loops exist in merged anatomy vintages; a node is never part of itself.
    """
    found: set[str] = set()
    open_ends = [node]
    while open_ends:
        here = open_ends.pop()
        for carrier in (here, *ancestors.get(here, ())):
            for container in whole.get(carrier, ()):
                if container not in found and container != node:
                    found.add(container)
                    open_ends.append(container)
    return found


def _depths(tree_parent: Mapping[str, str], axis_of: Mapping[str, str]) -> dict[str, int]:
    depth = dict.fromkeys(AXIS_ROOT.values(), 0)
    for node in axis_of:
        path: list[str] = []
        here: str | None = node
        while here is not None and here not in depth and here not in path:
            path.append(here)
            here = tree_parent.get(here)
        if here is None or here not in depth:
            continue  # no tree parent on the way: 'met tree check' reports it
        base = depth[here]
        for steps, member in enumerate(reversed(path), start=1):
            depth[member] = base + steps
    return depth


def _predicate(curie: str) -> ox.NamedNode:
    return ox.NamedNode(expand(curie))


def _link(subject: str, predicate: str, target: str) -> ox.Triple:
    return ox.Triple(ox.NamedNode(expand(subject)), _predicate(predicate), ox.NamedNode(expand(target)))
