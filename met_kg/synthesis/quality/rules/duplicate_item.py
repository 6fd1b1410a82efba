"""No image is asked the same twice."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from met_kg.filtering.phrases import words_of
from met_kg.synthesis.index import spaced
from met_kg.synthesis.quality.context import Context, records, text_of_answer
from met_kg.synthesis.quality.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("similarity",)


def apply(items: pd.DataFrame, context: Context, *, similarity: float) -> Iterator[Hit]:
    """Objects to items that ask what an earlier one (by id) asks of the same picture in the same format.

    That is: the same type, key and answer, however it is worded, and of the same subject where the question names one;
    or the same answer to questions that share phrases of three words by ``similarity`` (Jaccard) or more. A picture
    that several samples hold, byte by byte, is one picture. Few items meet on it: all pairs with the same answer are
    compared exactly.
    """
    ordered = sorted(records(items), key=lambda item: str(item["item_id"]))
    meanings: dict[tuple[str, ...], str] = {}
    said: dict[tuple[str, ...], list[tuple[str, frozenset[str]]]] = defaultdict(list)
    found: dict[str, Hit] = {}
    for item in ordered:
        here = (context.picture.get(str(item["sample_id"]), str(item["sample_id"])), str(item["format"]))
        number, answer, phrases = str(item["item_id"]), _answer(item), _phrases(str(item["question"]))
        meaning = (*here, str(item["type"]), str(item["key_node"]), _named_subject(item, context), answer)
        if item["key_node"] and meaning in meanings:
            found[number] = Hit(number, f"item {meanings[meaning]} asks the same of the same picture", 1.0)
            continue
        likest, first = max(
            ((len(phrases & other) / len(phrases | other), n) for n, other in said[*here, answer]), default=(0.0, "")
        )
        if likest >= similarity:
            reason = f"the question shares {likest:.0%} of its phrases with that of item {first}, to the same answer"
            found[number] = Hit(number, reason, round(likest, 4))
            continue
        meanings[meaning] = number
        said[*here, answer].append((number, phrases))
    for number in map(str, items["item_id"]):
        if number in found:
            yield found[number]


def _named_subject(item: Mapping[str, Any], context: Context) -> str:
    """What the item is about besides its key, where the question says it: 'a symptom of COVID-19'."""
    try:
        subject = str(json.loads(str(item["proof"]))["query"]["bindings"]["subject"])
    except (ValueError, KeyError, TypeError):
        return ""
    asked = spaced(str(item["question"]))
    return subject if subject != item["key_node"] and any(t in asked for t in context.terms(subject)) else ""


def _answer(item: Mapping[str, Any]) -> str:
    """What the answer means: the option at its letter, else its words."""
    if item["format"] == "yes-no":
        return f"{item['answer']} {item['key_node']}"
    return " ".join(words_of(text_of_answer(item)))


def _phrases(text: str) -> frozenset[str]:
    words = words_of(text)
    return frozenset(" ".join(words[i : i + 3]) for i in range(max(1, len(words) - 2)))
