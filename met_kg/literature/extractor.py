"""Entities that a language model reads in a text: each grounded in its sentence and linked to the tree, or dropped.

The model is asked for words of the text, never for codes. What it says counts only where it stands in the sentence it
names (exact offsets), as a kind of thing that the tree knows by that name; a name that the tree lacks becomes a
proposal for a person. Everything else is dropped with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from met_kg.errors import DataProblem
from met_kg.literature.assertion import Assertions
from met_kg.literature.document import Document
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.sentences import sentences
from met_kg.models.chat import ChatModel, Message
from met_kg.records import Mention, Quarantined
from met_kg.vocabulary import Axis

__all__ = ["SCHEMA", "Extraction", "Extractor", "UnknownTerm"]

#: A model that fails this often in a row will fail the next time.
_MOST_FAILURES: Final = 5
_ASK: Final = """\
You read medical literature. List every disease, anatomical structure, imaging modality and finding (symptoms, signs
and what images show) that the numbered sentences name. For each give: "sentence", its number; "text", the words exactly
as they stand there; "kind", one of disease, anatomy, modality, finding; "is_a", the name of a wider thing of the same
kind, or "" if you are not sure. Do not add what is not written. Answer with JSON: {"entities": [...]}."""


class _Entity(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sentence: int
    text: str = Field(min_length=2, max_length=200)
    kind: Axis
    is_a: str = Field(max_length=200)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    entities: list[_Entity]


#: What an answer must look like, as JSON schema.
SCHEMA: Final[dict[str, Any]] = _Answer.model_json_schema()


@dataclass(frozen=True, slots=True)
class UnknownTerm:
    """A name that the text has and the tree has not; ``is_a`` is the model's word for something wider."""

    text: str
    axis: Axis
    is_a: str
    sentence: str


@dataclass(slots=True)
class Extraction:
    """What a model found in one document."""

    mentions: list[Mention] = field(default_factory=list)
    unknown: list[UnknownTerm] = field(default_factory=list)
    dropped: list[Quarantined] = field(default_factory=list)


class Extractor:
    """Asks a language model passage by passage.

    Parameters
    ----------
    most_characters
        a passage is as many sentences as fit in this; one long sentence is a passage of its own.
    """

    def __init__(self, model: ChatModel, lexicon: Lexicon, *, most_characters: int = 2000) -> None:
        self._model, self._lexicon, self._most = model, lexicon, most_characters
        self._failures = 0

    def extract(self, document: Document) -> Extraction:
        """Entities of one document, in order of place.

        Raises
        ------
        DataProblem
            when the model has failed several times in a row.
        UsageProblem
            when the model cannot be asked at all.
        """
        found = Extraction()
        assertions = Assertions(document.text)
        for passage in self._passages(document.text):
            answer = self._ask(document, passage, found)
            for entity in answer.entities if answer else ():
                self._take(document, passage, entity, assertions, found)
        found.mentions = sorted(set(found.mentions), key=lambda m: (m.start, m.end, m.axis, m.node))
        found.unknown = list(dict.fromkeys(found.unknown))
        return found

    def _passages(self, text: str) -> Iterator[list[tuple[int, int]]]:
        passage: list[tuple[int, int]] = []
        for start, end in sentences(text):
            if not text[start:end].strip():
                continue
            if passage and end - passage[0][0] > self._most:
                yield passage
                passage = []
            passage.append((start, end))
        if passage:
            yield passage

    def _ask(self, document: Document, passage: list[tuple[int, int]], found: Extraction) -> _Answer | None:
        """The model's answer; it is asked once more when the first one is no answer."""
        lines = (f"{n}: {' '.join(document.text[a:b].split())}" for n, (a, b) in enumerate(passage, 1))
        messages: list[Message] = [{"role": "system", "content": _ASK}, {"role": "user", "content": "\n".join(lines)}]
        where = f"{document.id}: characters {passage[0][0]} to {passage[-1][1]}"
        reason = said = ""
        for _ in range(2):
            try:
                said = self._model.complete(messages, SCHEMA).text
            except DataProblem as problem:
                self._failures += 1
                if self._failures >= _MOST_FAILURES:
                    raise DataProblem(
                        f"{self._failures} calls in a row failed, the last one: {problem}",
                        hint="answers so far are kept; start again when the model works",
                    ) from problem
                reason = str(problem)
                break
            self._failures = 0
            try:
                return _Answer.model_validate_json(_json_part(said))
            except ValidationError as problem:
                first = problem.errors()[0]
                at = ".".join(map(str, first["loc"]))
                reason = f"the answer is not JSON by the schema: {f'{at}: ' if at else ''}{first['msg']}"
                fault = f"That is not JSON by the schema ({reason}). Answer with the JSON alone."
                messages = [*messages, {"role": "assistant", "content": said}, {"role": "user", "content": fault}]
        found.dropped.append(Quarantined(document.source, where, reason, said))
        return None

    def _take(
        self,
        document: Document,
        passage: list[tuple[int, int]],
        entity: _Entity,
        assertions: Assertions,
        found: Extraction,
    ) -> None:
        def drop(reason: str) -> None:
            where = f"{document.id}: sentence {entity.sentence} of the passage at character {passage[0][0]}"
            found.dropped.append(Quarantined(document.source, where, reason, f"{entity.kind}: {entity.text}"))

        if not 1 <= entity.sentence <= len(passage):
            drop("there is no such sentence")
            return
        start, end = passage[entity.sentence - 1]
        spans = list(_spans(document.text, start, end, entity.text))
        if not spans:
            drop("the words do not stand in the sentence")
            return
        readings = self._lexicon.lookup(document.text[slice(*spans[0])])
        fitting = [r for r in readings if r.entry.axis == entity.kind]
        if readings and not fitting:
            drop(f"the tree knows it as {readings[0].entry.axis}: {readings[0].entry.node}")
        elif not fitting:
            sentence = " ".join(document.text[start:end].split())
            found.unknown.append(UnknownTerm(document.text[slice(*spans[0])], entity.kind, entity.is_a, sentence))
        else:
            best = fitting[0]
            for a, b in spans:
                status = assertions.of(a, b, entity.kind)
                score = round(best.score, 4)
                found.mentions.append(
                    Mention(a, b, document.text[a:b], best.entry.node, entity.kind, best.entry.label, score, status)
                )


def _json_part(said: str) -> str:
    """The object in an answer, without what a model writes around it."""
    start, end = said.find("{"), said.rfind("}")
    return said[start : end + 1] if 0 <= start < end else said


def _spans(text: str, start: int, end: int, words: str) -> Iterator[tuple[int, int]]:
    """Where the words stand in a sentence, whole; any case and any white space, as models change both."""
    pattern = r"\s+".join(re.escape(word) for word in words.split())
    for match in re.compile(rf"(?<!\w){pattern}(?!\w)", re.IGNORECASE).finditer(text, start, end):
        yield match.span()
