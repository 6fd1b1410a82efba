"""The order of a curriculum: when examples come, and that it never changes how often."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import pytest

from met_kg.training.curriculum import arrange, competence
from met_kg.training.mix_settings import Curriculum

NONE = math.nan


def order(
    values: list[float], total: int, *, step: int = 4, lengths: list[int] | None = None, **said: Any
) -> list[int]:
    curriculum = Curriculum.model_validate(said)
    return arrange(values, curriculum, total=total, step=step, seed=7, lengths=lengths).places


def mixed(count: int = 400) -> list[float]:
    """Values 0 to 9, and one in five without."""
    rng = random.Random(1)
    return [NONE if place % 5 == 0 else float(rng.randrange(10)) for place in range(count)]


@pytest.mark.parametrize("lengths", [None, list(range(400))])
@pytest.mark.parametrize("said", [{}, {"pacing": "linear", "until": 0.4}, {"stages": [{"share": 0.3, "most": 2}]}])
@pytest.mark.parametrize("total", [400, 1000, 120])
def test_each_comes_as_often_as_without_a_curriculum(said: Any, total: int, lengths: list[int] | None) -> None:
    often = Counter(order(mixed(), total, lengths=lengths, **said))
    assert sum(often.values()) == total
    assert {often[place] for place in range(400)} <= {total // 400, -(-total // 400)}


def test_square_root_pacing_is_that_of_the_paper() -> None:
    # Platanios et al. 2019, c_sqrt(t) = min(1, sqrt(t (1 - c0^2) / T + c0^2)), here with T = 0.5 of the training.
    given = Curriculum(start=0.2, until=0.5)
    assert [competence(t, given) for t in (0.0, 0.25, 0.5, 0.9)] == [
        pytest.approx(0.2),
        pytest.approx(math.sqrt(0.5 * 0.96 + 0.04)),
        pytest.approx(1.0),
        1.0,
    ]


@pytest.mark.parametrize("total", [400, 800])
@pytest.mark.parametrize("pacing", ["sqrt", "linear"])
def test_no_step_takes_more_than_its_competence_lets_it(pacing: str, total: int) -> None:
    values = [float(place) for place in range(400)]  # all differ: the rank is the value
    places = order(values, total, pacing=pacing, start=0.05)
    given = Curriculum.model_validate({"pacing": pacing, "start": 0.05})
    for start in range(0, total, 4):
        most = math.ceil(competence((start + 4) / total, given) * 400)
        assert max(places[start : start + 4]) < most
    early, late = places[: total // 4], places[-total // 4 :]
    assert sum(early) / len(early) < 150 < 250 < sum(late) / len(late)


def test_stages_take_nothing_beyond_their_value() -> None:
    values = [float(place % 10) for place in range(300)]  # thirty of each
    stages = [{"share": 0.2, "most": 2}, {"share": 0.3, "most": 5}]  # 60 of 90, then 90 of the 120 left
    found = arrange(values, Curriculum.model_validate({"stages": stages}), total=300, step=5, seed=1, lengths=None)
    told = [values[place] for place in found.places]
    assert found.borrowed == 0
    assert (max(told[:60]), max(told[60:150]), max(told[150:])) == (2, 5, 9)
    assert min(told[60:150]) <= 2  # what an earlier stage left over comes later


def test_a_stage_with_too_few_takes_the_next_in_value_and_says_so() -> None:
    values = [float(place // 10) for place in range(100)]
    stages = Curriculum.model_validate({"stages": [{"share": 0.5, "most": 1}]})  # fifty places, twenty examples
    found = arrange(values, stages, total=100, step=5, seed=1, lengths=None)
    assert found.borrowed == 30
    assert sorted(found.places[:50]) == list(range(50))


def test_what_has_no_value_comes_evenly() -> None:
    values = mixed()
    places = order(values, 400)
    for start in range(0, 400, 40):
        assert abs(sum(math.isnan(values[place]) for place in places[start : start + 40]) - 8) <= 1
    assert sorted(order([NONE] * 10, 10)) == list(range(10))


def test_examples_of_like_length_share_a_step_and_stages_stay_apart() -> None:
    rng = random.Random(3)
    values = [float(place % 2) for place in range(960)]
    lengths = [rng.randrange(20, 500) for _ in values]
    stages = [{"share": 0.5, "most": 0}]

    def padding(places: list[int]) -> int:
        steps = [[lengths[place] for place in places[start : start + 8]] for start in range(0, 960, 8)]
        return sum(max(step) * len(step) - sum(step) for step in steps)

    plain, grouped = (order(values, 960, step=8, lengths=of, stages=stages) for of in (None, lengths))
    assert all(values[place] == 0 for place in grouped[:480])
    assert padding(grouped) < padding(plain) / 2


def test_the_order_hangs_on_the_seed_alone() -> None:
    curriculum = Curriculum()
    orders = [arrange(mixed(), curriculum, total=400, step=4, seed=seed, lengths=None).places for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
