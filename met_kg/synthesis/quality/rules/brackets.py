"""Brackets and quotation marks come in pairs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pandas as pd

from met_kg.synthesis.quality.context import Context, records
from met_kg.synthesis.quality.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()

_PAIRS: Final = {")": "(", "]": "[", "}": "{", "”": "“"}


def apply(items: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to question, option or answer with a bracket or a quotation mark that is not closed or not opened."""
    for item in records(items):
        for text in (str(item["question"]), str(item["answer"]), *(str(o) for o in item["options"])):
            if not _balanced(text):
                yield Hit(item["item_id"], f"a bracket or quotation mark stands alone in '{text}'")
                break


def _balanced(text: str) -> bool:
    waiting: list[str] = []
    for letter in text:
        if letter in _PAIRS.values():
            waiting.append(letter)
        elif letter in _PAIRS and (not waiting or waiting.pop() != _PAIRS[letter]):
            return False
    return not waiting and text.count('"') % 2 == 0
