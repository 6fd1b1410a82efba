"""What no model at all would score: chance, and constant answers. Every table shows them beside a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from met_kg.evaluation.aggregate import share
from met_kg.evaluation.benchmark import Benchmark
from met_kg.evaluation.mmmu import choices_of
from met_kg.evaluation.score import Protocol, judge_lines

__all__ = ["always", "baselines"]

Record = Mapping[str, Any]


def baselines(
    bench: Benchmark, records: Sequence[Record], *, protocol: Protocol, train: Sequence[Record] = ()
) -> dict[str, Any]:
    """Accuracy of chance and of constant answers under the benchmark's own scorer.

    ``constants`` holds the accuracy of always saying the same: yes, no, each letter, and ``majority_answer``, the most
    frequent answer of ``train``. Where no training records are given it is that of the test itself: an oracle that
    flatters the baseline, and is named so.
    """
    answers = Counter(_constant(bench, record) for record in train or records)
    majority = min(answers, key=lambda answer: (-answers[answer], answer))
    constants = {
        answer: float(share(always(bench, records, answer, protocol))["acc"] or 0.0)
        for answer in _constants(bench, records, majority)
    }
    return {
        "chance": sum(_chance(bench, record) for record in records) / len(records),
        "constants": constants,
        "majority": constants[majority],
        "majority_answer": majority,
        "majority_from": "train" if train else "test (oracle)",
    }


def always(bench: Benchmark, records: Sequence[Record], answer: str, protocol: Protocol) -> list[dict[str, Any]]:
    """The items of always saying the same."""
    return judge_lines(bench, [{"record": r, "model_output": answer} for r in records], protocol=protocol)


def _constants(bench: Benchmark, records: Sequence[Record], majority: str) -> list[str]:
    found = {majority}
    if any(_options(bench, record) for record in records):
        found |= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: max(_options(bench, record) for record in records)])
    if bench.scorer in ("open-closed", "items"):
        found |= {"yes", "no"}
    return sorted(found)


def _constant(bench: Benchmark, record: Record) -> str:
    if bench.scorer == "multiple-choice":
        return bench.gold_letter(record).strip()
    gold = bench.field(record, "answer").strip()
    return gold if _options(bench, record) else gold.lower()


def _options(bench: Benchmark, record: Record) -> int:
    """How many options a record has; 0 when it is not multiple choice."""
    if bench.scorer == "mmmu":
        chosen = bench.field(record, "question_type") == "multiple-choice"
        return len(choices_of(bench.raw(record, "options"))) if chosen else 0
    if bench.scorer == "multiple-choice" or (
        bench.scorer == "items" and bench.field(record, "format") == "multiple-choice"
    ):
        return len(bench.options(record))
    return 0


def _chance(bench: Benchmark, record: Record) -> float:
    """Probability that a uniform guess is right; an open question is never guessed."""
    options = _options(bench, record)
    if options:
        return 1 / options
    return 0.5 if bench.field(record, "answer").lower().strip() in ("yes", "no") else 0.0
