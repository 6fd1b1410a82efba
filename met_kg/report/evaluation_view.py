"""What the report says of evaluation: accuracy beside its baselines, its parts, the tree, and a few answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from met_kg.errors import MetError
from met_kg.paths import expand_path
from met_kg.report.evaluation_answers import accuracy_of, breakdowns, other_protocol
from met_kg.report.evaluation_examples import Pictures, examples
from met_kg.report.evaluation_files import Evaluated, read_evaluated
from met_kg.report.evaluation_tree import along_view
from met_kg.report.run_data import RunData
from met_kg.report.thumbnails import Thumbnails

__all__ = ["benchmark_view", "evaluation_view"]

#: What a model is compared with on the same questions, in words.
_COMPARED: Final = {
    "majority": "the most frequent answer",
    "text": "this model without the image",
    "blank": "this model with a grey image",
}
#: Keys of ``baselines`` that have a place of their own.
_OWN_COLUMN: Final = {"chance", "majority", "majority_answer", "majority_from", "constants", "compared", "positions"}


def evaluation_view(data: RunData, thumbnails: Thumbnails) -> list[dict[str, Any]] | None:
    """One entry a benchmark of a run; None before that step. Commands are for a shell in the run's folder."""
    folders = sorted(path.parent for path in (data.run / "eval").glob("*/metrics.json"))
    samples = data.table("samples")
    own = {} if samples is None else dict(zip(samples["sample_id"], samples["image"], strict=True))
    return [
        benchmark_view(found, Pictures(thumbnails, own, _release(data.run, found.name)), run=".")
        for found in map(read_evaluated, folders)
    ] or None


def benchmark_view(found: Evaluated, pictures: Pictures, *, run: str | None) -> dict[str, Any]:
    """What the files of one benchmark state, ready for the page.

    Parameters
    ----------
    run
        the run that slices are cut from, as commands name it; None writes no commands.
    """
    metrics = found.metrics
    total, baselines = metrics.get("total metrics", {}), metrics.get("baselines", {})
    interval = metrics.get("interval_95")
    labels = {row["node"]: row["label"] for row in found.table}
    return {
        "name": found.name,
        "title": metrics.get("title", ""),
        "protocol": metrics.get("protocol", "not stated"),
        "model": metrics.get("settings", {}).get("model", ""),
        "stand_in": bool(metrics.get("settings", {}).get("stand_in")),
        "total": total.get("total"),
        "right": total.get("right"),
        "accuracy": accuracy_of(total),
        "interval": tuple(interval) if interval else None,
        "majority": baselines.get("majority"),
        "chance": baselines.get("chance"),
        "baselines": list(_baselines(baselines)),
        "notes": list(_notes(metrics)),
        "groups": list(breakdowns(found)),
        "contamination": list(_shares(metrics.get("contamination", {}))),
        "positions": list(_positions(baselines.get("positions"))),
        "other": other_protocol(found),
        "along": along_view(found, run),
        "examples": examples(found, pictures, labels),
        "settings": list(_settings(metrics.get("settings", {}))),
        "differences": metrics.get("differences", []),
    }


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
    if metrics.get("set_aside"):
        yield f"Set aside, since they could not be asked (set-aside.jsonl): {metrics['set_aside']:,}."
    said = [f"{name} {count:,}" for name, count in sorted(metrics.get("notes", {}).items())]
    if metrics.get("errors"):
        said.append(f"not scored {metrics['errors']:,}")
    if said:
        yield f"Answers by how they could be read: {', '.join(said)}; all others as they stand."


def _baselines(baselines: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What no model, or a blind one, gets: constant answers, and whatever else the metrics hold."""
    for answer, accuracy in baselines.get("constants", {}).items():
        yield from _shares({f"always “{answer}”": accuracy})
    compared = baselines.get("compared", {})
    yield from _shares({_COMPARED.get(name, name): compared[name] for name in sorted(compared)})
    for name, value in sorted(baselines.items()):
        if name not in _OWN_COLUMN:
            yield from _shares({name: value})


def _positions(profile: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    """By letter of an option: how often it is right, how often chosen, and how often found where it is right."""
    if profile and (total := profile["total"]):
        for letter, row in profile["letters"].items():
            yield {
                "letter": letter,
                "right": row["gold"] / total,
                "chosen": row["chosen"] / total,
                "accuracy": row["acc_where_gold"],
            }
        if profile["unread"]:
            yield {"letter": "none", "right": 0.0, "chosen": profile["unread"] / total, "accuracy": None}


def _shares(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Accuracies under their names: a number, or a share of items with what else is known of it."""
    for name, value in found.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield {"name": name, "accuracy": float(value), "interval": None, "gap": None}
        elif isinstance(value, Mapping) and value.get("total"):
            gap = value.get("model_minus_this")
            yield {
                "name": name,
                "right": value["right"],
                "total": value["total"],
                "accuracy": accuracy_of(value),
                "interval": value.get("interval_95"),
                "gap": (gap["difference"], gap["low"], gap["high"]) if gap else None,
            }


def _settings(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in sorted(settings.items()):
        text = ", ".join(f"{k} {v}" for k, v in sorted(value.items())) if isinstance(value, Mapping) else str(value)
        yield name.replace("_", " "), text


def _release(run: Path, name: str) -> Path | None:
    """The folder of the benchmark's files that the run's recipe names; None where it names none."""
    recipe = run / "recipe.yaml"
    named = yaml.safe_load(recipe.read_text(encoding="utf-8")) if recipe.is_file() else {}
    source = ((named.get("eval") or {}).get("sources") or {}).get(name)
    try:
        return expand_path(source) if source else None
    except MetError:
        return None
