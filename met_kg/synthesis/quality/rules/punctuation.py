"""Question and options are punctuated as English is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pandas as pd

from met_kg.synthesis.quality.context import Context, records
from met_kg.synthesis.quality.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()

_WRONG: Final = (
    (re.compile(r"[{}]|\bNone\b|\bnan\b"), "a place of the wording was not filled"),
    (re.compile(r"\s[,.;:?!](?:\s|$)"), "a space stands before a mark"),
    (re.compile(r"[,;:?!]{2,}|\.{2}(?!\.)(?<!\.\.\.)|,\s*[.?!]|[.?!],"), "two marks stand together"),
    (re.compile(r"  |\n|\t"), "there are two spaces or a new line"),
)


def apply(items: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to questions that do not begin with a capital or end with a mark, to doubled marks, spaces before marks,
    and places left open."""
    for item in records(items):
        question = str(item["question"]).strip()
        if not question:
            continue  # question-length says so
        if reason := _fault(question, [str(o) for o in item["options"]]):
            yield Hit(item["item_id"], reason)


def _fault(question: str, options: list[str]) -> str:
    for text in (question, *options):
        for pattern, reason in _WRONG:
            if pattern.search(text):
                return f"{reason}: '{text}'"
    if question[-1] not in "?.:":
        return f"no mark ends the question: '{question}'"
    first = question.split()[0]
    return f"no capital begins the question: '{question}'" if first == first.lower() and first[0].isalpha() else ""
