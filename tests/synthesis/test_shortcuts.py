"""Shortcut baselines measure what they say, and each policy brings a leaky question type near chance."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from quality_items import SOUND, choices

from met_kg import tables
from met_kg.synthesis.quality.baselines import chance, heuristics
from met_kg.synthesis.quality.control import groups_of
from met_kg.synthesis.quality.measured import Group
from met_kg.synthesis.quality.options import ShortcutOptions
from met_kg.synthesis.quality.policy import treat
from met_kg.synthesis.quality.text_only import folds_of


def group(items: pd.DataFrame, patients: dict[str, str] | None = None, asked: dict[str, float] | None = None) -> Group:
    rows = list(items.to_dict("records"))
    return next(iter(groups_of(rows, patients or {}, {}, asked or {}, 13)))


def above(made: Group, rows: np.ndarray | None = None, weights: np.ndarray | None = None) -> float:
    rows = np.arange(len(made)) if rows is None else rows
    weights = np.ones(len(rows)) if weights is None else weights
    return made.measure(rows, weights, ShortcutOptions(), turn=77, repeats=4).above("text-only")


def test_heuristics_share_what_they_cannot_decide() -> None:
    item = {**SOUND, "options": ["aa", "bbbb", "cccc", "d"], "answer": "B", "question": "Is it bbbb or aa?"}
    other = {**SOUND, "options": ["bbbb", "x", "yy", "zzz"], "answer": "A", "question": "What?"}
    captions = {"s0": "Nothing of it but cccc."}
    found = {name: values.tolist() for name, values in heuristics([item, other], captions, np.ones(2)).items()}
    assert list(found) == ["majority", "longest", "shortest", "common-word", "question-word", "caption-word"]
    assert found["longest"] == [0.5, 1.0] and found["shortest"] == [0.0, 0.0]
    assert found["common-word"] == [1.0, 1.0], "'bbbb' is the commonest word of all options"
    assert found["question-word"] == [1.0, 0.25] and found["caption-word"] == [0.0, 0.25]
    assert found["majority"] == [0.0, 1.0], "of two letters as frequent the first"
    assert chance([item, other], np.ones(2)) == 0.25
    several = [{"format": "open", "answer": a} for a in ("lung", "lung", "heart")]
    assert chance(several, np.ones(3)) == pytest.approx(2 / 3)
    assert chance(several, np.array([1.0, 1.0, 6.0])) == 0.75


def test_folds_never_part_a_group_and_are_of_a_size() -> None:
    groups = [f"g{n % 37}" for n in range(400)]
    fold = folds_of(groups, 5, np.random.default_rng(1))
    assert all(len({f for f, g in zip(fold, groups, strict=True) if g == name}) == 1 for name in set(groups))
    assert max(Counter(fold.tolist()).values()) - min(Counter(fold.tolist()).values()) <= 22
    assert (fold != folds_of(groups, 5, np.random.default_rng(2))).any()


def test_the_solver_finds_a_bias_and_none_where_there_is_none() -> None:
    assert abs(above(group(choices(400)))) < 0.05
    assert above(group(choices(400, biased=1.0))) > 0.7
    assert 0.3 < above(group(choices(400, biased=0.5))) < 0.5


def test_what_only_the_own_patient_knows_is_no_shortcut() -> None:
    """Each patient has four names of his own, of which always the same one is right: others teach nothing of it."""
    rng = np.random.default_rng(5)
    names = ["".join(rng.choice(list("abcdefghijkl"), 6)) for _ in range(200)]
    rows = list(choices(300).to_dict("records"))
    for n, row in enumerate(rows):
        key, *wrong = names[n // 6 * 4 : n // 6 * 4 + 4]
        place = "ABCD".index(row["answer"])
        row["options"] = [*wrong[:place], key, *wrong[place:]]
    items = tables.frame("vqa", rows)
    assert above(group(items)) > 0.6, "folds by sample: the patient's other questions tell"
    assert above(group(items, {f"s{n}": f"patient {n // 6}" for n in range(300)})) < 0.15


def test_too_few_groups_are_not_measured() -> None:
    one = group(choices(80), {f"s{n}": "the only patient" for n in range(80)})
    assert "text-only" not in one.measure(np.arange(80), np.ones(80), ShortcutOptions(), turn=0).solved


@pytest.mark.parametrize("policy", ["drop", "reweight"])
def test_a_policy_brings_a_leaky_type_near_chance(policy: Any) -> None:
    made = group(choices(600, biased=0.4))
    outcome = treat(made, policy, ShortcutOptions())
    assert outcome.note == "" and outcome.before.above("text-only") > 0.25
    assert above(made, outcome.rows, outcome.weights) < 0.06, "measured with folds that the policy has not seen"
    assert 250 < outcome.effective < 560, "what is no shortcut stays"
    answers = Counter(made.items[i]["answer"] for i in outcome.rows.tolist())
    assert max(answers.values()) - min(answers.values()) <= 2
    again = treat(group(choices(600, biased=0.4)), policy, ShortcutOptions())
    assert (again.rows == outcome.rows).all() and (again.weights == outcome.weights).all()
    if policy == "drop":
        easy = {"amber", "birch"}
        gone = [set(made.items[i]["options"]) & easy for i in outcome.dropped]
        assert len(outcome.dropped) + len(outcome.rows) == 600 and sum(map(bool, gone)) / len(gone) > 0.8
    else:
        assert not outcome.dropped and outcome.weights.mean() == pytest.approx(1)


def test_flagging_changes_nothing_and_names_what_is_always_solved() -> None:
    made = group(choices(300, biased=0.6))
    outcome = treat(made, "flag", ShortcutOptions())
    assert len(outcome.rows) == 300 and (outcome.weights == 1).all() and not outcome.dropped
    assert len(outcome.flagged) > 150 and set(outcome.flagged.values()) == {"text-only"}


def test_nothing_is_done_to_sound_small_or_non_visual_types() -> None:
    sound = treat(group(choices(400)), "drop", ShortcutOptions(margin=0.05))
    assert len(sound.rows) == 400 and not sound.dropped and sound.note == ""
    tiny = treat(group(choices(9, biased=1.0)), "drop", ShortcutOptions())
    assert len(tiny.rows) == 9 and not tiny.dropped
    known = choices(200, biased=1.0)
    known["visual"] = False
    outcome = treat(group(known), "drop", ShortcutOptions())
    assert len(outcome.rows) == 200 and not outcome.flagged and "by intent" in outcome.note


def test_a_small_type_is_acted_on_only_beyond_doubt() -> None:
    leaky = treat(group(choices(24, biased=1.0)), "drop", ShortcutOptions())
    assert len(leaky.dropped) > 12 and leaky.before.above("text-only") > 0.3
    only = ShortcutOptions(act_on=["longest"], margin=0.0)
    luck = choices(12)
    luck["options"] = [
        [f"{o} in the image" if i == ("ABCD".index(a) + (n >= 4)) % 4 else o for i, o in enumerate(options)]
        for n, (options, a) in enumerate(zip(luck["options"], luck["answer"], strict=True))
    ]
    by_luck = treat(group(luck), "drop", only)
    assert by_luck.before.above("longest") > 0 and not by_luck.dropped
    assert "12 items are too few to tell" in by_luck.note


def test_a_type_without_any_sound_selection_goes_as_a_whole() -> None:
    outcome = treat(group(choices(200, biased=1.0)), "drop", ShortcutOptions())
    assert len(outcome.rows) == 0 and len(outcome.dropped) == 200 and "no selection" in outcome.note
    assert outcome.after.solved == {} and outcome.effective == 0


def test_heuristics_are_acted_on_too() -> None:
    items = choices(400)
    long = [[f"{o} in the image" if i == "ABCD".index(a) and n % 2 else o for i, o in enumerate(options)]
            for n, (options, a) in enumerate(zip(items["options"], items["answer"], strict=True))]  # fmt: skip
    items["options"] = long
    only = ShortcutOptions(act_on=["longest"])
    outcome = treat(group(items), "drop", only)
    assert outcome.before.above("longest") > 0.25 >= 0.03 >= outcome.after.above("longest")
    assert set(outcome.dropped.values()) == {"longest"}


def test_a_language_model_that_knows_is_acted_on() -> None:
    items = choices(400)
    asked = {str(number): float(n < 200) for n, number in enumerate(items["item_id"])}
    outcome = treat(group(items, asked=asked), "drop", ShortcutOptions(act_on=["language-model"]))
    assert outcome.before.above("language-model") == pytest.approx(0.25)
    assert outcome.after.above("language-model") <= 0.03 and set(outcome.dropped.values()) == {"language-model"}


def test_yes_no_and_open_questions_that_tell_their_answer() -> None:
    rows = []
    for n in range(400):
        wording = ("Is there {} here?", "Would you say that {} is present?")[n % 2]
        yes = n % 4 < 2 if n % 5 else n % 2 == 0  # four of five times what the wording does not tell
        rows.append({**SOUND, "item_id": f"{n:04d}", "sample_id": f"s{n}", "format": "yes-no", "options": []}
                    | {"question": wording.format("oedema"), "answer": "yes" if yes else "no"})  # fmt: skip
    told = [{**r, "answer": "yes" if r["question"].startswith("Is") else "no"} for r in rows]
    assert abs(above(group(tables.frame("vqa", rows)))) < 0.12 and above(group(tables.frame("vqa", told))) == 0.5
    opened = [{**r, "format": "open", "answer": ("lung", "heart")[n % 2]} for n, r in enumerate(rows)]
    even = [{**r, "answer": ("lung", "heart")[n % 4 < 2]} for n, r in enumerate(opened)]
    assert above(group(tables.frame("vqa", opened))) == 0.5 and above(group(tables.frame("vqa", even))) < 0.05


def test_figures_have_intervals_over_samples() -> None:
    items = choices(200)
    alone, shared = group(items), group(items.assign(sample_id=[f"s{n // 20}" for n in range(200)]))
    rows = np.arange(200)
    found = [
        g.measure(rows, np.ones(200), ShortcutOptions(), turn=1).figures(g.clusters(rows)) for g in (alone, shared)
    ]
    for figures in found:
        for one in figures.values():
            assert one["low"] <= one["accuracy"] <= one["high"]
            assert one["above"] == pytest.approx(one["accuracy"] - 0.25, abs=1e-4)
