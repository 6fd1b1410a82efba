"""Score predictions of a benchmark, item by item and in all, under a named protocol.

``medevalkit`` reproduces the public harness rule by rule, quirks included; ``corrected`` repairs them and says how.
A line that cannot be scored (no JSON, a missing field) keeps its place in ``items``, counts as wrong, and says why.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from met_kg.errors import DataProblem
from met_kg.evaluation import corrected, judges, mmmu
from met_kg.evaluation.aggregate import aggregate
from met_kg.evaluation.benchmark import Benchmark, find
from met_kg.evaluation.judges import Judged
from met_kg.evaluation.response import answer_tag, strip_think, unwrap

__all__ = ["HARNESS_SEED", "PROTOCOLS", "Protocol", "Scored", "parse_line", "score"]

Protocol = Literal["medevalkit", "corrected"]
PROTOCOLS: Final[tuple[Protocol, ...]] = ("medevalkit", "corrected")
#: The harness resets its generators to this before each benchmark.
HARNESS_SEED: Final = 42


@dataclass(frozen=True, slots=True)
class Scored:
    """Items in input order, and the aggregate."""

    items: list[dict[str, Any]]
    metrics: dict[str, Any]


def parse_line(text: str, number: int) -> dict[str, Any]:
    """A line of a predictions file; a bad one becomes ``{"error": ...}``."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as problem:
        return {"error": f"line {number} is not JSON: {problem.msg}"}
    if not isinstance(value, dict) or not isinstance(value.get("record"), dict):
        return {"error": f"line {number} has no 'record'"}
    if not isinstance(value.get("model_output"), str):
        return {"error": f"line {number} has no text 'model_output'"}
    return value


def score(
    benchmark: str | Benchmark,
    lines: Iterable[Mapping[str, Any]],
    *,
    protocol: Protocol = "medevalkit",
    seed: int = HARNESS_SEED,
) -> Scored:
    """Score ``{"record": {...}, "model_output": "..."}`` lines.

    Parameters
    ----------
    seed
        of the random letters that the harness draws for unreadable MMMU answers; they depend on the items' order.
    """
    bench = find(benchmark) if isinstance(benchmark, str) else benchmark
    rng = random.Random(seed)  # noqa: S311 (the harness's own generator, reproduced)
    items = [_item(bench, line, number, protocol, rng) for number, line in enumerate(lines)]
    return Scored(items, aggregate(bench, items, protocol))


def _item(
    bench: Benchmark, line: Mapping[str, Any], number: int, protocol: Protocol, rng: random.Random
) -> dict[str, Any]:
    item: dict[str, Any] = {
        "index": number,
        "id": line.get("id", number),
        "kind": "",
        "extracted": "",
        "correct": False,
    }
    if "error" in line:
        return {**item, "error": line["error"]}
    record, output = line["record"], line["model_output"]
    try:
        kind, judged = _judge(bench, record, output, protocol, rng)
        groups = {name: str(record.get(key, "")) for name, key in bench.breakdown.items()}
        if bench.scorer == "mmmu":
            groups["subject"] = _subject(bench.field(record, "id"))
    except (DataProblem, ValueError, SyntaxError, KeyError, TypeError) as problem:
        return {**item, "error": f"line {number + 1}: {problem}"}
    item |= {"kind": kind, "extracted": judged.extracted, "correct": bool(judged.correct)}
    if judged.metrics:
        item["metrics"] = judged.metrics
    if judged.note:
        item["note"] = judged.note
    if groups:
        item["groups"] = groups
    if bench.cluster_field and bench.cluster_field in record:
        item["cluster"] = str(record[bench.cluster_field])
    return item


def _judge(
    bench: Benchmark, record: Mapping[str, Any], output: str, protocol: Protocol, rng: random.Random
) -> tuple[str, Judged]:
    if bench.scorer == "mmmu":
        return _mmmu(bench, record, output, protocol, rng)
    own_choice = bench.scorer == "items" and bench.field(record, "format") == "multiple-choice"
    if bench.scorer == "multiple-choice" or own_choice:
        return "choice", _choice(bench, record, output, protocol)
    gold = bench.field(record, "answer")
    closed = bench.is_closed(record)
    kind = "closed" if closed else "open"
    if protocol == "corrected":
        return kind, corrected.closed(gold, output) if closed else corrected.open_answer(gold, output)
    response = unwrap(output)
    if bench.closed_by == "answer":  # VQA-RAD, PathVQA: both sides lower-cased and stripped
        gold, response = gold.lower().strip(), response.lower().strip()
        return kind, judges.yes_no(gold, response) if closed else judges.open_text(gold, response)
    if not closed:
        return kind, judges.open_text(gold, response)
    # SLAKE: only a lower-case yes or no is judged as such; 'Yes' must be matched letter by letter.
    return kind, judges.yes_no(gold, response) if gold in ("yes", "no") else judges.closed_word(gold, response)


def _choice(bench: Benchmark, record: Mapping[str, Any], output: str, protocol: Protocol) -> Judged:
    options = bench.options(record)
    gold = bench.field(record, "answer")
    if bench.gold_is_text:
        bare = [str(bench.raw(record, f"option_{x}")) for x in "ABCD" if bench.raw(record, f"option_{x}") is not None]
        same = [i for i, text in enumerate(bare) if text == gold]
        gold = "ABCD"[same[-1]] if same else gold  # of several equal ones the last wins, as in the harness
    if protocol == "corrected":
        letter = corrected.choose(options, output)
        return Judged(letter, bool(letter) and letter == gold.strip().upper(), note="" if letter else "unparsed")
    if bench.tag_first:
        output = answer_tag(output)
    return judges.multiple_choice(options, gold, output)


def _mmmu(
    bench: Benchmark, record: Mapping[str, Any], output: str, protocol: Protocol, rng: random.Random
) -> tuple[str, Judged]:
    gold = bench.raw(record, "answer")
    if bench.field(record, "question_type") == "multiple-choice":
        choices = mmmu.choices_of(bench.raw(record, "options"))
        if protocol == "corrected":
            letter = corrected.choose(list(choices.values()), output)
            return "choice", Judged(letter, bool(letter) and letter == str(gold), note="" if letter else "unparsed")
        letter, drawn = mmmu.parse_choice(mmmu.unwrap_mmmu(output), choices, rng)
        return "choice", Judged(letter, letter == str(gold), note="random letter" if drawn else "")
    if protocol == "corrected":
        said = corrected.final_words(strip_think(output))
        candidates = mmmu.open_candidates(said)
        return "open", Judged(said, bool(said) and mmmu.open_is_right(gold, candidates))
    said = mmmu.unwrap_mmmu(output)
    if not bench.open_scored:
        return "open", Judged(said, False, note="never right in the harness")
    candidates = mmmu.open_candidates(said)
    return "open", Judged(str(candidates), mmmu.open_is_right(gold, candidates))


def _subject(item_id: str) -> str:
    """``validation_Clinical_Medicine_3`` -> ``Clinical_Medicine``."""
    return "_".join(item_id.split("_")[1:-1])
