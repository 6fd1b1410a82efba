"""Score predictions of a benchmark, item by item and in all, under a named protocol.

``medevalkit`` reproduces the public harness rule by rule, quirks included; ``corrected`` repairs them and says how.
A line that cannot be scored (no JSON, a missing field) keeps its place in ``items``, counts as wrong, and says why.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from met_kg.errors import DataProblem
from met_kg.evaluation import corrected, judges, mmmu
from met_kg.evaluation.aggregate import aggregate
from met_kg.evaluation.benchmark import Benchmark, find
from met_kg.evaluation.judges import EMPTY, Judged
from met_kg.evaluation.llm_judge import Judge, judge_open
from met_kg.evaluation.response import answer_tag, unwrap

__all__ = [
    "HARNESS_SEED",
    "IMAGE_HASH",
    "PROTOCOLS",
    "Protocol",
    "Scored",
    "judge_lines",
    "parse_line",
    "read_lines",
    "score",
]

Protocol = Literal["medevalkit", "corrected"]
PROTOCOLS: Final[tuple[Protocol, ...]] = ("medevalkit", "corrected")
#: The harness resets its generators to this before each benchmark.
HARNESS_SEED: Final = 42
#: Field that names a record's image by its sha256, where the release gives no name to tell images apart.
IMAGE_HASH: Final = "image_sha256"


@dataclass(frozen=True, slots=True)
class Scored:
    """Items in input order, and the aggregate."""

    items: list[dict[str, Any]]
    metrics: dict[str, Any]


def parse_line(line: bytes, number: int) -> dict[str, Any]:
    """A line of a predictions file; a bad one becomes ``{"error": ...}``."""
    try:
        value = json.loads(line.decode())
    except UnicodeDecodeError as problem:
        return {"error": f"line {number} is not UTF-8 text (byte {problem.start})"}
    except json.JSONDecodeError as problem:
        return {"error": f"line {number} is not JSON: {problem.msg}"}
    except (ValueError, RecursionError) as problem:
        return {"error": f"line {number} is no JSON to read: {problem}"}
    if not isinstance(value, dict) or not isinstance(value.get("record"), dict | list):
        return {"error": f"line {number} has no 'record'"}
    if not isinstance(value.get("model_output"), str):
        return {"error": f"line {number} has no text 'model_output'"}
    return value


def read_lines(data: bytes) -> list[dict[str, Any]]:
    """The lines of a predictions file, good and bad, in order. Only a newline ends a line."""
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if not lines[-1].strip():
        lines.pop()
    return [parse_line(line, number) for number, line in enumerate(lines, start=1)]


def score(
    benchmark: str | Benchmark,
    lines: Iterable[Mapping[str, Any]],
    *,
    protocol: Protocol = "medevalkit",
    seed: int = HARNESS_SEED,
    judge: Judge | None = None,
) -> Scored:
    """Score ``{"record": {...}, "model_output": "..."}`` lines.

    Parameters
    ----------
    seed
        of the random letters that the harness draws for unreadable MMMU answers; they depend on the items' order.
    judge
        a language model that judges open answers; without one they are right by exact match.

    Raises
    ------
    DataProblem, UsageProblem
        when there is a judge: as :func:`met_kg.evaluation.llm_judge.judge_open` does.
    """
    bench = find(benchmark) if isinstance(benchmark, str) else benchmark
    if judge is None:
        items = judge_lines(bench, lines, protocol=protocol, seed=seed)
        return Scored(items, aggregate(bench, items, protocol, seed))
    lines = list(lines)
    items, judged = judge_open(bench, lines, judge_lines(bench, lines, protocol=protocol, seed=seed), judge, protocol)
    return Scored(items, aggregate(bench, items, protocol, seed, judged))


def judge_lines(
    bench: Benchmark, lines: Iterable[Mapping[str, Any]], *, protocol: Protocol, seed: int = HARNESS_SEED
) -> list[dict[str, Any]]:
    """The items of :func:`score` without the aggregate."""
    rng = random.Random(seed)  # noqa: S311 (the harness's own generator, reproduced)
    return [_item(bench, line, number, protocol, rng) for number, line in enumerate(lines)]


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
    try:
        record = bench.named(line["record"])
        kind, judged = _judge(bench, record, line["model_output"], protocol, rng)
        groups = {name: str(record.get(key, "")) for name, key in bench.breakdown.items()}
        wrong = _gold_problem(bench, record)
        if bench.scorer == "mmmu":
            groups["subject"] = _subject(bench.field(record, "id"))
    except DataProblem as problem:
        return {**item, "error": f"line {number + 1}: {problem}"}
    except (ValueError, SyntaxError, TypeError, LookupError, RecursionError, MemoryError) as problem:
        return {**item, "error": f"line {number + 1}: the record cannot be scored: {problem}"}
    item |= {"kind": kind, "extracted": judged.extracted, "correct": bool(judged.correct)}
    if not line["model_output"].strip():
        item["empty"] = True
    if wrong:
        item["gold_problem"] = f"line {number + 1}: {wrong}"
    if judged.metrics:
        item["metrics"] = judged.metrics
    if judged.note:
        item["note"] = judged.note
    if groups:
        item["groups"] = groups
    cluster = record.get(bench.cluster_field) or record.get(IMAGE_HASH)
    if cluster:
        item["cluster"] = str(cluster)
    return item


def _judge(
    bench: Benchmark, record: Mapping[str, Any], output: str, protocol: Protocol, rng: random.Random
) -> tuple[str, Judged]:
    if bench.scorer == "mmmu":
        return _mmmu(bench, record, output, protocol, rng)
    if bench.is_choice(record):
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
    options, gold = bench.options(record), bench.gold_letter(record)
    if protocol == "corrected":
        letters = bench.letters(record)
        return _chosen(options, letters, output, corrected.right_letters(options, letters, gold))
    if bench.tag_first:
        output = answer_tag(output)
    return judges.multiple_choice(options, gold, output)


def _chosen(options: Sequence[str], letters: Sequence[str], output: str, golds: Sequence[str]) -> Judged:
    letter = corrected.choose(options, output, letters)
    return Judged(letter, letter in golds, note="" if letter else corrected.UNPARSED)


def _mmmu(
    bench: Benchmark, record: Mapping[str, Any], output: str, protocol: Protocol, rng: random.Random
) -> tuple[str, Judged]:
    gold = bench.raw(record, "answer")
    if gold == "?":
        raise DataProblem("the gold answer is hidden ('?')", hint="merge the benchmark's answer file into the records")
    if bench.field(record, "question_type") == "multiple-choice":
        choices = mmmu.choices_of(bench.raw(record, "options"))
        golds = [str(g) for g in gold] if isinstance(gold, list) else [str(gold)]
        if protocol == "corrected":
            return "choice", _chosen(list(choices.values()), list(choices), output, golds)
        letter, drawn = mmmu.parse_choice(mmmu.unwrap_mmmu(output), choices, rng)
        return "choice", Judged(letter, letter in golds, note="random letter" if drawn else "")
    if protocol == "corrected":
        said = corrected.final_words(output)
        right = bool(said) and mmmu.open_is_right(mmmu.gold_texts(gold), mmmu.open_candidates(said))
        return "open", Judged(said, right, note="" if said else EMPTY)
    said = mmmu.unwrap_mmmu(output)
    if bench.open_by_character:
        return "open", Judged(said, mmmu.open_is_right(gold, list(said)), note="read character by character")
    candidates = mmmu.open_candidates(said)
    return "open", Judged(json.dumps(candidates, ensure_ascii=False), mmmu.open_is_right(gold, candidates))


def _gold_problem(bench: Benchmark, record: Mapping[str, Any]) -> str:
    """What is wrong with a gold answer, so that no answer, or none as meant, can be right; '' when nothing is."""
    gold = bench.raw(record, "answer")
    if bench.scorer == "mmmu":
        if bench.field(record, "question_type") != "multiple-choice":
            return ""
        letters = list(mmmu.choices_of(bench.raw(record, "options")))
        golds = gold if isinstance(gold, list) else [gold]
        return "" if set(golds) & set(letters) else f"the gold answer '{gold}' is none of {', '.join(letters)}"
    if not str(gold).strip():
        return "the gold answer is empty"
    if not bench.is_choice(record):
        return ""
    letters, text = bench.letters(record), bench.gold_letter(record)
    right = corrected.right_letters(bench.options(record), letters, text)
    return "" if right else f"the gold answer '{gold}' is none of {', '.join(letters)}, nor the text of an option"


def _subject(item_id: str) -> str:
    """``validation_Clinical_Medicine_3`` -> ``Clinical_Medicine``."""
    return "_".join(item_id.split("_")[1:-1])
