"""Models that are asked about items: who they are, and how an item is put to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from met_kg.synthesis.index import spaced
from met_kg.synthesis.prompts import question_prompt
from met_kg.synthesis.quality.context import LETTERS, Context, text_of_answer

__all__ = ["put", "right"]

Item = Mapping[str, Any]


def put(item: Item) -> str:
    """The question as a model is asked it, options with their letters."""
    return question_prompt(str(item["format"]), str(item["question"]), [str(o) for o in item["options"]]).strip()


def right(item: Item, said: str, context: Context) -> bool:
    """Whether an answer in words is right: the letter or text of the option, yes or no, or a name of the key.

    >>> mri = {"format": "multiple-choice", "options": ["CT", "MRI"], "answer": "B", "key_node": ""}
    >>> [right(mri, said, None) for said in ("B", "B. MRI", "mri.", "A", "Both")]
    [True, True, True, False, False]
    """
    words = spaced(said)
    if item["format"] == "yes-no":
        return words.split()[:1] == [item["answer"]]
    answer = spaced(text_of_answer(item))
    if words == answer:
        return True
    if item["format"] == "multiple-choice":
        first = said.strip().lstrip("(").partition(" ")[0].rstrip(".,:;)")
        return first == item["answer"] and first in LETTERS
    return words in context.terms(str(item["key_node"]))
