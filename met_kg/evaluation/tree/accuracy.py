"""Accuracy by axis, branch, depth and node. An item counts once wherever its nodes, or what they are kinds of, lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from met_kg.evaluation.tree.links import Linked
from met_kg.evaluation.tree.nodes import Tree
from met_kg.statistics import exact_intervals
from met_kg.vocabulary import AXES

__all__ = ["Answers", "by_axis", "by_branch", "by_depth", "by_node", "items_of"]

#: Node -> places of the items that are about it or about a kind of it.
Places = Mapping[str, tuple[int, ...]]


class Answers:
    """Which items are right, and their images. Intervals of equal sets of items are worked out once."""

    def __init__(self, right: Sequence[bool], clusters: Sequence[str]) -> None:
        self.right, self.clusters = right, clusters
        self._known: dict[tuple[int, ...], dict[str, Any]] = {}

    def share(self, places: Sequence[int]) -> dict[str, Any]:
        """Items, right ones, accuracy, and its 95 % interval, clustered by image, which holds for few items, too."""
        return self.shares([places])[0]

    def shares(self, sets: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
        """The share of each set of items; intervals of thousands of nodes are worked out together."""
        keys = [tuple(places) for places in sets]
        new = [key for key in dict.fromkeys(keys) if key not in self._known]
        for key, interval in zip(new, exact_intervals(self.right, self.clusters, new), strict=True):
            right = sum(self.right[i] for i in key)
            share = {"total": len(key), "right": right, "acc": round(right / len(key), 6)}
            self._known[key] = share | {"interval_95": interval}
        return [dict(self._known[key]) for key in keys]


def items_of(tree: Tree, linked: Sequence[Iterable[str]]) -> dict[str, tuple[int, ...]]:
    """The items of each node: those that name it or a kind of it, each once. Ancestors are asked once a node."""
    found: dict[str, list[int]] = {}
    for place, nodes in enumerate(linked):
        for node in set(nodes).union(*map(tree.ancestors, nodes)):
            found.setdefault(node, []).append(place)
    return {node: tuple(places) for node, places in sorted(found.items())}


def by_axis(tree: Tree, places: Places, answers: Answers) -> dict[str, dict[str, Any]]:
    """Axis -> share of its items, in the order of the axes."""
    roots = {tree[node].axis: found for node, found in places.items() if not tree[node].depth}
    axes = [axis for axis in AXES if axis in roots]
    return dict(zip(axes, answers.shares([roots[axis] for axis in axes]), strict=True))


def by_branch(tree: Tree, linked: Sequence[Linked], answers: Answers) -> list[dict[str, Any]]:
    """Share of each branch, largest first. Branches are those of query ``evaluate/branch``."""
    found: dict[str, list[int]] = {}
    for place, link in enumerate(linked):
        for branch in {b for node in link.about for b in tree.branches(node)}:
            found.setdefault(branch, []).append(place)
    rows = [
        {"axis": tree[b].axis, "branch": b, "label": tree[b].label, "depth": tree[b].depth, **share}
        for b, share in zip(found, answers.shares(list(found.values())), strict=True)
    ]
    return sorted(rows, key=lambda r: (-r["total"], r["axis"], r["label"], r["branch"]))


def by_depth(tree: Tree, linked: Sequence[Linked], answers: Answers) -> list[dict[str, Any]]:
    """Share of each axis and depth: of the items that name a node there."""
    found: dict[tuple[str, int], list[int]] = {}
    for place, link in enumerate(linked):
        for level in {(tree[node].axis, tree[node].depth) for node in link.about}:
            found.setdefault(level, []).append(place)
    order = sorted(found, key=lambda level: (AXES.index(level[0]), level[1]))
    shares = answers.shares([found[level] for level in order])
    return [{"axis": axis, "depth": depth, **share} for (axis, depth), share in zip(order, shares, strict=True)]


def by_node(
    tree: Tree, linked: Sequence[Linked], given: Sequence[Iterable[str]], places: Places, answers: Answers
) -> list[dict[str, Any]]:
    """One row a node, roots first: the table ``along_the_tree.csv``."""
    question = items_of(tree, [link.question for link in linked])
    gold = items_of(tree, [link.gold for link in linked])
    said = items_of(tree, [() if right else nodes for nodes, right in zip(given, answers.right, strict=True)])
    own: dict[str, int] = {}
    for link in linked:
        for node in link.about:
            own[node] = own.get(node, 0) + 1
    rows = []
    for node, share in zip(places, answers.shares(list(places.values())), strict=True):
        about = tree[node]
        low, high = share["interval_95"]
        rows.append(
            {
                "axis": about.axis,
                "depth": about.depth,
                "node": node,
                "label": about.label,
                "parent": about.parent,
                "items": share["total"],
                "right": share["right"],
                "accuracy": share["acc"],
                "low": low,
                "high": high,
                "named": own.get(node, 0),
                "in_question": len(question.get(node, ())),
                "in_answer": len(gold.get(node, ())),
                "given_wrongly": len(said.get(node, ())),
            }
        )
    return sorted(rows, key=lambda r: (AXES.index(r["axis"]), r["depth"], -r["items"], r["label"], r["node"]))
