"""A language model or a multimodal one that judges items by a rubric (``rubric.md``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from met_kg.models.asking import Question, ask_all, data_url, parsed
from met_kg.models.chat import ChatModel, Message
from met_kg.synthesis.quality.asked import put
from met_kg.synthesis.quality.checks import Finding
from met_kg.synthesis.quality.context import Context, text_of_answer
from met_kg.synthesis.quality.options import ItemJudgeOptions

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["judge_items"]

Item = Mapping[str, Any]
CHECK: Final = "judge"
_RATED: Final = ("answerable", "single", "no_leak", "sensible")
_LONGEST: Final = 2000  # letters of a caption that is shown


class _Verdict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    answerable: int = Field(ge=0, le=4)
    single: int = Field(ge=0, le=4)
    no_leak: int = Field(ge=0, le=4)
    sensible: int = Field(ge=0, le=4)
    reason: str


def judge_items(
    chat: ChatModel,
    items: Sequence[Item],
    context: Context,
    options: ItemJudgeOptions,
    picture: Callable[[str], Image.Image],
) -> Iterator[Finding]:
    """What the judge objects to, and the items that it did not judge, each with the reason.

    Parameters
    ----------
    picture
        opens the image of a sample; raises a DataProblem when it has none.

    Raises
    ------
    DataProblem, UsageProblem
        as :func:`met_kg.models.asking.ask_all` does.
    """
    rubric = (resources.files("met_kg.synthesis.quality") / "rubric.md").read_text(encoding="utf-8")
    answers: list[_Verdict | str] = ask_all(
        chat,
        [Question(partial(_messages, rubric, item, context, options, picture), _parse) for item in items],
        _Verdict.model_json_schema(),
        failures=options.failures,
        when_dead=options.when_dead,
        name=f"judge {chat.name}",
        noun="items",
    )
    for item, answer in zip(items, answers, strict=True):
        number = str(item["item_id"])
        if isinstance(answer, str):
            yield Finding(number, CHECK, "flag", answer)
            continue
        ratings = {name: int(getattr(answer, name)) for name in _RATED}
        low = [f"{name} {rating}" for name, rating in ratings.items() if rating < options.minimum]
        if low:
            said = f"rated {', '.join(low)} of 4: {answer.reason}"
            yield Finding(number, CHECK, options.severity, said, float(min(ratings.values())))


def _messages(
    rubric: str, item: Item, context: Context, options: ItemJudgeOptions, picture: Callable[[str], Image.Image]
) -> list[Message]:
    sample = str(item["sample_id"])
    caption = context.caption.get(sample, "")[:_LONGEST]
    words = f"Record: {caption or '(says nothing)'}\n\n{put(item)}\n\nHeld to be right: {_held(item)}"
    content: list[dict[str, Any]] = [{"type": "text", "text": words}]
    if options.images:
        content.append({"type": "image_url", "image_url": {"url": data_url(picture(sample), options.side)}})
        return [{"role": "system", "content": rubric}, {"role": "user", "content": content}]
    return [{"role": "system", "content": rubric}, {"role": "user", "content": words}]


def _held(item: Item) -> str:
    if item["format"] == "multiple-choice":
        return f"{item['answer']}. {text_of_answer(item)}"
    return str(item["answer"])


def _parse(text: str) -> _Verdict:
    found = parsed(text, _Verdict)
    if not found.reason.strip():
        raise ValueError("reason: must not be empty")
    return found
