"""A language model as text-only solver: it is asked the question without the image, like the built-in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from met_kg.models.asking import Question, ask_all, parsed
from met_kg.models.chat import ChatModel, Message
from met_kg.synthesis.quality.asked import put
from met_kg.synthesis.quality.context import LETTERS
from met_kg.synthesis.quality.options import SolverOptions

__all__ = ["answers_without_image"]

Item = Mapping[str, Any]

_TASK: Final = (
    "You are asked questions about medical images that you cannot see. Give the answer that is likeliest to be right. "
    'Answer with one JSON object {"answer": ...}: the letter of an option, yes or no, or the answer in a few words.'
)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    answer: str


def answers_without_image(chat: ChatModel, items: Sequence[Item], options: SolverOptions) -> list[tuple[str, str]]:
    """Of each item (answer, ''), or ('', why there is none).

    Raises
    ------
    DataProblem, UsageProblem
        as :func:`met_kg.models.asking.ask_all` does.
    """
    found: list[_Answer | str] = ask_all(
        chat,
        [Question(partial(_messages, item), partial(_parse, item)) for item in items],
        _Answer.model_json_schema(),
        failures=options.failures,
        when_dead=options.when_dead,
        name=f"solver {chat.name}",
        noun="items",
    )
    return [("", one) if isinstance(one, str) else (one.answer, "") for one in found]


def _messages(item: Item) -> list[Message]:
    return [{"role": "system", "content": _TASK}, {"role": "user", "content": put(item)}]


def _parse(item: Item, text: str) -> _Answer:
    found = parsed(text, _Answer)
    if item["format"] == "multiple-choice":
        known = LETTERS[: len(item["options"])]
        if found.answer not in known or len(found.answer) != 1:
            raise ValueError(f"answer must be one of {', '.join(known)}")
    if item["format"] == "yes-no" and found.answer not in ("yes", "no"):
        raise ValueError("answer must be yes or no")
    return found
