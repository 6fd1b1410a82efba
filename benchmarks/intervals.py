"""How often the 95 % intervals hold the truth, and how often the tests cry wolf, where questions share images.

Run: ``python -m benchmarks.intervals``. Test sets are drawn whose accuracy is known: each image has a difficulty of its
own, so that its questions are right or wrong together. Beside the clustered bootstrap stands the one that takes
questions for independent, and the normal interval. For two models that are equally good the share of p-values below
0.05 should be 0.05 or less: where both find the same images hard, and where each finds others hard (``own``).
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from met_kg.statistics import accuracy_interval, holm, mcnemar, paired_difference, swapped_clusters

#: Images, questions on each.
SETS = ((20, 2), (50, 3), (203, 2), (200, 5))
ACCURACY = 0.6
#: Weight of an image's own difficulty: a beta distribution with this sum of parameters (small: all right or all wrong).
SPREADS = (1.0, 4.0, 1000.0)
BENCHMARKS = 6


def drawn(
    rng: np.random.Generator, images: int, questions: int, spread: float, *, own: bool = False
) -> tuple[list[bool], list[bool], list[str]]:
    """Right and wrong answers of two models that are equally good, and the image of each question."""
    levels = [rng.beta(ACCURACY * spread, (1 - ACCURACY) * spread, size=images).repeat(questions) for _ in range(2)]
    one, two = (rng.random(images * questions) < levels[own and model] for model in range(2))
    return one.tolist(), two.tolist(), [str(i) for i in np.arange(images).repeat(questions)]


def coverage(sets: Sequence[tuple[int, int]], rounds: int, seed: int) -> list[dict[str, Any]]:
    """Of each shape of test set: how often each interval holds the truth."""
    rows = []
    for images, questions in sets:
        for spread in SPREADS:
            rng = np.random.default_rng([seed, images, questions, int(spread)])
            held = dict.fromkeys(("image", "question", "normal", "difference", "difference, own"), 0)
            cries = dict.fromkeys(("mcnemar", "mcnemar, own", "by image", "by image, own", "any of 6, Holm"), 0)
            for number in range(rounds):
                right, other, clusters = drawn(rng, images, questions, spread)
                alone = [str(i) for i in range(len(right))]
                share = float(np.mean(right))
                reach = 1.96 * math.sqrt(share * (1 - share) / len(right))
                apart = drawn(rng, images, questions, spread, own=True)
                intervals = {
                    "image": accuracy_interval(right, clusters),
                    "question": accuracy_interval(right, alone),
                    "normal": [share - reach, share + reach],
                }
                for name, interval in intervals.items():
                    held[name] += interval is not None and interval[0] <= ACCURACY <= interval[1]
                for name, pair in (("difference", (right, other)), ("difference, own", apart[:2])):
                    gap = paired_difference(*pair, clusters, seed=number)
                    held[name] += gap["low"] <= 0 <= gap["high"]
                more = (drawn(rng, images, questions, spread)[:2] for _ in range(BENCHMARKS - 1))
                p_values = [mcnemar(right, other), *(mcnemar(*pair) for pair in more)]
                cries["mcnemar, own"] += mcnemar(*apart[:2]) < 0.05
                cries["mcnemar"] += p_values[0] < 0.05
                for name, pair in (("by image", (right, other)), ("by image, own", apart[:2])):
                    cries[name] += swapped_clusters(*pair, clusters, rounds=999, seed=number) < 0.05
                cries["any of 6, Holm"] += min(holm(p_values)) < 0.05
            shares = {name: count / rounds for name, count in (held | cries).items()}
            rows.append({"images": images, "questions on each": questions, "spread": spread, **shares})
    return rows


if __name__ == "__main__":
    from rich.console import Console
    from rich.table import Table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder for the figures as JSON")
    parser.add_argument("--rounds", type=int, default=400, help="test sets drawn of each shape")
    given = parser.parse_args()
    figures = coverage(SETS, given.rounds, 7)
    table = Table(title=f"{given.rounds} test sets each, accuracy {ACCURACY}")
    for column in figures[0]:
        table.add_column(column, justify="right")
    for row in figures:
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row.values()))
    Console(width=160).print(table)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "intervals.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
