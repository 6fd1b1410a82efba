"""What the report says of evaluation: accuracy beside its baselines, its parts, and a few answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from met_kg.report.run_data import RunData, read_json, read_jsonl
from met_kg.report.thumbnails import Thumbnails

__all__ = ["evaluation_view"]

_EXAMPLES: Final = 6


def evaluation_view(data: RunData, thumbnails: Thumbnails) -> list[dict[str, Any]] | None:
    """One entry a benchmark, as ``metrics.json``, ``items.jsonl`` and ``predictions.jsonl`` state it; else None."""
    folders = sorted(p.parent for p in (data.run / "eval").glob("*/metrics.json"))
    return [_benchmark(folder, thumbnails) for folder in folders] or None


def _benchmark(folder: Path, thumbnails: Thumbnails) -> dict[str, Any]:
    metrics = read_json(folder / "metrics.json")
    return {
        "name": metrics.get("benchmark", folder.name),
        "protocol": metrics.get("protocol", "not stated"),
        "total": metrics.get("total"),
        "right": metrics.get("right"),
        "accuracy": _share(metrics, "accuracy"),
        "interval": _interval(metrics),
        "majority": _share(metrics.get("baselines", {}), "majority"),
        "chance": _share(metrics.get("baselines", {}), "chance"),
        "notes": [str(n) for n in metrics.get("notes", [])],
        "groups": list(_groups(metrics)),
        "examples": _examples(folder, thumbnails),
    }


def _share(found: dict[str, Any], key: str) -> float | None:
    value = found.get(key)
    if isinstance(value, dict):
        value = value.get("accuracy")
    return float(value) if isinstance(value, int | float) else None


def _interval(found: dict[str, Any]) -> tuple[float, float] | None:
    value = found.get("ci95")
    return (float(value[0]), float(value[1])) if isinstance(value, list) and len(value) == 2 else None


def _groups(metrics: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every part of the metrics that maps names to an accuracy over a number of questions: by type, by axis ..."""
    for heading in sorted(metrics):
        parts = metrics[heading]
        if not isinstance(parts, dict) or heading == "baselines":
            continue
        rows = [
            {"name": name, "total": p["total"], "accuracy": _share(p, "accuracy"), "interval": _interval(p)}
            for name, p in sorted(parts.items())
            if isinstance(p, dict) and "total" in p and "accuracy" in p
        ]
        if rows:
            yield heading.replace("_", " "), rows


def _examples(folder: Path, thumbnails: Thumbnails) -> list[dict[str, Any]]:
    """A few right and wrong answers in turn, from the start of the benchmark."""
    scored = read_jsonl(folder / "items.jsonl")
    asked = read_jsonl(folder / "predictions.jsonl")
    pairs = list(zip(asked, scored, strict=False))
    right = [p for p in pairs if p[1].get("correct")][: _EXAMPLES // 2]
    wrong = [p for p in pairs if not p[1].get("correct")][: _EXAMPLES - len(right)]
    shown = []
    for asked_one, scored_one in [*right, *wrong]:
        record = asked_one.get("record", {})
        shown.append(
            {
                "picture": thumbnails.of(str(record.get("image", "")), 150),
                "question": str(record.get("question", "")),
                "gold": str(record.get("answer", "")),
                "answer": str(asked_one.get("model_output", "")),
                "correct": bool(scored_one.get("correct")),
            }
        )
    return shown
