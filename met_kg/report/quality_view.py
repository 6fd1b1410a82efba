"""What the report says of quality control: what was set aside and why, and how far items go without their image."""

from __future__ import annotations

from typing import Any, Final

from met_kg import tables
from met_kg.report.run_data import RunData, read_json, records

__all__ = ["quality_view"]

_EXAMPLES: Final = 2
#: The solvers whose accuracy is drawn.
_DRAWN: Final = "text-only"


def quality_view(data: RunData) -> dict[str, Any] | None:
    """Counts, the shortcut table and examples of what was set aside; None before that step."""
    found = read_json(data.run / "shortcuts.json")
    if not found:
        return None
    return {
        **{name: found[name] for name in ("drafts", "items", "margin")},
        "found": [(*name.split(": "), count) for name, count in found["found"].items()],
        "types": [_row(t) for t in found["types"]],
        "judge": found.get("judge"),
        "language_model": found.get("language model"),
        "necessity": found.get("necessity"),
        "examples": _examples(data),
    }


def _row(found: dict[str, Any]) -> dict[str, Any]:
    after, before = found["after"], found["before"]
    acted = {name: value["above"] for name, value in after.items() if name not in (_DRAWN, "caption-word")}
    best = max(acted, key=lambda name: (acted[name], name), default="")
    return {
        **{name: found[name] for name in ("type", "format", "visual", "policy", "acted", "note", "items")},
        "chance": {**found["chance"], "shown": found["chance"]["after" if after else "before"]},
        "before": before.get(_DRAWN),
        "after": after.get(_DRAWN),
        "best": best,
        "best_above": acted.get(best),
        "caption": after.get("caption-word", {}).get("accuracy"),
    }


def _examples(data: RunData) -> list[dict[str, Any]]:
    """For each check and verdict the first items that it found, with what they ask."""
    paths = data.run / "quality.parquet", data.run / "drafts.parquet"
    if not all(path.is_file() for path in paths):
        return []
    quality = tables.read("quality", paths[0])
    drafts = tables.read("vqa", paths[1], ["item_id", "type", "format", "question", "options", "answer"])
    asked = {str(row["item_id"]): row for row in records(drafts)}
    shown = quality.groupby(["check", "verdict"], sort=True).head(_EXAMPLES)
    return [
        {
            **{name: row[name] for name in ("check", "verdict", "reason")},
            "question": str(asked[row["item_id"]]["question"]),
            "options": "; ".join(map(str, asked[row["item_id"]]["options"])),
            "answer": str(asked[row["item_id"]]["answer"]),
        }
        for row in records(shown.sort_values(["check", "verdict"], kind="stable"))
        if row["item_id"] in asked
    ]
