"""What the report says of accuracy along the tree: icicle, parts, relations of errors, worst branches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from met_kg.evaluation.tree import slice_command
from met_kg.report.charts import Branch, fold, icicle
from met_kg.report.evaluation_files import Evaluated
from met_kg.vocabulary import AXES

__all__ = ["along_view"]

_BRANCHES: Final = 15
_WIDTH: Final = 1080
_TITLES: Final = {"options": "Wrong choices", "texts": "Wrong answers in words"}


def along_view(found: Evaluated, run: str | None) -> dict[str, Any] | None:
    """Accuracy over the tree; None where nothing was rolled up.

    Parameters
    ----------
    run
        the run that slices are cut from, as commands name it; None writes no commands.
    """
    tree = found.tree
    if not tree.get("linked"):
        return None
    worst = tree.get("worst", {})
    roots = _trees(found.table)
    return {
        "linked": tree["linked"],
        "unlinked": tree.get("unlinked", 0),
        "axes": [{"name": axis, **tree["axes"][axis]} for axis in AXES if axis in tree["axes"]],
        "branches": [{"name": b["label"], **b} for b in tree.get("branches", [])[:_BRANCHES]],
        "branches left": max(0, len(tree.get("branches", [])) - _BRANCHES),
        "depths": [{"name": f"{d['axis']}, depth {d['depth']}", **d} for d in tree.get("depths", [])],
        "icicle": icicle(roots, height=_height(roots), levels=5),
        "height": _height(roots),
        "width": _WIDTH,
        "errors": [
            {**part, "title": _TITLES.get(name, name), "relations": [r for r in part["relations"] if _occurs(r)]}
            for name, part in sorted(tree.get("errors", {}).items())
        ],
        "worst": [
            {**b, "command": slice_command(b["slice"], run) if run is not None and b.get("slice") else None}
            for b in worst.get("branches", [])
        ],
        "rule": {key: worst.get(key) for key in ("min_items", "looks", "level")},
    }


def _occurs(relation: Mapping[str, Any]) -> bool:
    """Whether a relation occurs, or would by chance."""
    return bool(relation["count"] or relation["expected"])


def _height(roots: list[Branch]) -> int:
    """Room for a line of text for about every tenth of the links, within what a page shows."""
    return max(260, min(760, 3 * sum(root.weight for root in roots)))


def _trees(table: list[dict[str, str]]) -> list[Branch]:
    """One tree an axis along tree parents: the size of a branch is how often its nodes are named, its shade accuracy.

    Items are counted once a node in what a box says; in its height once a node that they name, so that the heights of
    children add up.
    """
    found: dict[str, Branch] = {}
    for row in table:
        share = float(row["accuracy"])
        interval = f"{100 * float(row['low']):.0f} to {100 * float(row['high']):.0f} %"
        note = f"{row['right']} of {row['items']} right, {100 * share:.0f} % (95 %: {interval})"
        label = f"{100 * share:.0f} % {row['label']}"
        found[row["node"]] = Branch(row["node"], label, row["axis"], 0, own=int(row["named"]), note=note, shade=share)
    roots: dict[str, list[Branch]] = {axis: [] for axis in AXES}
    for row in reversed(table):  # deepest first
        branch = found[row["node"]]
        branch.weight = branch.own + sum(child.weight for child in branch.children)
        if branch.weight:  # some are only kinds of by a way that is no tree parent's
            above = found.get(row["parent"])
            (above.children if above is not None else roots[row["axis"]]).append(branch)
    return [fold(root) for axis in AXES for root in roots[axis]]
