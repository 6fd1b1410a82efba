"""What ``met run`` says at its end: what was made, and which files to open."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from met_kg.report.provenance_view import STEP_ORDER, flat_counts
from met_kg.report.run_data import read_json

__all__ = ["summary_lines"]

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
    ("export", "the training set: JSONL, images, dataset card"),
    ("adapter", "the LoRA adapter"),
    ("eval", "predictions and metrics"),
)
_SHOWN_COUNTS: Final = 5


def summary_lines(run: Path) -> list[str]:
    """Lines for the terminal: counts of each step that has been done, then the files that are there."""
    manifest = read_json(run / "manifest.json")
    steps = manifest.get("steps", {})
    lines = ["", f"Run '{manifest.get('run', run.name)}' made:"]
    for name in STEP_ORDER:
        if name in steps:
            plain = {k: v for k, v in steps[name].get("counts", {}).items() if isinstance(v, int | float | str)}
            said = ", ".join(f"{key} {value}" for key, value in flat_counts(plain)[:_SHOWN_COUNTS])
            lines.append(f"  {name:<11} {said}".rstrip())
    there = [(run / file, what) for file, what in _FILES if (run / file).exists()]
    width = max((len(str(path)) for path, _ in there), default=0)
    lines += ["", "Open:"] + [f"  {path!s:<{width}}  {what}" for path, what in there]
    return lines
