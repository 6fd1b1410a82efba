"""Accuracy along the tree: which axes and branches a model knows, and where the next data should come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from met_kg.graph.store import Graph
from met_kg.literature.linker import Linker

__all__ = ["nodes_of_records", "roll_up"]


def nodes_of_records(linker: Linker, texts: Iterable[str]) -> list[list[str]]:
    """The nodes that each text (question and answer) names, in order, without repeats."""
    return [list(dict.fromkeys(m.node for m in linker.link(text))) for text in texts]


def roll_up(graph: Graph, nodes: Sequence[Sequence[str]], correct: Sequence[bool]) -> dict[str, Any]:
    """Items, right answers and accuracy per axis and per branch (the child of an axis root above a node).

    An item counts once in every axis and branch that its nodes lie in.
    """
    branch_of: dict[str, tuple[str, str, str]] = {}
    for node in sorted({n for listed in nodes for n in listed}):
        row = next(iter(graph.rows("evaluate/branch", node=node)), None)
        if row is not None:
            branch_of[node] = (str(row["axis"]), str(row["branch"]), str(row["label"]))
    axes: dict[str, list[bool]] = {}
    branches: dict[tuple[str, str, str], list[bool]] = {}
    for listed, right in zip(nodes, correct, strict=True):
        places = {branch_of[n] for n in listed if n in branch_of}
        for place in sorted(places):
            branches.setdefault(place, []).append(right)
        for axis in sorted({place[0] for place in places}):
            axes.setdefault(axis, []).append(right)
    return {
        "axes": {axis: _share(found) for axis, found in sorted(axes.items())},
        "branches": [
            {"axis": axis, "branch": branch, "label": label, **_share(found)}
            for (axis, branch, label), found in sorted(branches.items())
        ],
        "unlinked": sum(not listed for listed in nodes),
    }


def _share(found: Sequence[bool]) -> Mapping[str, float]:
    return {"total": len(found), "right": sum(found), "acc": round(sum(found) / len(found), 6)}
