"""What the report says of the tree and of the literature that was linked to it."""

from __future__ import annotations

import csv
from collections import Counter
from typing import Any, Final

from met_kg.graph.store import Row
from met_kg.report.charts import branches, icicle
from met_kg.report.run_data import RunData
from met_kg.vocabulary import AXES, AXIS_ROOT

__all__ = ["literature_view", "tree_view"]

_TOP: Final = 6  # nodes shown of each axis
_TOP_MENTIONED: Final = 20


def tree_view(data: RunData) -> dict[str, Any] | None:
    """Nodes and coverage per axis, the icicle of anchored branches, the most depicted nodes; None without a tree."""
    if not data.tree and not data.rows["axes"]:
        return None
    coverage = {str(r["axis"]): r for r in data.rows["coverage"]}
    axes = [{**row, **coverage.get(str(row["axis"]), {})} for row in _by_axis(data.rows["axes"])]
    roots = branches(data.rows["branches"], {axis: AXIS_ROOT[axis] for axis in AXES})
    return {
        "version": data.tree.get("version", ""),
        "sha256": data.tree.get("sha256", ""),
        "sources": data.tree.get("sources", []),
        "conflicts": sorted(Counter(str(c.get("kind", "")) for c in data.tree.get("conflicts", [])).items()),
        "axes": axes,
        "nodes": sum(_int(r["nodes"]) for r in axes),
        "deepest": max((_int(r["deepest"]) for r in axes), default=0),
        "depicted": sum(_int(r.get("depicted")) for r in axes),
        "has_samples": bool(data.rows["depicted"]),
        "icicle": icicle(roots),
        "top": {axis: [r for r in data.rows["depicted"] if r["axis"] == axis][:_TOP] for axis in AXES},
    }


def literature_view(data: RunData) -> dict[str, Any] | None:
    """Mentions by axis and assertion, the nodes named most, and the review queue; None before that step."""
    mentions = data.table("mentions")
    if mentions is None:
        return None
    review = data.run / "tree" / "review.tsv"
    return {
        "mentions": len(mentions),
        "documents": data.counts("literature").get("documents", mentions["document"].nunique()),
        "nodes": mentions["node"].nunique(),
        "sources": [
            (source, licence, part["document"].nunique(), len(part))
            for (source, licence), part in mentions.groupby(["source", "licence"], sort=True)
        ],
        "axes": _counted(mentions["axis"], AXES),
        "assertions": Counter(mentions["assertion"]).most_common(),
        "top": data.rows["mentioned"][:_TOP_MENTIONED],
        "review": _review(review.read_text(encoding="utf-8")) if review.is_file() else None,
    }


def _review(text: str) -> dict[str, Any]:
    """Rows of a review queue by kind, and a few proposed terms. The second line is a ROBOT template, not a row."""
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))[1:]
    return {
        "rows": len(rows),
        "kinds": sorted(Counter(r["kind"] for r in rows).items()),
        "proposed": [r for r in rows if r["kind"] == "new-term"][:5],
    }


def _by_axis(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda r: AXES.index(r["axis"]) if r["axis"] in AXES else len(AXES))


def _counted(values: Any, order: tuple[str, ...]) -> list[tuple[str, int]]:
    counts = Counter(values)
    return [(name, counts[name]) for name in order if counts[name]]


def _int(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
