"""What the report says of the answers themselves: breakdowns, and the other protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from met_kg.evaluation.score import HARNESS_SEED, PROTOCOLS, judge_lines
from met_kg.report.evaluation_files import Evaluated
from met_kg.statistics import accuracy_interval, exact_interval

__all__ = ["accuracy_of", "breakdowns", "other_protocol"]

#: Parts of every benchmark: key in ``metrics.json`` -> kind of its items and heading.
_PARTS: Final = {
    "close": ("closed", "closed"),
    "open": ("open", "open"),
    "multiple choice": ("choice", "multiple choice"),
}

Item = Mapping[str, Any]


def accuracy_of(share: Mapping[str, Any]) -> float | None:
    """Right answers over all: ``acc`` itself is divided twice for open items under the harness's protocol."""
    return share["right"] / share["total"] if share.get("total") else None


def breakdowns(found: Evaluated) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Accuracy by kind of question and by the fields that the metrics break down by, with intervals from the items."""
    metrics = found.metrics
    yield from _rows(
        "kind",
        (
            (heading, metrics[part], [i for i in found.items if i["kind"] == kind])
            for part, (kind, heading) in _PARTS.items()
            if part in metrics
        ),
    )
    for name in sorted({group for item in found.items for group in item.get("groups", {})}):
        groups = metrics.get(name)
        if isinstance(groups, Mapping):
            by_group: dict[str, list[Item]] = {}
            for item in found.items:
                by_group.setdefault(str(item.get("groups", {}).get(name, "")), []).append(item)
            shares = ((g or "not stated", share, by_group.get(g, [])) for g, share in groups.items())
            yield from _rows(name, shares)


def _rows(
    heading: str, shares: Iterable[tuple[str, Mapping[str, Any], Sequence[Item]]]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    rows = [
        {
            "name": name,
            "right": share["right"],
            "total": share["total"],
            "accuracy": accuracy_of(share),
            "interval": exact_interval(_right(items), _clusters(items)) if len(items) == share["total"] else None,
        }
        for name, share, items in shares
        if share.get("total")
    ]
    if rows:
        yield heading, rows


def other_protocol(found: Evaluated) -> dict[str, Any] | None:
    """The same answers judged by rule under the other protocol; None where they cannot be judged again here."""
    protocol = next((p for p in PROTOCOLS if p != found.metrics.get("protocol")), None)
    if found.bench is None or not found.lines or protocol is None or found.metrics.get("protocol") not in PROTOCOLS:
        return None
    seed = int(found.metrics.get("settings", {}).get("seed", HARNESS_SEED))
    items = judge_lines(found.bench, found.lines, protocol=protocol, seed=seed)
    right = _right(items)
    before = [bool(item.get("by_rule", item["correct"])) for item in found.items]  # a judge may have had the last word
    return {
        "protocol": protocol,
        "total": len(items),
        "right": sum(right),
        "accuracy": sum(right) / len(items) if items else None,
        "interval": accuracy_interval(right, _clusters(items)),
        "gained": sum(now and not then for now, then in zip(right, before, strict=True)),
        "lost": sum(then and not now for now, then in zip(right, before, strict=True)),
    }


def _right(items: Sequence[Item]) -> list[bool]:
    return [bool(item["correct"]) for item in items]


def _clusters(items: Sequence[Item]) -> list[str]:
    return [str(item.get("cluster", item["index"])) for item in items]
