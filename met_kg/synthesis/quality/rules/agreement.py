"""The grammar of the question does not point at the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pandas as pd

from met_kg.synthesis.names import article
from met_kg.synthesis.quality.context import Context, key_option, records
from met_kg.synthesis.quality.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()

#: The question breaks off where the option goes on: "This image shows an ...".
_OPEN_END: Final = re.compile(r"\b(an?|is|are|was|were)\s*(?:_+|\.{3}|…)?\s*[:.?]?$", re.IGNORECASE)
_ONE: Final = re.compile(r"(?:[^s]|ss|us|is|itis|osis)$", re.IGNORECASE)


def apply(items: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to a question that ends in 'a', 'an', 'is' or 'are' when the key agrees with it and not every distractor
    does."""
    for item in records(items):
        key = key_option(item)
        end = _OPEN_END.search(str(item["question"]).strip())
        if key < 0 or end is None:
            continue
        word = end[1].lower()
        agree = [_agrees(word, str(o)) for o in item["options"]]
        if agree[key] and not all(agree):
            count = len(agree) - sum(agree)
            said = f"the question ends in '{word}', with which {count} of {len(agree)} options do not agree"
            yield Hit(item["item_id"], said, count)


def _agrees(word: str, option: str) -> bool:
    if word in ("a", "an"):
        return article(option) == word
    head = option.split(" of ")[0].split(" in ")[0].split(" with ")[0]
    return bool(_ONE.search(head)) == (word in ("is", "was"))
