"""Where a model is worst, with the slice of a run that holds more of it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Final

from met_kg.evaluation.tree.accuracy import Answers, Places
from met_kg.evaluation.tree.nodes import Tree
from met_kg.statistics import exact_intervals

__all__ = ["LISTED", "MIN_ITEMS", "SLICE", "slice_command", "worst_branches"]

#: A branch with fewer items is not ranked.
MIN_ITEMS: Final = 20
#: Branches that are listed.
LISTED: Final = 10
#: Query that selects the training items on a node.
SLICE: Final = "node-in-split"


def worst_branches(
    tree: Tree, places: Places, answers: Answers, *, overall: float, min_items: int = MIN_ITEMS, listed: int = LISTED
) -> dict[str, Any]:
    """The branches of lowest accuracy, by the upper end of an interval that allows for looking at all of them.

    Candidates are nodes with ``min_items`` items or more below which no branches begin; several with the same items are
    one look. The interval is :func:`met_kg.statistics.exact_interval` at the level 1 - 0.05 / looks
    (Bonferroni): at 95 % none of the candidates is better than its upper end says. From the top of the ranking a branch
    is left out that shares more than half of its items with one before it.

    Returns
    -------
    dict
        ``min_items``, ``looks``, ``level``, and ``branches``: node, share, ``corrected`` interval, whether it lies
        ``below`` the ``overall`` accuracy with its upper end, and the ``slice`` of the run.
    """
    candidates: dict[tuple[int, ...], str] = {}
    for node, at in places.items():
        if len(at) >= min_items and tree[node].depth and not tree.is_general(node):
            same = candidates.get(at)
            # Of nodes with the same items the deepest says the most.
            if same is None or tree[node].depth > tree[same].depth:
                candidates[at] = node
    level = 1 - 0.05 / max(1, len(candidates))
    ranked = []
    intervals = exact_intervals(answers.right, answers.clusters, list(candidates), level=level)
    for (at, node), corrected in zip(candidates.items(), intervals, strict=True):
        ranked.append((corrected[1], sum(answers.right[i] for i in at) / len(at), node, at, corrected))
    ranked.sort()
    rows: list[dict[str, Any]] = []
    taken: list[set[int]] = []
    for high, _, node, at, corrected in ranked:
        if len(rows) < listed and all(len(before & set(at)) * 2 <= len(at) for before in taken):
            taken.append(set(at))
            about = {"axis": tree[node].axis, "node": node, "label": tree[node].label, "depth": tree[node].depth}
            share = answers.share(at)
            found = {"corrected": corrected, "below": high < overall, "slice": _slice(tree, node)}
            rows.append({**about, **share, **found})
    return {"min_items": min_items, "looks": len(candidates), "level": round(level, 6), "branches": rows}


def _slice(tree: Tree, node: str) -> dict[str, Any] | None:
    """The training items that the run holds on a node, else on the nearest one above it; None where it has none."""
    here = node
    while here and tree[here].depth:
        items = sum(1 for _ in tree.graph.rows(f"slices/{SLICE}", node=here))
        if items:
            return {"query": SLICE, "node": here, "label": tree[here].label, "items": items}
        here = tree[here].parent
    return None


def slice_command(found: Mapping[str, Any], run: str) -> str:
    """The command that exports a slice of :func:`worst_branches`, ready for a shell.

    >>> slice_command({"query": "node-in-split", "node": "DOID:850"}, "my runs/a")
    "met slice node-in-split -p node=DOID:850 --run 'my runs/a' --out more/DOID_850"
    """
    node = str(found["node"])
    out = "more/" + node.replace(":", "_")
    words = ["met", "slice", str(found["query"]), "-p", f"node={node}", "--run", run, "--out", out]
    return shlex.join(words)
