"""What the report says of coverage: samples wanted, found and kept, over the tree."""

from __future__ import annotations

from typing import Any, Final

from met_kg.report.charts import Branch, fold, icicle
from met_kg.report.run_data import RunData, records
from met_kg.retrieval.coverage import Branch as Covered
from met_kg.vocabulary import AXES

__all__ = ["coverage_view"]

_SCARCE: Final = 12


def coverage_view(data: RunData) -> dict[str, Any] | None:
    """Nodes by axis that have what is wanted, the icicle of the tree, the scarcest nodes; None before that step."""
    table = data.table("coverage")
    if table is None:
        return None
    axes = []
    for axis in AXES:
        part = table[table["axis"] == axis]
        has, enough = part["found"] > 0, part["found"] >= part["wanted"]
        axes.append(
            {
                "axis": axis,
                "nodes": len(part),
                "with samples": int(has.sum()),
                "as many as wanted": int((has & enough).sum()),
                "fewer": int((has & ~enough).sum()),
                "none": int((~has).sum()),
                "lost to filters": int((has & (part["kept"] == 0)).sum()),
            }
        )
    roots = _trees(data.covered)
    scarce = table[(table["found"] == 0) & (table["nearest"] != "")].sort_values(
        ["depth", "nearest_distance", "axis", "node"], kind="stable"
    )
    turn = scarce.assign(turn=scarce.groupby("axis").cumcount()).sort_values(["turn", "axis"], kind="stable")
    return {"axes": axes, "icicle": icicle(roots), "scarce": records(turn.head(_SCARCE))}


def _trees(covered: list[Covered]) -> list[Branch]:
    """One tree an axis: the size of a branch is its nodes, its shade grows with the share that has as many as wanted.

    (By its cube root: of thousands of diseases a corpus shows some dozens, and one in a hundred must still be seen.)
    """
    found: dict[str, Branch] = {}
    roots = []
    for node in covered:
        note = (
            f"{node.found:,} samples found, {node.kept:,} kept; {node.covered:,} of {node.nodes:,} nodes have as many "
            "as are wanted"
        )
        branch = found[node.node] = Branch(
            node.node, node.label, node.axis, node.nodes, note=note, shade=(node.covered / node.nodes) ** (1 / 3)
        )
        if node.parent in found:
            found[node.parent].children.append(branch)
        else:
            roots.append(branch)
    return [fold(root) for root in roots]
