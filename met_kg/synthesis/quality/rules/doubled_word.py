"""No word stands twice in a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pandas as pd

from met_kg.synthesis.quality.context import Context, records
from met_kg.synthesis.quality.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("allowed",)

_TWICE: Final = re.compile(r"\b([^\W\d_]+)\s+\1\b", re.IGNORECASE)


def apply(items: pd.DataFrame, context: Context, *, allowed: str) -> Iterator[Hit]:
    """Objects to a word that is said twice in question or option; ``allowed`` may be."""
    may = frozenset(allowed.split(","))
    for item in records(items):
        for text in (str(item["question"]), *(str(o) for o in item["options"])):
            twice = next((m[1] for m in _TWICE.finditer(text) if m[1].lower() not in may), None)
            if twice is not None:
                yield Hit(item["item_id"], f"the word '{twice}' stands twice in '{text}'")
                break
