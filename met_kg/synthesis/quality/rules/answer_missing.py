"""There is an answer, and it is one that can be given."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.synthesis.quality.context import Context, key_option, records
from met_kg.synthesis.quality.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("options",)


def apply(items: pd.DataFrame, context: Context, *, options: float) -> Iterator[Hit]:
    """Objects to answers that are empty, no letter of an option, or neither yes nor no, and to fewer than ``options``
    options or empty ones."""
    for item in records(items):
        answer, form, given = str(item["answer"]), item["format"], [str(o) for o in item["options"]]
        if not answer.strip():
            yield Hit(item["item_id"], "there is no answer")
        elif form == "yes-no" and answer not in ("yes", "no"):
            yield Hit(item["item_id"], f"the answer '{answer}' is neither yes nor no")
        elif form == "multiple-choice" and len(given) < options:
            yield Hit(item["item_id"], f"there are {len(given)} options; at least {options:g} are wanted", len(given))
        elif form == "multiple-choice" and not all(o.strip() for o in given):
            yield Hit(item["item_id"], "an option is empty")
        elif form == "multiple-choice" and key_option(item) < 0:
            yield Hit(item["item_id"], f"the answer '{answer}' is none of the options")
