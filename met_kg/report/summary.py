"""What ``met run`` says at its end: what was made, and which files to open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from met_kg.report.provenance_view import STEP_ORDER, flat_counts
from met_kg.report.run_data import read_json

__all__ = ["said", "summary_lines"]

#: Files worth opening: path, and what one finds there.
_FILES: Final = (
    ("report.html", "everything below on one page; open it in a browser"),
    ("tree/met.owl", "the Medical Entity Tree, for Protégé"),
    ("tree/review.tsv", "terms and conflicts that wait for a person"),
    ("samples.parquet", "the image-text pairs"),
    ("anchors.parquet", "which nodes each sample shows, with evidence"),
    ("decisions.parquet", "why each sample was kept or dropped"),
    ("captions.parquet", "enriched captions"),
    ("vqa.parquet", "questions, options, rationales, proofs"),
    ("quality.parquet", "which drafts were set aside or flagged, and why"),
    ("export", "the training set: JSONL, images, dataset card"),
    ("adapter", "the LoRA adapter"),
    ("eval", "predictions and metrics"),
)


def summary_lines(run: Path) -> list[str]:
    """Lines for the terminal: counts of each step that has been done, then the files that are there."""
    manifest = read_json(run / "manifest.json")
    steps = manifest.get("steps", {})
    lines = ["", f"Run '{manifest.get('run', run.name)}' made:"]
    for name in STEP_ORDER:
        if name in steps:
            lines.append(f"  {name:<11} {said(steps[name].get('counts', {}))}".rstrip())
    there = [(run / file, what) for file, what in _FILES if (run / file).exists()]
    width = max((len(str(path)) for path, _ in there), default=0)
    lines += ["", "Open:"] + [f"  {path!s:<{width}}  {what}" for path, what in there]
    return lines


def said(counts: Mapping[str, Any]) -> str:
    """Counts on one line; those of a benchmark as a sentence.

    >>> said({"samples": 1200, "groups": 7})
    'samples 1,200, groups 7'
    >>> said({"slake": {"items": 4, "accuracy": 0.25, "interval_95": [0.0, 0.5], "majority": 0.5, "chance": 0.2}})
    'slake 25.0 % of 4 right (95 %: 0.0 to 50.0), most frequent answer 50.0 %, chance 20.0 %'
    """
    plain = {k: v for k, v in counts.items() if isinstance(v, int | float | str)}
    said = [f"{key} {value}" for key, value in flat_counts(plain)]
    for name, m in counts.items():
        if isinstance(m, dict) and "accuracy" in m:
            low, high = (100 * x for x in m["interval_95"])
            said.append(
                f"{name} {100 * m['accuracy']:.1f} % of {m['items']} right (95 %: {low:.1f} to {high:.1f}), "
                f"most frequent answer {100 * m['majority']:.1f} %, chance {100 * m['chance']:.1f} %"
            )
    return ", ".join(said)
