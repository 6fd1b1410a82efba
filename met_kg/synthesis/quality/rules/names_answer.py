"""The question does not name its answer."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.synthesis.index import spaced
from met_kg.synthesis.quality.context import Context, records, text_of_answer
from met_kg.synthesis.quality.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()


def apply(items: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to questions that hold the answer's words or any name of its node; yes-no questions have to name it."""
    for item in records(items):
        if item["format"] == "yes-no":
            continue
        asked = spaced(str(item["question"]))
        for term in (spaced(text_of_answer(item)), *context.terms(str(item["key_node"]))):
            if term.strip() and term in asked:
                yield Hit(item["item_id"], f"the question says '{term.strip()}', which is the answer")
                break
