"""Captions rewritten by a language model, each kept only if it is faithful to the grounded text.

Answers are kept by what was asked (:class:`met_kg.models.chat.CachedChat`), so that a run that is killed, or whose
endpoint dies, asks for the rest alone when it is done again. Whatever goes wrong, the grounded text stays, with a
reason.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from met_kg import tables
from met_kg.errors import DataProblem
from met_kg.models.asking import parsed
from met_kg.models.chat import ChatModel, Message
from met_kg.synthesis.rewrite.faithful import Faithful, Grounded

if TYPE_CHECKING:
    import pandas as pd

    from met_kg.synthesis.options import RewriteOptions

__all__ = ["Rewriter", "Rewritten", "grounded"]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    text: str = Field(min_length=1, max_length=20_000)


_SCHEMA: Final[dict[str, Any]] = _Answer.model_json_schema()


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Table ``captions`` with what was accepted, table ``rewrites`` with every try, and counts by outcome."""

    captions: pd.DataFrame
    rewrites: pd.DataFrame
    counts: dict[str, int]


class Rewriter:
    """Rewrites captions with one model.

    Raises
    ------
    UsageProblem
        from :meth:`rewrite`, when the model cannot be asked at all: wrong address, key or name.
    """

    def __init__(self, chat: ChatModel, check: Faithful, options: RewriteOptions) -> None:
        self._chat, self._check, self._options = chat, check, options
        self._rubric = (resources.files("met_kg.synthesis.rewrite") / "prompt.md").read_text(encoding="utf-8")
        self._failures = 0

    def rewrite(self, captions: pd.DataFrame) -> Rewritten:
        """Rewrite the levels that the options name, in order of the table."""
        texts, generators = list(captions["text"]), list(captions["generator"])
        rows: list[dict[str, Any]] = []
        outcome: Counter[str] = Counter()
        for place, row in enumerate(captions.to_dict("records")):
            if row["level"] not in self._options.levels:
                continue
            text, reason, kind = self._one(grounded(row["facts"]))
            accepted = not reason
            outcome[kind] += 1
            rows.append(
                {
                    "sample_id": row["sample_id"],
                    "level": row["level"],
                    "accepted": accepted,
                    "reason": reason,
                    "text": text,
                    "model": self._chat.name,
                }
            )
            if accepted:
                texts[place], generators[place] = text, f"{row['generator']}, {self._chat.name}"
        captions = captions.assign(text=texts, generator=generators)
        return Rewritten(captions, tables.frame("rewrites", rows), dict(sorted(outcome.items())))

    def _one(self, source: Grounded) -> tuple[str, str, str]:
        """The model's last text, why it was refused ('' when accepted), and the kind of outcome."""
        if self._failures >= self._options.failures:
            return "", f"not asked: {self._chat.name} failed {self._failures} times in a row", "not asked"
        lines = "\n".join(sentence for sentence, _ in source.sentences)
        messages: list[Message] = [{"role": "system", "content": self._rubric}, {"role": "user", "content": lines}]
        text = reason = ""
        kind = "malformed"
        for _ in range(self._options.tries):
            try:
                said = self._chat.complete(messages, _SCHEMA).text
            except DataProblem as problem:
                self._failures += 1
                return "", f"no answer: {problem.message}", "no answer"
            self._failures = 0
            text, reason = _parse(said)
            kind = "malformed" if reason else "refused"
            reason = reason or self._check.objection(source, text)
            if not reason:
                return " ".join(text.split()), "", "accepted"
            fault = f"That cannot be used: {reason}. Answer again, with the JSON alone."
            messages = [*messages, {"role": "assistant", "content": said}, {"role": "user", "content": fault}]
        return text, reason, kind


def grounded(facts: str) -> Grounded:
    """A caption from its column ``facts``. A sentence is general when nothing in it is a fact of the sample."""
    lines: list[tuple[str, bool]] = []
    nodes: set[str] = set()
    for entry in json.loads(facts):
        triples: Sequence[Sequence[str]] = [f for f in entry["facts"] if isinstance(f, list)]
        general = len(triples) == len(entry["facts"]) and not any(t[0].startswith("sample:") for t in triples)
        lines.append((entry["sentence"], general))
        nodes.update(node for t in triples for node in (t[0], t[2]) if not node.startswith("sample:"))
    return Grounded(tuple(lines), frozenset(nodes))


def _parse(said: str) -> tuple[str, str]:
    """The text in an answer, and what is wrong with the answer."""
    try:
        return parsed(said, _Answer).text.strip(), ""
    except ValueError as problem:
        return said[:2000], f"it is not as asked: {' '.join(str(problem).split())[:200]}"
