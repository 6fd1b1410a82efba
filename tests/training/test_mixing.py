"""The arithmetic of a mix against figures worked out by hand, and mixes of a run's examples."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from met_kg import tables
from met_kg.errors import DataProblem
from met_kg.training.examples import Example, read_examples
from met_kg.training.mix import draw
from met_kg.training.mix_settings import MixSettings
from met_kg.training.mixing import Shares, allot, filled, rounded, tempered


def allotted(
    captions: Sequence[float], questions: Sequence[tuple[float, bool, str]], shares: Shares
) -> tuple[list[float], list[float]]:
    """Wanted and expected times of captions of these weights, and questions of (weight, hard, branch)."""
    weights = np.array([*captions, *(w for w, _, _ in questions)], dtype=float)
    is_caption = np.array([True] * len(captions) + [False] * len(questions))
    hard = np.array([False] * len(captions) + [h for _, h, _ in questions])
    branches = [""] * len(captions) + [b for _, _, b in questions]
    wanted, expected = allot(weights, is_caption, hard, branches, shares)
    return wanted.round(9).tolist(), expected.round(9).tolist()


PLAIN = [(1.0, False, "a")] * 4


def test_without_settings_each_comes_as_often_as_it_weighs() -> None:
    wanted, expected = allotted([1, 2], [(0.5, False, "a"), (3, False, "b")], Shares())
    assert wanted == expected == [1, 2, 0.5, 3]


def test_a_limit_keeps_the_proportions() -> None:
    assert allotted([1, 1], [(2, False, "a")], Shares(limit=2))[1] == [0.5, 0.5, 1]


def test_a_share_of_captions_takes_as_much_as_there_is() -> None:
    # Two captions are half of four; with a repeat they are half of the six that there are.
    assert sum(allotted([1, 1], PLAIN, Shares(captions=0.5))[1]) == 4
    assert allotted([1, 1], PLAIN, Shares(captions=0.5, repeats=2))[1] == [1.5, 1.5, 0.75, 0.75, 0.75, 0.75]
    assert allotted([1, 1], PLAIN, Shares(captions=0.0))[1] == [0, 0, 1, 1, 1, 1]
    assert allotted([1, 1], PLAIN, Shares(captions=1.0))[1] == [1, 1, 0, 0, 0, 0]


def test_a_share_of_hard_questions_is_of_the_questions_alone() -> None:
    questions = [(1.0, True, "a"), *PLAIN]
    # One hard question is half of two; the captions stay, or take their own share of the whole.
    assert allotted([1, 1], questions, Shares(hard=0.5))[1] == [1, 1, 1, 0.25, 0.25, 0.25, 0.25]
    both = allotted([1, 1], questions, Shares(hard=0.5, captions=0.5, limit=2))[1]
    assert both == [0.5, 0.5, 0.5, 0.125, 0.125, 0.125, 0.125]


def test_a_temperature_evens_the_branches_out() -> None:
    nine_and_one = [(1.0, False, "a")] * 9 + [(1.0, False, "b")]
    assert tempered(np.array([9.0, 1.0]), 2.0).round(9).tolist() == [0.75, 0.25]
    # T = 2: roots 3 and 1, so 7.5 and 2.5 of ten. T = inf: 5 and 5; four times the one is 4, the rest goes to the nine.
    wanted, expected = allotted([], nine_and_one, Shares(temperature=2, repeats=4))
    assert wanted == expected == [pytest.approx(7.5 / 9)] * 9 + [2.5]
    wanted, expected = allotted([], nine_and_one, Shares(temperature=math.inf, repeats=4))
    assert (sum(wanted[:9]), wanted[9]) == (pytest.approx(5), 5)
    assert (sum(expected[:9]), expected[9]) == (pytest.approx(6), 4)


def test_within_a_branch_weights_decide_and_captions_have_no_branch() -> None:
    questions = [(3.0, False, "a"), (1.0, False, "a"), (4.0, False, "b")]
    assert allotted([2, 2], questions, Shares(temperature=math.inf, limit=6))[1] == [1, 1, 1.5, 0.5, 2]


def test_hard_share_and_temperature_together() -> None:
    # Half of eight questions hard. Hard: 3 and 1 in the branches, T = inf wants 2 and 2, and there is 1 of b: 3 and 1.
    questions = [(1.0, True, "a")] * 3 + [(1.0, True, "b")] + [(1.0, False, "a")] * 2 + [(1.0, False, "b")] * 2
    wanted, expected = allotted([], questions, Shares(hard=0.5, temperature=math.inf))
    assert wanted == [pytest.approx(2 / 3)] * 3 + [2, 1, 1, 1, 1]
    assert expected == [1] * 8


@pytest.mark.parametrize(
    ("captions", "questions", "shares", "says"),
    [
        ([], PLAIN, Shares(captions=0.5), "caption_share asks for a share of 0.5, and there is no caption"),
        ([1], [], Shares(captions=0.5), "there are none"),
        ([1], PLAIN, Shares(hard=0.2), "hard_share asks for a share of 0.2, and there is no hard question"),
        ([], [(1.0, True, "a")], Shares(hard=0.2), "no question that is not hard"),
        ([0], [(0.0, False, "a")], Shares(), "no example has a weight above 0"),
    ],
)
def test_a_share_of_what_there_is_none_of_is_refused(
    captions: list[float], questions: list[tuple[float, bool, str]], shares: Shares, says: str
) -> None:
    with pytest.raises(DataProblem, match=says):
        allotted(captions, questions, shares)


def test_what_one_cannot_take_goes_to_the_others_in_turn() -> None:
    # 10 over 5:3:2 with at most 2, 4, 9: 2 stay with the first, then 4.8 is too much for the second, 4 remain.
    assert filled(np.array([0.5, 0.3, 0.2]), np.array([2.0, 4.0, 9.0]), 10).tolist() == [2, 4, pytest.approx(4)]


@pytest.mark.parametrize("start", [1e-6, 0.31, 0.999])
def test_rounding_leaves_every_run_of_neighbours_within_one(start: float) -> None:
    expected = np.random.default_rng(5).uniform(0, 2.5, 200)
    order = np.random.default_rng(6).permutation(200).tolist()
    counts = rounded(expected, order, start)
    ends, whole = np.cumsum(expected[order]), np.cumsum(counts[order])
    assert np.abs(ends - whole).max() < 1
    assert set(np.unique(counts - np.floor(expected))) <= {0, 1}


def test_on_average_each_comes_as_often_as_it_should() -> None:
    expected = np.array([0.25, 1.5, 0.25, 0.7, 2.0, 0.3])
    starts = (np.arange(400) + 0.5) / 400
    mean = np.mean([rounded(expected, range(6), start) for start in starts], axis=0)
    assert mean == pytest.approx(expected, abs=0.005)


def plain_mix(examples: Sequence[Example], seed: int, **settings: Any) -> list[Example]:
    limits = {name: settings.pop(name, None) for name in ("caption_share", "max_examples")}
    return draw(examples, MixSettings.model_validate(settings), None, **limits, seed=seed).examples


def test_captions_take_the_share_that_is_asked_for(run_dir: Path) -> None:
    examples, _ = read_examples(run_dir)
    half = plain_mix(examples, 1, caption_share=0.5)
    assert (len(half), sum(e.kind == "caption" for e in half)) == (12, 6)
    assert half == plain_mix(examples[::-1], 1, caption_share=0.5)
    assert half != plain_mix(examples, 2, caption_share=0.5)


def test_examples_are_learnt_from_as_often_as_they_weigh(run_dir: Path, tmp_path: Path) -> None:
    run = shutil.copytree(run_dir, tmp_path / "run")
    items = tables.read("vqa", run / "vqa.parquet")
    items["weight"] = [0.25 if form == "open" else 2.0 if form == "yes-no" else 1.0 for form in items["format"]]
    tables.write("vqa", items, run / "vqa.parquet")
    examples, _ = read_examples(run)
    assert Counter(e.weight for e in examples) == {1.0: 12, 2.0: 6, 0.25: 6}
    drawn = [Counter(e.id for e in plain_mix(examples, seed)) for seed in range(40)]
    often = {e.id: [d[e.id] for d in drawn] for e in examples}
    assert all(set(often[e.id]) == {int(e.weight)} for e in examples if e.weight >= 1)
    light = [n for e in examples if e.weight < 1 for n in often[e.id]]
    assert set(light) == {0, 1} and 0.15 < sum(light) / len(light) < 0.35
    even, _ = read_examples(run_dir)
    assert plain_mix(even, 3) == plain_mix(even, 3, max_examples=24)


def test_a_weight_that_is_none_is_set_aside(run_dir: Path, tmp_path: Path) -> None:
    run = shutil.copytree(run_dir, tmp_path / "run")
    items = tables.read("vqa", run / "vqa.parquet")
    items.loc[:1, "weight"] = [-1.0, math.inf]
    tables.write("vqa", items, run / "vqa.parquet")
    examples, problems = read_examples(run)
    assert len(examples) == 22
    assert [p.reason for p in problems] == [
        "its weight is -1.0, no number of 0 or more",
        "its weight is inf, no number of 0 or more",
    ]
