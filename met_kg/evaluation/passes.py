"""Passes over a benchmark: the questions as they stand, without their image, and with a grey one.

Each pass has a predictions file of its own, can be stopped and gone on with, and is asked again only when model,
questions or settings are other ones, or where an answer failed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from met_kg.evaluation.records import IMAGE, write_jsonl
from met_kg.evaluation.score import read_lines
from met_kg.log import Log
from met_kg.models.answers import Answer, Answerer, Failure, Request, collect
from met_kg.models.generation import write_blank

__all__ = ["ABLATIONS", "BLANK", "FULL", "TEXT", "Said", "ask", "different"]

Record = Mapping[str, Any]

FULL: Final = "full"
TEXT: Final = "text"
BLANK: Final = "blank"
#: What can be asked beside the questions as they stand.
ABLATIONS: Final = (TEXT, BLANK)
_FILES: Final = {FULL: "predictions.jsonl", TEXT: "predictions-text.jsonl", BLANK: "predictions-blank.jsonl"}
#: Says what the predictions beside it answer, and under which settings.
_KEY_FILE: Final = "answers.json"


@dataclass(frozen=True, slots=True)
class Said:
    """The lines of a predictions file as the scorer takes them, and the settings that they were asked with."""

    lines: list[dict[str, Any]]
    settings: Mapping[str, Any]

    @property
    def counts(self) -> dict[str, int]:
        """Answers that failed, or were cut at the greatest length."""
        return {
            "failed": sum("error" in line for line in self.lines),
            "cut": sum(bool(line.get("cut")) for line in self.lines),
        }


def ask(
    answerer: Answerer, name: str, records: Sequence[Record], prompts: Sequence[str], out: Path, *, base: Path, log: Log
) -> Said:
    """Ask all questions in the manner of the pass ``name`` and write its predictions file in ``out``.

    A question that failed has ``error`` in place of ``model_output``: it counts as wrong, and is asked again at the
    next call.

    Parameters
    ----------
    base
        folder under which relative image paths lie.

    Raises
    ------
    MetError
        when no further question can be answered; what is answered is kept.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / _FILES[name]
    part = path.with_name(path.name + ".part")
    key = _key(answerer, name, records, prompts)
    kept = _kept(path, key, len(records))
    if kept is not None:
        log.info(f"  {out.name}: these answers are there already ({path.name})")
        answers, settings = kept
    else:
        shown = [r[IMAGE] for r in records]
        if name == BLANK:
            shown = [str(write_blank(out).resolve())] * len(records)
        requests = [
            Request(str(i), None if name == TEXT else image, prompt)
            for i, (image, prompt) in enumerate(zip(shown, prompts, strict=True))
        ]
        answers = list(collect(answerer, requests, part, base=base, log=log).values())
        settings = dict(answerer.settings)
    lines = [_line(n, record, answer) for n, (record, answer) in enumerate(zip(records, answers, strict=True))]
    whole = not any(isinstance(answer, Failure) for answer in answers)
    if kept is None:
        _keep(path, lines, key if whole else None, settings)
    if whole:
        part.unlink(missing_ok=True)
    return Said(lines, settings)


def different(name: str, records: Sequence[Record], prompts: Sequence[str]) -> int:
    """How many different questions a pass asks."""
    return len({(r[IMAGE] if name == FULL else "", p) for r, p in zip(records, prompts, strict=True)})


def _line(number: int, record: Record, answer: Answer | Failure) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": str(record.get("item_id") or record.get("qid") or record.get("id") or number),
        "record": {k: v for k, v in record.items() if k != IMAGE},
    }
    if isinstance(answer, Failure):
        return {**line, "error": f"question {line['id']} has no answer: {answer.reason}"}
    return {**line, "model_output": answer.text} | ({"cut": True} if answer.cut else {})


def _key(answerer: Answerer, name: str, records: Sequence[Record], prompts: Sequence[str]) -> str:
    """What the answers depend on, without where the files lie."""
    questions = [[Path(r[IMAGE]).name if name == FULL else "", p] for r, p in zip(records, prompts, strict=True)]
    about = {"model": answerer.key, "pass": name, "questions": questions}
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


def _keep(path: Path, lines: Sequence[Record], key: str | None, settings: Mapping[str, Any]) -> None:
    """Write the predictions, and then the key that says what they answer: never a key beside half a file."""
    keys = path.with_name(_KEY_FILE)
    others = {name: said for name, said in _keys(keys).items() if name != path.name}
    _write_keys(others, keys)
    write_jsonl(lines, path)
    if key is not None:
        _write_keys({**others, path.name: {"key": key, "settings": dict(settings)}}, keys)


def _kept(path: Path, key: str, count: int) -> tuple[list[Answer | Failure], Mapping[str, Any]] | None:
    """The answers of an earlier call with the same key, and its settings; None when there are none, or not all."""
    said = _keys(path.with_name(_KEY_FILE)).get(path.name, {})
    if said.get("key") != key or not path.is_file():
        return None
    lines = read_lines(path.read_bytes())
    if len(lines) != count or any("error" in line for line in lines):
        return None
    return [Answer(line["model_output"], line.get("cut", False)) for line in lines], said["settings"]


def _keys(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}


def _write_keys(keys: Mapping[str, Any], path: Path) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(keys, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    fresh.replace(path)
