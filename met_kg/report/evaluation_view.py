"""What the report says of evaluation: accuracy beside its baselines, its parts, the tree, and a few answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from met_kg.errors import MetError
from met_kg.evaluation.benchmark import Benchmark, find, names
from met_kg.paths import data_root, expand_path
from met_kg.report.run_data import RunData, read_json, read_jsonl
from met_kg.report.thumbnails import Thumbnail, Thumbnails

__all__ = ["evaluation_view"]

_EXAMPLES: Final = 6
_BRANCHES: Final = 8
#: Parts of every benchmark: key in ``metrics.json``.
_PARTS: Final = ("close", "open", "multiple choice")
#: Keys of ``metrics.json`` that are no breakdown by a field of the records.
_NO_BREAKDOWN: Final = {*_PARTS, "total metrics", "baselines", "settings", "tree", "notes"}


def evaluation_view(data: RunData, thumbnails: Thumbnails) -> list[dict[str, Any]] | None:
    """One entry a benchmark, as ``metrics.json``, ``items.jsonl`` and ``predictions.jsonl`` state it; else None."""
    folders = sorted(p.parent for p in (data.run / "eval").glob("*/metrics.json"))
    return [_benchmark(data, folder, thumbnails) for folder in folders] or None


def _benchmark(data: RunData, folder: Path, thumbnails: Thumbnails) -> dict[str, Any]:
    metrics = read_json(folder / "metrics.json")
    total = metrics.get("total metrics", {})
    baselines = metrics.get("baselines", {})
    interval = metrics.get("interval_95")
    return {
        "name": metrics.get("benchmark", folder.name),
        "title": metrics.get("title", ""),
        "protocol": metrics.get("protocol", "not stated"),
        "total": total.get("total"),
        "right": total.get("right"),
        "accuracy": _accuracy(total),
        "interval": tuple(interval) if interval else None,
        "majority": baselines.get("majority"),
        "chance": baselines.get("chance"),
        "notes": list(_notes(metrics)),
        "groups": list(_groups(metrics)),
        "examples": _examples(data, folder, thumbnails),
    }


def _accuracy(share: Mapping[str, Any]) -> float | None:
    """Right answers over all: ``acc`` itself is divided twice for open items under the harness's protocol."""
    return share["right"] / share["total"] if share.get("total") else None


def _notes(metrics: Mapping[str, Any]) -> Iterator[str]:
    """What a reader needs beside the number, a sentence each."""
    baselines = metrics.get("baselines", {})
    if metrics.get("judge"):
        yield f"Judge: {metrics['judge']}."
    if "majority_answer" in baselines:
        yield f"Most common answer: “{baselines['majority_answer']}”, counted on {baselines['majority_from']}."
    answered, expected = metrics.get("total metrics", {}).get("total"), metrics.get("expected_items")
    if expected and expected != answered:
        yield f"Only {answered:,} of the benchmark's {expected:,} questions were asked: no number to compare."
    said = [f"{name} {count:,}" for name, count in sorted(metrics.get("notes", {}).items())]
    if metrics.get("errors"):
        said.append(f"not scored {metrics['errors']:,}")
    if said:
        yield f"Answers by how they could be read: {', '.join(said)}; all others as they stand."


def _groups(metrics: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Accuracy by kind of question, by axis and branch of the tree, and by fields of the records."""
    tree = metrics.get("tree", {})
    branches = sorted(tree.get("branches", []), key=lambda b: (-b["total"], b["axis"], b["label"], b["branch"]))
    parts: list[tuple[str, list[tuple[str, Mapping[str, Any]]]]] = [
        ("kind", [("closed" if p == "close" else p, metrics[p]) for p in _PARTS if p in metrics]),
        ("axis", sorted(tree.get("axes", {}).items())),
        ("branch, most asked first", [(f"{b['label']} ({b['axis']})", b) for b in branches[:_BRANCHES]]),
    ]
    for name in sorted(set(metrics) - _NO_BREAKDOWN):
        if isinstance(metrics[name], dict):
            parts.append((name, [(group or "not stated", share) for group, share in metrics[name].items()]))
    for heading, shares in parts:
        rows = [
            {"name": name, "right": s["right"], "total": s["total"], "accuracy": _accuracy(s)}
            for name, s in shares
            if s["total"]
        ]
        if rows:
            yield heading, rows


def _examples(data: RunData, folder: Path, thumbnails: Thumbnails) -> list[dict[str, Any]]:
    """A few right and wrong answers, from the start of the benchmark."""
    pairs = list(zip(read_jsonl(folder / "predictions.jsonl"), read_jsonl(folder / "items.jsonl"), strict=False))
    if not pairs or folder.name not in names():  # of a benchmark of the user's own, the fields are not known here
        return []
    bench = find(folder.name)
    right = [p for p in pairs if p[1].get("correct")][: _EXAMPLES // 2]
    wrong = [p for p in pairs if not p[1].get("correct")][: _EXAMPLES - len(right)]
    images = _Images(data, bench, thumbnails)
    return [
        {
            "picture": images.of(asked["record"]),
            "question": bench.field(asked["record"], "question"),
            "gold": _gold(bench, asked["record"]),
            "answer": str(asked["model_output"]),
            "correct": bool(item.get("correct")),
        }
        for asked, item in (*right, *wrong)
    ]


def _gold(bench: Benchmark, record: Mapping[str, Any]) -> str:
    """The right answer; a letter with the text of its option, where the record lists options."""
    answer = bench.field(record, "answer")
    options = record.get("options")
    place = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".find(answer) if len(answer) == 1 else -1
    return f"{answer}: {options[place]}" if isinstance(options, list) and 0 <= place < len(options) else answer


class _Images:
    """Pictures of a benchmark's records, found again: predictions carry no paths."""

    def __init__(self, data: RunData, bench: Benchmark, thumbnails: Thumbnails) -> None:
        samples = data.table("samples")
        self._own = {} if samples is None else dict(zip(samples["sample_id"], samples["image"], strict=True))
        self._bench, self._thumbnails = bench, thumbnails
        self._folder = _release(data.run, bench)

    def of(self, record: Mapping[str, Any]) -> Thumbnail:
        name = record.get(self._bench.files.image_field)
        if record.get("sample_id") in self._own:
            return self._thumbnails.of(str(self._own[record["sample_id"]]), 150)
        if self._folder is not None and self._bench.files.images and isinstance(name, str):
            return self._thumbnails.of(str(self._folder / self._bench.files.images / name), 150)
        return Thumbnail(problem="the image lies in the benchmark's release")


def _release(run: Path, bench: Benchmark) -> Path | None:
    """The folder of the benchmark's files that the run's recipe names, else its data pack; None when not here."""
    recipe = run / "recipe.yaml"
    named = yaml.safe_load(recipe.read_text(encoding="utf-8")) if recipe.is_file() else {}
    source = ((named.get("eval") or {}).get("sources") or {}).get(bench.name)
    try:
        root = data_root()
        folder = expand_path(source) if source else root / bench.pack if root and bench.pack else None
    except MetError:
        return None
    return folder.resolve() if folder is not None and folder.is_dir() else None
