"""Items with random wrong answers: what stays, what is drawn, and from where."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from met_kg import tables
from met_kg.errors import DataProblem
from met_kg.training.examples import read_examples
from met_kg.training.random_options import random_arm, with_random_options

TEXTS = {"s": "A film.", "t": "Fibrosis, and no EFFUSION."}


def item(number: int, key: str, place: int = 0, **more: Any) -> dict[str, Any]:
    options = [f"near {number}", f"close {number}"]
    options.insert(place, key)
    return {
        "item_id": f"i{number:02}",
        "sample_id": "s",
        "format": "multiple-choice",
        "options": options,
        "answer": "ABC"[place],
        "key_node": f"X:{key}",
        "distractor_nodes": ["N:1", "N:2"],
        "distractor_relations": ["sibling", "cousin"],
        "split": "train",
        "proof": "{}",
        **more,
    }


def table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return tables.frame("vqa", rows)


def test_key_and_letter_stay_and_wrong_answers_are_keys_of_other_items() -> None:
    keys = ["lung", "heart", "Lung", "effusion", "atrophy", "fibrosis"]
    before = table([item(n, key, n % 3) for n, key in enumerate(keys)] + [item(9, "yes", format="open", options=[])])
    after = with_random_options(before, TEXTS, 1)
    assert list(after["item_id"]) == list(before["item_id"])
    for old, new in zip(before.to_dict("records"), after.to_dict("records"), strict=True):
        if old["format"] == "open":
            assert new["proof"] == "{}" and list(new["distractor_nodes"]) == ["N:1", "N:2"]
            continue
        place = "ABC".index(old["answer"])
        assert (new["answer"], new["options"][place], len(new["options"])) == (old["answer"], old["options"][place], 3)
        assert len({option.casefold() for option in new["options"]}) == 3
        wrong = [option for option in new["options"] if option != new["options"][place]]
        assert [f"X:{option}" for option in wrong] == list(new["distractor_nodes"]) and set(wrong) <= set(keys)
        assert (list(new["distractor_relations"]), new["proof"]) == (["random"] * 2, "")
    assert after.equals(
        with_random_options(before.sample(frac=1, random_state=2), TEXTS, 1).sort_values("item_id", ignore_index=True)
    )
    assert not after.equals(with_random_options(before, TEXTS, 2))


def test_what_the_text_names_and_other_splits_are_not_drawn() -> None:
    rows = [item(n, key) for n, key in enumerate(["lung", "effusion", "fibrosis", "heart", "liver"])]
    rows += [item(20 + n, key, split="test") for n, key in enumerate(["hip", "knee", "toe"])]
    rows += [item(40, "lung", sample_id="t")]
    after = with_random_options(table(rows), TEXTS, 3).set_index("item_id")
    assert {"effusion", "fibrosis"}.isdisjoint(after.loc["i40", "options"])
    assert set(after.loc["i20", "options"]) == {"hip", "knee", "toe"}


def test_a_frequent_key_is_a_frequent_wrong_answer() -> None:
    rows = [item(n, "lung" if n % 2 else f"organ {n}") for n in range(400)]
    after = with_random_options(table(rows), TEXTS, 1)
    wrong = Counter(
        o for options, n in zip(after["options"], range(400), strict=True) if n % 2 == 0 for o in options[1:]
    )
    # Two draws without two alike from a pool that is half 'lung': 'lung' is among them in 1 - (1/2)(1/2) of the items.
    assert 0.68 < wrong["lung"] / 200 < 0.82


def test_items_whose_wrong_answers_make_the_question_are_left_out() -> None:
    rows = [item(n, f"organ {n}") for n in range(4)] + [item(8, "lung", distractor_relations=["shown", "shown"])]
    after = with_random_options(table(rows), TEXTS, 1)
    assert "i08" not in set(after["item_id"]) and not any("lung" in options for options in after["options"])


def test_too_few_keys_are_named() -> None:
    with pytest.raises(DataProblem, match="split 'train' has too few keys for 2 random wrong answers of item 'i00'"):
        with_random_options(table([item(0, "lung"), item(1, "heart")]), TEXTS, 1)


def test_an_arm_is_a_folder_to_train_on(run_dir: Path, tmp_path: Path) -> None:
    run = shutil.copytree(run_dir, tmp_path / "run")
    items = tables.read("vqa", run / "vqa.parquet")
    tables.write("vqa", items[items["split"] == "train"], run / "vqa.parquet")
    count = random_arm(run, tmp_path / "arm", seed=4)
    assert count == 6
    before, after = read_examples(run)[0], read_examples(tmp_path / "arm")[0]
    assert [(e.id, e.answer) for e in before] == [(e.id, e.answer) for e in after]
    assert all(image.is_file() for e in after for image in e.images)
    assert random_arm(run, tmp_path / "again", seed=4) == count
    assert (tmp_path / "again" / "vqa.parquet").read_bytes() == (tmp_path / "arm" / "vqa.parquet").read_bytes()
