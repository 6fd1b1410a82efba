"""Answers of a model to many questions, kept as they come: a kill loses none that is whole.

While a model is asked, its answers are in a part file. A later call with the same model, questions and settings goes on
from there. Questions that are equal (image and text) are asked once.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from met_kg.errors import UsageProblem
from met_kg.log import Log

__all__ = ["Answer", "Answerer", "Failure", "Request", "collect"]


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model: an image (a path as :func:`met_kg.paths.expand_path` reads it) and a text.

    Without an image (None) the text is asked alone.
    """

    id: str
    image: str | None
    prompt: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said; ``cut`` when it was not done at the greatest length allowed."""

    text: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a question has no answer. It is not kept: the next call asks again."""

    reason: str


class Answerer(Protocol):
    """A model that answers questions: one loaded here, or one behind an endpoint."""

    @property
    def name(self) -> str:
        """How tables name it."""

    @property
    def stand_in(self) -> bool:
        """Whether it is no real model."""

    @property
    def key(self) -> str:
        """All that its answers depend on beside the questions: weights or address, number format, lengths."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What is recorded beside a number."""

    def answers(
        self, requests: Sequence[Request], *, base: Path | None, done: Collection[str], log: Log
    ) -> Iterator[dict[str, Answer | Failure]]:
        """Answers by id, in groups that are kept together; groups that are ``done`` already are left out.

        What is asked together must not depend on what is done.

        Parameters
        ----------
        base
            folder under which relative image paths lie.

        Raises
        ------
        MetError
            when no further question can be answered.
        """


def collect(
    answerer: Answerer, requests: Sequence[Request], part: Path, *, base: Path | None = None, log: Log
) -> dict[str, Answer | Failure]:
    """Ask all questions; returns id -> answer, in the order of the questions.

    ``part`` holds what is answered, as JSON lines ``{"id", "model_output"}`` after one with a key. It stays: who has
    put the answers elsewhere removes it.

    Raises
    ------
    UsageProblem
        when two questions have the same id.
    MetError
        as :meth:`Answerer.answers` does.
    """
    if len({r.id for r in requests}) < len(requests):
        raise UsageProblem("two questions have the same id", where=str(part))
    asked_first: dict[tuple[str | None, str], Request] = {}
    for request in requests:
        asked_first.setdefault((request.image, request.prompt), request)
    once = list(asked_first.values())
    part.parent.mkdir(parents=True, exist_ok=True)
    key = _key(answerer, once)
    kept = _earlier(part, key, {r.id for r in once})
    if kept:
        log.info(f"  going on after {len(kept)} of {len(once)} answers")
    _rewrite(part, [{"key": key}, *(_line(number, answer) for number, answer in kept.items())])
    found: dict[str, Answer | Failure] = {**kept}
    with part.open("a", encoding="utf-8", errors="backslashreplace") as stream:
        for group in answerer.answers(once, base=base, done=kept.keys(), log=log):
            lines = [_line(number, answer) for number, answer in group.items() if isinstance(answer, Answer)]
            stream.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
            stream.flush()
            os.fsync(stream.fileno())
            found |= group
    return {r.id: found[asked_first[r.image, r.prompt].id] for r in requests}


def _key(answerer: Answerer, requests: Sequence[Request]) -> str:
    """What the answers depend on: a part file with another key is not gone on from."""
    about = {"model": answerer.key, "requests": [asdict(r) for r in requests]}
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _earlier(part: Path, key: str, ids: Collection[str]) -> dict[str, Answer]:
    """Answers that an earlier call left; a line cut short by a kill is dropped, with all after it."""
    if not part.is_file():
        return {}
    lines = list(_read(part))
    if not lines or lines[0].get("key") != key:
        return {}
    return {x["id"]: Answer(x["model_output"], x.get("cut", False)) for x in lines[1:] if x["id"] in ids}


def _read(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().split(b"\n"):
        try:
            yield json.loads(line)
        except ValueError:
            return


def _line(number: str, answer: Answer) -> dict[str, Any]:
    return {"id": number, "model_output": answer.text} | ({"cut": True} if answer.cut else {})


def _rewrite(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    fresh = path.with_name(path.name + ".new")
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    fresh.write_text(text, encoding="utf-8", errors="backslashreplace")
    fresh.replace(path)
