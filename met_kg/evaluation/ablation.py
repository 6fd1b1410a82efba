"""How a model compares with itself without the image, with a constant answer, and with the places of the options."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from met_kg.evaluation.aggregate import clusters_of, share
from met_kg.evaluation.benchmark import Benchmark
from met_kg.statistics import accuracy_interval, paired_difference

__all__ = ["against", "positions", "with_interval"]

Item = Mapping[str, Any]


def with_interval(items: Sequence[Item]) -> dict[str, Any]:
    """Items, right ones, accuracy, and its 95 % interval with images resampled."""
    return {**share(items), "interval_95": accuracy_interval([bool(i["correct"]) for i in items], clusters_of(items))}


def against(items: Sequence[Item], others: Sequence[Item]) -> dict[str, Any]:
    """The accuracy of other answers to the same questions, and by how much the model's is higher, with its interval.

    >>> items = [{"index": n, "correct": True} for n in range(3)]
    >>> others = [{"index": n, "correct": n == 0} for n in range(3)]
    >>> found = against(items, others)
    >>> round(found["acc"], 3), round(found["model_minus_this"]["difference"], 3)
    (0.333, 0.667)
    """
    mine, theirs = ([bool(i["correct"]) for i in answered] for answered in (items, others))
    # The questions are the same and the clusters, too; a line that failed has none of its own.
    clusters = clusters_of(items)
    return {
        **share(others),
        "interval_95": accuracy_interval(theirs, clusters),
        "model_minus_this": paired_difference(theirs, mine, clusters),
    }


def positions(bench: Benchmark, records: Sequence[Mapping[str, Any]], items: Sequence[Item]) -> dict[str, Any] | None:
    """Of multiple-choice items, by letter: how often it is right (``gold``), how often it is chosen, and the accuracy
    where it is right. None where there is no such item.

    ``unread`` counts answers in which no letter was found. A model that looks at the question alone chooses letters as
    often as they are right; one that prefers a place does not.
    """
    rows = [
        (letter, str(item["extracted"]).strip().upper(), bool(item["correct"]))
        for record, item in zip(records, items, strict=True)
        if item["kind"] == "choice" and (letter := _gold(bench, record))
    ]
    if not rows:
        return None
    gold, chosen = Counter(row[0] for row in rows), Counter(row[1] for row in rows)
    right = Counter(row[0] for row in rows if row[2])
    letters = sorted(set(gold) | {letter for letter in chosen if len(letter) == 1 and letter.isalpha()})
    return {
        "total": len(rows),
        "unread": sum(n for letter, n in chosen.items() if letter not in letters),
        "letters": {
            letter: {
                "gold": gold[letter],
                "chosen": chosen[letter],
                "right": right[letter],
                "acc_where_gold": right[letter] / gold[letter] if gold[letter] else None,
            }
            for letter in letters
        },
    }


def _gold(bench: Benchmark, record: Mapping[str, Any]) -> str:
    """The letter that is right; '' where several are."""
    if bench.scorer == "mmmu":
        gold = bench.raw(record, "answer")
        return str(gold[0] if isinstance(gold, list) and len(gold) == 1 else gold).strip().upper() if gold else ""
    return bench.gold_letter(record).strip().upper()
