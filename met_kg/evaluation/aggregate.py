"""Items become a metrics dictionary, under the names of the harness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from met_kg.evaluation.corrected import DIFFERENCES
from met_kg.evaluation.judges import OPEN_METRICS
from met_kg.evaluation.statistics import clustered_interval

if TYPE_CHECKING:
    from met_kg.evaluation.benchmark import Benchmark

__all__ = ["aggregate"]

Item = Mapping[str, Any]


def aggregate(bench: Benchmark, items: Sequence[Item], protocol: str) -> dict[str, Any]:
    """Headline accuracy (micro, all items), its parts, and what a reader needs beside the number."""
    metrics: dict[str, Any] = {
        "benchmark": bench.name,
        "title": bench.title,
        "protocol": protocol,
        "judge": "none: open answers by exact match",
        "expected_items": bench.expected,
        "total metrics": _share(items),
        "errors": sum("error" in i for i in items),
        "notes": dict(sorted(Counter(i["note"] for i in items if i.get("note")).items())),
    }
    clusters = [str(i.get("cluster", i["index"])) for i in items]
    metrics["interval_95"] = clustered_interval([bool(i["correct"]) for i in items], clusters)
    if bench.scorer in ("open-closed", "items"):
        metrics["close"] = _share(i for i in items if i["kind"] == "closed")
        metrics["open"] = _open([i for i in items if i["kind"] == "open"], protocol)
    if bench.scorer in ("mmmu", "items"):
        metrics["multiple choice"] = _share(i for i in items if i["kind"] == "choice")
    if bench.scorer == "mmmu":
        metrics["open"] = _share(i for i in items if i["kind"] == "open")
    for name in ("subject", *bench.breakdown) if bench.scorer == "mmmu" else bench.breakdown:
        groups: dict[str, list[Item]] = {}
        for item in items:
            groups.setdefault(item.get("groups", {}).get(name, ""), []).append(item)
        metrics[name] = {group: _share(found) for group, found in sorted(groups.items())}
    if protocol == "corrected":
        metrics["differences"] = list(DIFFERENCES)
    return metrics


def _share(items: Iterable[Item]) -> dict[str, float | int | None]:
    listed = list(items)
    right = sum(bool(i["correct"]) for i in listed)
    # An empty set has no accuracy; the harness would divide by zero and lose the benchmark.
    return {"total": len(listed), "right": right, "acc": right / len(listed) if listed else None}


def _open(items: Sequence[Item], protocol: str) -> dict[str, Any]:
    share: dict[str, Any] = _share(items)
    total = len(items)
    for name in OPEN_METRICS:
        share[name] = sum(i.get("metrics", {}).get(name, 0.0) for i in items) / total if total else None
    if protocol == "medevalkit" and total:
        # The harness divides the accuracy by the number of open items a second time. Kept, with the sound value beside.
        share["acc_recomputed"] = share["acc"]
        share["acc"] = share["acc"] / total
    return share
