"""Items become a metrics dictionary, under the names of the harness."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from met_kg.evaluation.corrected import DIFFERENCES
from met_kg.evaluation.judges import OPEN_METRICS
from met_kg.statistics import accuracy_interval

if TYPE_CHECKING:
    from met_kg.evaluation.benchmark import Benchmark

__all__ = ["DECISIONS", "HARNESS", "aggregate", "share"]

Item = Mapping[str, Any]

#: State of the public harness that the protocol ``medevalkit`` reproduces.
HARNESS: Final = "MedEvalKit 9b12e3b (2026-02-24)"

#: Where the harness stops with an error, a number has to come from somewhere: what each protocol says instead.
DECISIONS: Final = (
    "an empty open answer is wrong, has 0 in all text metrics, and is counted (the harness raises)",
    "a set without open or without closed items has null for their accuracy (the harness divides by zero)",
    "an open answer of a thousand words has its ROUGE (the harness raises when it recurses)",
    "the MMMU test split is aggregated: equality for choices, the open rule for the rest (the harness raises)",
    "a line that cannot be scored keeps its place, is wrong, and is counted under errors",
)


def aggregate(bench: Benchmark, items: Sequence[Item], protocol: str, seed: int) -> dict[str, Any]:
    """Headline accuracy (micro, all items), its parts, and what a reader needs beside the number.

    Parameters
    ----------
    seed
        that random letters were drawn with; written beside the numbers.
    """
    metrics: dict[str, Any] = {
        "benchmark": bench.name,
        "title": bench.title,
        "protocol": protocol,
        "judge": "none: open answers by exact match",
        "expected_items": bench.expected,
        "total metrics": share(items),
        "errors": sum("error" in i for i in items),
        "notes": dict(sorted(Counter(i["note"] for i in items if i.get("note")).items())),
        "differences": [*DECISIONS, *(DIFFERENCES if protocol == "corrected" else ())],
        "settings": {"harness": HARNESS, "seed": seed, "versions": _versions()},
    }
    clusters = [str(i.get("cluster", i["index"])) for i in items]
    metrics["interval_95"] = accuracy_interval([bool(i["correct"]) for i in items], clusters)
    if bench.scorer in ("open-closed", "items"):
        metrics["close"] = share(i for i in items if i["kind"] == "closed")
        metrics["open"] = _open([i for i in items if i["kind"] == "open"], protocol)
    if bench.scorer in ("mmmu", "items"):
        metrics["multiple choice"] = share(i for i in items if i["kind"] == "choice")
    if bench.scorer == "mmmu":
        metrics["open"] = share(i for i in items if i["kind"] == "open")
    for name in [*bench.breakdown, *(["subject"] if bench.scorer == "mmmu" else [])]:
        groups: dict[str, list[Item]] = {}
        for item in items:
            groups.setdefault(item.get("groups", {}).get(name, ""), []).append(item)
        if any(groups):  # else no record has the field
            metrics[name] = {group: share(found) for group, found in sorted(groups.items())}
    return metrics


def share(items: Iterable[Item]) -> dict[str, float | int | None]:
    """Items, right ones, and accuracy: null for no items."""
    listed = list(items)
    right = sum(bool(i["correct"]) for i in listed)
    return {"total": len(listed), "right": right, "acc": right / len(listed) if listed else None}


def _open(items: Sequence[Item], protocol: str) -> dict[str, Any]:
    found: dict[str, Any] = share(items)
    total = len(items)
    for name in OPEN_METRICS:
        found[name] = sum(i.get("metrics", {}).get(name, 0.0) for i in items) / total if total else None
    if protocol == "medevalkit" and total:
        # The harness divides the accuracy by the number of open items a second time. Kept, with the sound value beside.
        found["acc_recomputed"] = found["acc"]
        found["acc"] = found["acc"] / total
    return found


def _versions() -> dict[str, str]:
    """Of whatever can change a score."""
    packages = {name: version(name) for name in ("met-kg", "nltk", "rouge", "numpy")}
    return {"python": platform.python_version(), **packages}
