"""Ask a language model many questions whose answers must have a stated form, and live with what goes wrong.

An answer not as asked is asked for once more, with what was wrong. An endpoint that fails several times in a row counts
as dead: then it is not asked again, and what is left has a reason instead of an answer. Behind
:class:`met_kg.models.chat.CachedChat` the next run asks for the rest alone.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from met_kg.errors import DataProblem, MetError
from met_kg.models.chat import CachedChat, ChatModel, EndpointChat, LocalChat, Message
from met_kg.models.options import AskingOptions

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Question", "WhenDead", "ask_all", "data_url", "open_chat", "parsed"]

WhenDead = Literal["stop", "unjudged"]
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class _Malformed(MetError):
    """The model answered, and not as asked."""


class _Unasked(MetError):
    """The question could not be made."""


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What to ask, made when its turn comes, and how an answer is read.

    ``messages`` may raise a DataProblem (a picture that does not open); ``parse`` raises ValueError with what is wrong.
    """

    messages: Callable[[], Sequence[Message]]
    parse: Callable[[str], T]


def open_chat(options: AskingOptions, cache: Path, *, images: bool = False) -> CachedChat:
    """The model that a recipe names, its answers kept in folder ``cache``; with ``images`` one that sees.

    Raises
    ------
    MissingData, UsageProblem
        when it cannot be had.
    """
    chat: ChatModel
    if options.endpoint is not None:
        chat = EndpointChat.of(options, backoff=options.backoff, max_tokens=options.max_tokens)
    elif images:
        from met_kg.models.chat_vlm import VlmChat

        chat = VlmChat(str(options.path), max_tokens=options.max_tokens)
    else:
        chat = LocalChat(str(options.path), max_tokens=options.max_tokens)
    return CachedChat(chat, cache)


def ask_all(
    chat: ChatModel,
    questions: Sequence[Question[T]],
    schema: Mapping[str, Any] | None,
    *,
    failures: int,
    when_dead: WhenDead,
    name: str,
    noun: str,
    parallel: int = 1,
) -> list[T | str]:
    """Of each question its parsed answer, or why there is none.

    Parameters
    ----------
    schema
        of answers that are JSON; None for answers of another form, which ``parse`` alone checks.
    failures
        failures in a row after which the endpoint counts as dead.
    when_dead
        ``stop`` with an error (what was answered stays in a cache), or leave the rest ``unjudged``.
    name, noun
        who is asked and about what ("pairs"), for messages.
    parallel
        questions asked at once, in threads; answers and failures are counted in the questions' order all the same.

    Raises
    ------
    DataProblem
        when the endpoint is dead and ``when_dead`` is ``stop``.
    UsageProblem
        when there will be no answer to any question: wrong address, key or model.
    """
    answers: list[T | str] = []
    in_a_row = answered = 0
    with ThreadPoolExecutor(parallel) as pool:
        for start in range(0, len(questions), parallel):
            if in_a_row >= failures:
                dead = f"not judged: {name} failed {in_a_row} times in a row and was not asked again"
                return answers + [dead] * (len(questions) - start)
            together = questions[start : start + parallel]
            for outcome in pool.map(lambda question: _outcome(chat, question, schema, name), together):
                if not isinstance(outcome, MetError):
                    answers.append(outcome)
                    in_a_row, answered = 0, answered + 1
                    continue
                answers.append(f"not judged: {outcome.message}")
                if isinstance(outcome, _Unasked):
                    continue
                in_a_row = 0 if isinstance(outcome, _Malformed) else in_a_row + 1
                if in_a_row >= failures and when_dead == "stop":
                    raise DataProblem(
                        f"{name} failed {in_a_row} times in a row after {answered} of {len(questions)} {noun}: "
                        f"{outcome.message}",
                        hint="what was answered is kept: run again when it is back, or set when_dead: unjudged",
                    ) from outcome
    return answers


def _outcome(
    chat: ChatModel, question: Question[T], schema: Mapping[str, Any] | None, name: str
) -> T | _Unasked | _Malformed | DataProblem:
    """The answer to a question, or why there is none; a UsageProblem is raised."""
    try:
        messages = question.messages()
    except DataProblem as problem:
        return _Unasked(problem.message)
    try:
        return _ask(chat, messages, schema, question.parse, name)
    except (_Malformed, DataProblem) as problem:
        return problem


def _ask(
    chat: ChatModel, messages: Sequence[Message], schema: Mapping[str, Any] | None, parse: Callable[[str], T], name: str
) -> T:
    """The model's answer; asked once more, with what was wrong, when it is not as asked."""
    form = "with the JSON alone" if schema is not None else "in the form asked for"
    told = list(messages)
    for last in (False, True):
        reply = chat.complete(told, schema)
        try:
            return parse(reply.text)
        except ValueError as problem:
            said = " ".join(str(problem).split())[:300]
            if last:
                raise _Malformed(f"{name} answered twice not as asked: {said}") from problem
            told += [
                {"role": "assistant", "content": reply.text},
                {"role": "user", "content": f"That is not as asked: {said}. Answer again, {form}."},
            ]
    raise AssertionError("unreachable")


def parsed(text: str, model: type[M]) -> M:
    """The one JSON object in an answer.

    Raises
    ------
    ValueError
        when there is none, it is not JSON, or not of this form.
    """
    found = re.search(r"\{.*\}", text, re.DOTALL)
    if found is None:
        raise ValueError("there is no JSON object")
    try:
        return model.model_validate(json.loads(found.group()))
    except ValidationError as problem:
        first = problem.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from problem


def data_url(picture: Image.Image, side: int) -> str:
    """The picture, no larger than ``side``, as a ``data:`` address of a JPEG."""
    picture.thumbnail((side, side))
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=90)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
