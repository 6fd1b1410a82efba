"""What no model at all would score: chance, and the most frequent answer. Every table shows them beside a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from met_kg.evaluation.benchmark import Benchmark
from met_kg.evaluation.mmmu import choices_of
from met_kg.evaluation.score import Protocol, score

__all__ = ["baselines"]

Record = Mapping[str, Any]


def baselines(
    bench: Benchmark, records: Sequence[Record], *, protocol: Protocol, train: Sequence[Record] = ()
) -> dict[str, Any]:
    """Accuracy of chance and of constant answers under the benchmark's own scorer.

    ``majority`` answers every question with the most frequent answer of ``train`` (of the test itself where no training
    records are given: an oracle that flatters the baseline, and is named so).
    """
    pool = train or records
    golds = Counter(_constant(bench, record) for record in pool)
    answer, _ = min(golds.items(), key=lambda pair: (-pair[1], pair[0]))
    constant = score(bench, [{"record": r, "model_output": answer} for r in records], protocol=protocol).metrics
    return {
        "chance": _chance(bench, records),
        "majority": constant["total metrics"]["acc"],
        "majority_answer": answer,
        "majority_from": "train" if train else "test (oracle)",
    }


def _constant(bench: Benchmark, record: Record) -> str:
    gold = bench.field(record, "answer").strip()
    return gold if bench.scorer not in ("open-closed", "items") else gold.lower()


def _chance(bench: Benchmark, records: Sequence[Record]) -> float:
    """Expected accuracy of a uniform guess; open questions count as never guessed."""
    expected = 0.0
    for record in records:
        if bench.scorer == "multiple-choice" or (bench.scorer == "items" and record["format"] == "multiple-choice"):
            expected += 1 / max(1, len(bench.options(record)))
        elif bench.scorer == "mmmu":
            if bench.field(record, "question_type") == "multiple-choice":
                expected += 1 / len(choices_of(bench.raw(record, "options")))
        elif bench.field(record, "answer").lower().strip() in ("yes", "no"):
            expected += 0.5
    return expected / len(records) if records else 0.0
