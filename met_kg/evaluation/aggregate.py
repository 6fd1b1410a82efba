"""Items become a metrics dictionary, under the names of the harness."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from met_kg.evaluation.corrected import DIFFERENCES
from met_kg.evaluation.judges import OPEN_METRICS
from met_kg.statistics import accuracy_interval, clustered_interval

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


def aggregate(
    bench: Benchmark, items: Sequence[Item], protocol: str, seed: int, judged: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Headline accuracy (micro, all items), its parts, and what a reader needs beside the number.

    Parameters
    ----------
    seed
        that random letters were drawn with; written beside the numbers.
    judged
        the record of :func:`met_kg.evaluation.llm_judge.judge_open`, where a model judged the items.
    """
    metrics: dict[str, Any] = {
        "benchmark": bench.name,
        "title": bench.title,
        "protocol": protocol,
        "judge": f"open answers judged by {judged['model']}" if judged else "none: open answers by exact match",
        "expected_items": bench.expected,
        "errors": sum("error" in i for i in items),
        "notes": dict(sorted(Counter(i["note"] for i in items if i.get("note")).items())),
        "empty_predictions": sum(bool(i.get("empty")) for i in items),
        "gold_problems": sum("gold_problem" in i for i in items),
        "differences": [*DECISIONS, *(DIFFERENCES if protocol == "corrected" else ())],
        "settings": {"harness": HARNESS, "seed": seed, "versions": _versions()},
    }
    twice = protocol == "medevalkit"
    if judged is None:
        metrics |= _parts(bench, items, twice=twice) | {"interval_95": _interval(items)}
    else:
        by_rule = [{**i, "correct": i.get("by_rule", i["correct"])} for i in items]
        everywhere = [{**i, "correct": i.get("judge") == "right"} for i in items]
        rule = bench.judge_totals if protocol == "medevalkit" else "sound"
        metrics |= _judged_parts(bench, items, rule, twice=twice)
        metrics["judged"] = {
            **judged,
            "intended": _parts(bench, items) | {"interval_95": _interval(items)},
            "without the judge": _parts(bench, by_rule) | {"interval_95": _interval(by_rule)},
            "by the judge alone": share(everywhere) if judged["scope"] == "all" else None,
        }
    groups = {
        name: _groups(items, name) for name in (*bench.breakdown, *(["subject"] if bench.scorer == "mmmu" else []))
    }
    metrics |= {name: found for name, found in groups.items() if found}
    metrics["macro averages"] = _macro(_parts(bench, items), groups)
    return metrics


def share(items: Iterable[Item]) -> dict[str, float | int | None]:
    """Items, right ones, and accuracy: null for no items."""
    listed = list(items)
    right = sum(bool(i["correct"]) for i in listed)
    return {"total": len(listed), "right": right, "acc": right / len(listed) if listed else None}


def _parts(bench: Benchmark, items: Sequence[Item], *, twice: bool = False) -> dict[str, Any]:
    """The headline and its parts by kind; ``twice`` divides the accuracy of open answers once more, as the harness."""
    parts: dict[str, Any] = {"total metrics": share(items)}
    if bench.scorer in ("open-closed", "items"):
        parts["close"] = share(i for i in items if i["kind"] == "closed")
        parts["open"] = _open([i for i in items if i["kind"] == "open"], twice=twice)
    if bench.scorer in ("mmmu", "items"):
        parts["multiple choice"] = share(i for i in items if i["kind"] == "choice")
    if bench.scorer == "mmmu":
        parts["open"] = share(i for i in items if i["kind"] == "open")
    return parts


def _judged_parts(bench: Benchmark, items: Sequence[Item], rule: str, *, twice: bool) -> dict[str, Any]:
    """Parts as the harness counts them with a judge: closed items may be lost, or be right twice."""
    parts = _parts(bench, items, twice=twice)
    if rule == "sound":
        return parts | {"interval_95": _interval(items)}
    # What an item counts: a closed one nothing where it is lost, and up to 2 where it is right by rule and by judge.
    counts = [int(i["correct"]) for i in items]
    for place, item in enumerate(items):
        if item["kind"] == "closed":
            counts[place] = 0 if rule == "closed lost" else counts[place] + (item.get("judge") == "right")
    closed = sum(count for count, item in zip(counts, items, strict=True) if item["kind"] == "closed")
    for name, right in (("total metrics", sum(counts)), ("close", closed)):
        part = parts[name]
        parts[name] = part | {"right": right, "acc": right / part["total"] if part["total"] else None}
    return parts | {"interval_95": clustered_interval(counts, _clusters(items))}


def _clusters(items: Sequence[Item]) -> list[str]:
    return [str(i.get("cluster", i["index"])) for i in items]


def _interval(items: Sequence[Item]) -> list[float] | None:
    return accuracy_interval([bool(i["correct"]) for i in items], _clusters(items))


def _groups(items: Sequence[Item], name: str) -> dict[str, Any]:
    """Accuracy by what the items say of themselves; empty when none says anything."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.get("groups", {}).get(name, ""), []).append(item)
    return {group: share(found) for group, found in sorted(groups.items())} if any(groups) else {}


def _macro(parts: Mapping[str, Any], groups: Mapping[str, Any]) -> dict[str, float]:
    """Means of accuracies that each count once, however many items they have. The harness has none of them."""
    tables = {"kind": {name: part for name, part in parts.items() if name != "total metrics"}}
    tables |= {name: {group: found for group, found in table.items() if group} for name, table in groups.items()}
    accuracies = {name: [s["acc"] for s in table.values() if s["total"]] for name, table in tables.items()}
    return {name: sum(found) / len(found) for name, found in accuracies.items() if len(found) > 1}


def _open(items: Sequence[Item], *, twice: bool) -> dict[str, Any]:
    found: dict[str, Any] = share(items)
    total = len(items)
    for name in OPEN_METRICS:
        found[name] = sum(i.get("metrics", {}).get(name, 0.0) for i in items) / total if total else None
    if twice and total:
        # The harness divides the accuracy by the number of open items a second time. Kept, with the sound value beside.
        found["acc_recomputed"] = found["acc"]
        found["acc"] = found["acc"] / total
    return found


def _versions() -> dict[str, str]:
    """Of whatever can change a score."""
    packages = {name: version(name) for name in ("met-kg", "nltk", "rouge", "numpy")}
    return {"python": platform.python_version(), **packages}
