"""What was wanted, found and kept for each node of the tree, and where the nearest samples are for one with nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import pandas as pd

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.retrieval.resolve import Ancestors

__all__ = ["Branch", "CoverageCounter", "coverage", "coverage_tree", "relation"]

#: How a node stands to another, by steps up from it and then down; what is not here is a cousin.
_RELATIONS: Final = {
    (1, 0): "parent",
    (0, 1): "child",
    (1, 1): "sibling",
    (2, 1): "sibling of the parent",
    (1, 2): "child of a sibling",
}


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of the coverage tree: counts of samples that show it or a kind of it, each once."""

    node: str
    label: str
    parent: str  # '' for the root of an axis
    axis: str
    depth: int
    wanted: int  # of the node itself
    found: int
    kept: int
    nodes: int  # in the branch, itself too
    covered: int  # of them, nodes with as many samples as are wanted


class CoverageCounter:
    """Counts anchors that come in batches; all anchors of a sample are in one batch.

    Parameters
    ----------
    wanted
        node -> samples wanted of it, as :func:`met_kg.retrieval.wanted.wanted` says.
    """

    def __init__(self, graph: Graph, wanted: Mapping[str, int]) -> None:
        self._graph, self._wanted = graph, wanted
        self._ancestors = Ancestors(graph)
        self._direct: Counter[str] = Counter()
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in ("found", "kept", "excluded")}

    def add(self, anchors: pd.DataFrame, kept: frozenset[str] | None = None) -> None:
        """Count a batch of table ``anchors``; ``kept`` are the samples that filtering kept, None before it."""
        for polarity, name in (("positive", "found"), ("negative", "excluded")):
            said = anchors[anchors["polarity"] == polarity]
            for sample_id, nodes in said.groupby("sample_id", sort=False)["node"]:
                own = set(nodes)
                if name == "excluded":
                    self._counts[name].update(own)
                    continue
                shown = own.union(*(self._ancestors[node] for node in own))
                self._direct.update(own)
                self._counts[name].update(shown)
                if kept is not None and sample_id in kept:
                    self._counts["kept"].update(shown)

    def table(self) -> pd.DataFrame:
        """Table ``coverage``: one row a live node, in order of axis and node."""
        nodes = list(self._graph.rows("retrieve/nodes"))
        parents = {str(row["node"]): str(row["parent"]) for row in self._graph.rows("build/tree-parents")}
        nearest = _nearest([(str(r["node"]), int(cast(int, r["depth"]))) for r in nodes], parents, self._direct)
        labels = {str(row["node"]): str(row["label"]) for row in nodes}
        return tables.frame("coverage", (self._row(row, nearest, labels) for row in nodes))

    def _row(
        self, row: Mapping[str, Any], nearest: Mapping[str, tuple[str, int, int]], labels: Mapping[str, str]
    ) -> dict[str, Any]:
        node = str(row["node"])
        counts = {name: counter[node] for name, counter in self._counts.items()}
        found: dict[str, Any] = {
            "node": node,
            "label": row["label"],
            "axis": row["axis"],
            "depth": row["depth"],
            "wanted": self._wanted.get(node, 0),
            "direct": self._direct[node],
            **counts,
        }
        if not counts["found"] and node in nearest:
            other, up, down = nearest[node]
            found |= {"nearest": other, "nearest_label": labels[other], "nearest_relation": relation(up, down)}
            found["nearest_distance"] = up + down
        return found


def coverage(
    graph: Graph,
    anchors: Iterable[pd.DataFrame],
    wanted: Mapping[str, int],
    kept: frozenset[str] | None = None,
) -> pd.DataFrame:
    """Table ``coverage`` of batches of table ``anchors``; see :class:`CoverageCounter`."""
    counter = CoverageCounter(graph, wanted)
    for batch in anchors:
        counter.add(batch, kept)
    return counter.table()


def coverage_tree(graph: Graph, table: pd.DataFrame, *, depth: int = 4) -> list[Branch]:
    """The top of the tree with its coverage, parents before children; branches without a sample are left out.

    ``found`` and ``kept`` of a node already count every sample of the branch once; ``nodes`` and ``covered`` are added
    up along tree parents.
    """
    parents = {str(row["node"]): str(row["parent"]) for row in graph.rows("build/tree-parents")}
    rows = table.sort_values(["depth", "axis", "node"], kind="stable").to_dict("records")
    nodes: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    for row in reversed(rows):
        node = row["node"]
        nodes[node] += 1
        covered[node] += int(row["found"] >= row["wanted"])
        parent = parents.get(node)
        if parent is not None:
            nodes[parent] += nodes[node]
            covered[parent] += covered[node]
    return [
        Branch(
            row["node"],
            row["label"],
            parents.get(row["node"], "") if row["depth"] else "",
            row["axis"],
            int(row["depth"]),
            int(row["wanted"]),
            int(row["found"]),
            int(row["kept"]),
            nodes[row["node"]],
            covered[row["node"]],
        )
        for row in rows
        if row["depth"] <= depth and (row["found"] or not row["depth"])
    ]


def relation(up: int, down: int) -> str:
    """What a node is that stands so many steps up and then down from another.

    >>> relation(1, 0), relation(1, 1), relation(3, 0), relation(2, 2)
    ('parent', 'sibling', 'ancestor', 'cousin')
    """
    known = _RELATIONS.get((up, down))
    return known or ("ancestor" if not down else "descendant" if not up else "cousin")


def _nearest(
    nodes: Iterable[tuple[str, int]], parents: Mapping[str, str], direct: Mapping[str, int]
) -> dict[str, tuple[str, int, int]]:
    """For each node, the nearest other one that a sample shows itself: it, steps up, steps down.

    Of several as near, the one with the fewest steps down (a parent before a sibling), then the smallest identifier.
    One pass from the leaves up finds the nearest below each node, one from the roots down looks beyond its parent.
    """
    in_order = [node for node, _ in sorted(nodes, key=lambda item: (item[1], item[0]))]
    known = set(in_order)
    best: dict[str, tuple[int, int, str]] = {n: (0, 0, n) for n in in_order if direct.get(n)}  # distance, down, node
    for node in reversed(in_order):
        parent = parents.get(node)
        if node in best and parent in known:
            distance, down, other = best[node]
            best[parent] = min(best.get(parent, (distance + 2, 0, "")), (distance + 1, down + 1, other))
    for node in in_order:
        parent = parents.get(node)
        if parent in best:
            distance, down, other = best[parent]
            best[node] = min(best.get(node, (distance + 2, 0, "")), (distance + 1, down, other))
    return {node: (other, distance - down, down) for node, (distance, down, other) in best.items() if distance}
