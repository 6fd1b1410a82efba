"""An open question has one answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pandas as pd

from met_kg.synthesis.quality.context import Context, records
from met_kg.synthesis.quality.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()


def apply(items: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to open questions of one type and level that another item on the same sample answers otherwise."""
    answers: dict[tuple[str, ...], set[str]] = defaultdict(set)
    asked = [item for item in records(items) if item["format"] == "open"]
    for item in asked:
        answers[_place(item)].add(str(item["answer"]))
    for item in asked:
        others = sorted(answers[_place(item)] - {str(item["answer"])})
        if others:
            yield Hit(str(item["item_id"]), f"the same is answered with {', '.join(map(repr, others))}", len(others))


def _place(item: dict[str, object]) -> tuple[str, ...]:
    return tuple(str(item[name]) for name in ("sample_id", "type", "level"))
