"""Intervals and paired tests."""

from __future__ import annotations

import random

import numpy as np
import pytest

from met_kg import statistics
from met_kg.statistics import (
    clustered_interval,
    clustered_intervals,
    exact_interval,
    exact_intervals,
    holm,
    mcnemar,
    paired_difference,
)


def test_intervals_widen_when_questions_share_an_image() -> None:
    values = [True, False] * 50
    alone = clustered_interval(values, [str(i) for i in range(100)])
    shared = clustered_interval([True] * 50 + [False] * 50, [str(i // 10) for i in range(100)])
    assert alone is not None and shared is not None
    assert shared[1] - shared[0] > 1.5 * (alone[1] - alone[0])
    assert clustered_interval([], []) is None


def test_an_interval_is_near_the_normal_one_and_covers() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(200):
        values = rng.random(120) < 0.3
        low, high = clustered_interval(values.tolist(), [str(i) for i in range(120)], rounds=400) or (0, 0)
        covered += low <= 0.3 <= high
    assert 180 <= covered <= 199, "about 95 of 100"


def test_an_interval_is_the_same_however_much_is_drawn_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    values, clusters = [True, False, False] * 40, [str(i // 2) for i in range(120)]
    whole = clustered_interval(values, clusters)
    monkeypatch.setattr(statistics, "_DRAWS", 120)
    pieces = clustered_interval(values, clusters)
    assert whole is not None and pieces == pytest.approx(whole, abs=0.02)
    assert clustered_interval(values, clusters) == pieces


def test_paired_statistics() -> None:
    first, second = [True] * 10 + [False] * 10, [True] * 20
    found = paired_difference(first, second, [str(i) for i in range(20)])
    assert found["difference"] == 0.5 and 0 < found["low"] < found["high"]
    assert mcnemar(first, second) == pytest.approx(2 / 2**10)
    assert mcnemar(first, first) == 1.0
    assert mcnemar([True] * 6 + [False] * 2, [False] * 6 + [True] * 2) == pytest.approx(74 / 256)
    assert holm([0.04, 0.01, 0.03]) == [0.06, 0.03, 0.06]


def test_the_exact_interval_covers_also_of_few_clustered_items() -> None:
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(300):
        chance = rng.beta(1, 3, size=12)  # twelve images, three questions each, that are hard or easy together
        right = [bool(r) for share in chance for r in rng.random(3) < share]
        low, high = exact_interval(right, [str(i // 3) for i in range(36)])
        covered += low <= 0.25 <= high
    assert covered >= 285, "95 of 100 or more: the exact interval is on the safe side"
    assert exact_interval([True, False], ["a", "a"])[1] > 0.97, "one image tells hardly anything"
    assert exact_interval([False] * 4, ["a", "a", "b", "c"]) == statistics.accuracy_interval([False] * 4, [*"aabc"])


def test_intervals_worked_out_together_are_those_worked_out_alone() -> None:
    rng = random.Random(4)
    clusters = [f"{rng.randrange(30)}" for _ in range(90)]
    rows = [[rng.random() < share for _ in clusters] for share in (0.1, 0.5, 0.9)]
    assert clustered_intervals(rows, clusters) == [clustered_interval(row, clusters) for row in rows]
    assert clustered_intervals(rows, []) == clustered_intervals([], clusters) == []
    sets = [sorted(rng.sample(range(90), size)) for size in (1, 2, 7, 40, 90)]
    alone = [exact_interval([rows[1][i] for i in at], [clusters[i] for i in at], level=0.99) for at in sets]
    assert exact_intervals(rows[1], clusters, sets, level=0.99) == alone
