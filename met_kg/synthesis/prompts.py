"""What the user says: in the words of the public evaluation harness, so that a model learns what it will be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from met_kg.errors import DataProblem

__all__ = ["caption_prompt", "question_prompt"]

_SENTENCE: Final = {
    "multiple-choice": "Answer with the option's letter from the given choices directly.",
    "yes-no": "Please output 'yes' or 'no'(no extra output).",
    "open": "Please answer the question concisely.",
}
_CAPTION: Final = {
    "short": "Write a short caption for this image.",
    "descriptive": "Describe this image.",
    "knowledge": "Describe this image and explain what is known about what it shows.",
}
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def question_prompt(form: str, question: str, options: Sequence[str] = ()) -> str:
    """What the user says: the question, its options as lines ``A. text``, and how to answer.

    >>> print(question_prompt("yes-no", "Is there an effusion?"))
    Is there an effusion?
    Please output 'yes' or 'no'(no extra output).

    Raises
    ------
    DataProblem
        for a format other than multiple-choice, yes-no and open.
    """
    if form not in _SENTENCE:
        raise DataProblem(f"no question has the format '{form}'", hint=f"known: {', '.join(_SENTENCE)}")
    if form != "multiple-choice":
        return f"{question}\n{_SENTENCE[form]}"
    lines = "\n".join(f"{letter}. {text}" for letter, text in zip(_LETTERS, options, strict=False))
    return f"\nQuestion: {question}\nOptions: \n{lines}\n{_SENTENCE[form]}"


def caption_prompt(level: str) -> str:
    """What the user says to get a caption of a level."""
    return _CAPTION.get(level, _CAPTION["descriptive"])
