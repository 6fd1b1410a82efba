"""Many anchor candidates of a sample -> the ones to keep.

1. One anchor for a sample and node. Statements of the same polarity: the best score counts. ``positive`` outweighs
   ``uncertain`` (a guess that is confirmed elsewhere). ``positive`` against ``negative`` is a conflict: ``uncertain``.
2. A positive node under a negative ancestor contradicts it ("bacterial pneumonia" and "no pneumonia"): both uncertain.
   A negative node under a positive ancestor does not ("pneumonia, not bacterial").
3. Implied anchors are dropped within an axis: a positive ancestor of a positive node (the image of a viral pneumonia
   shows a pneumonia), a negative descendant of a negative node (without lung disease there is no pneumonia).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from met_kg.graph.store import Graph

__all__ = ["Ancestors", "resolve"]

Row = Mapping[str, Any]


class Ancestors:
    """Strict ancestors of nodes, asked of the graph once a node."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[str, frozenset[str]] = {}

    def __getitem__(self, node: str) -> frozenset[str]:
        found = self._known.get(node)
        if found is None:
            rows = self._graph.rows("tree/ancestors", node=node)
            found = self._known[node] = frozenset(str(row["ancestor"]) for row in rows)
        return found


def resolve(rows: Iterable[Row], ancestors: Ancestors) -> list[dict[str, Any]]:
    """Anchors to keep: samples in the order in which they first come, then in order of axis and node."""
    by_sample: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_sample[row["sample_id"]][row["node"]].append(row)
    kept: list[dict[str, Any]] = []
    for about in by_sample.values():
        anchors = {node: _merge(found) for node, found in sorted(about.items())}
        _contradictions(anchors, ancestors)
        kept += sorted(_without_implied(anchors, ancestors), key=lambda a: (a["axis"], a["node"]))
    return kept


def _merge(rows: list[Row]) -> dict[str, Any]:
    """One anchor of several statements about the same node."""
    best: dict[str, Row] = {}
    for row in rows:
        held = best.get(row["polarity"])
        if held is None or _rank(row) < _rank(held):
            best[row["polarity"]] = row
    if "positive" in best and "negative" in best:
        stronger = min([best["positive"], best["negative"]], key=_rank)
        return {**stronger, "polarity": "uncertain", "assertion": "uncertain"}
    if "negative" in best and "uncertain" in best:
        return dict(best["uncertain"])
    kept = best.get("positive") or best.get("negative") or best["uncertain"]
    # What the text says and what the metadata say is compared later: neither may hide the other.
    methods = sorted({row["method"] for row in rows if row["polarity"] == kept["polarity"]})
    return {**kept, "method": "+".join(methods)}


def _rank(row: Row) -> tuple[float, str]:
    return -row["score"], row["evidence"]


def _contradictions(anchors: dict[str, dict[str, Any]], ancestors: Ancestors) -> None:
    negative = {node for node, a in anchors.items() if a["polarity"] == "negative"}
    if not negative:
        return
    for node, anchor in list(anchors.items()):
        if anchor["polarity"] != "positive":
            continue
        for other in ancestors[node] & negative:
            for one in (node, other):
                anchors[one] = {**anchors[one], "polarity": "uncertain", "assertion": "uncertain"}


def _without_implied(anchors: dict[str, dict[str, Any]], ancestors: Ancestors) -> list[dict[str, Any]]:
    positive = {node for node, a in anchors.items() if a["polarity"] == "positive"}
    negative = {node for node, a in anchors.items() if a["polarity"] == "negative"}
    implied = {above for node in positive for above in ancestors[node] & positive}
    implied |= {node for node in negative if ancestors[node] & negative}
    return [a for node, a in anchors.items() if node not in implied]
