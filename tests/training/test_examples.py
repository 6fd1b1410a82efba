from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from met_kg.errors import DataProblem, RecipeProblem
from met_kg.evaluation.benchmark import find
from met_kg.evaluation.prompts import build_prompt
from met_kg.synthesis.prompts import question_prompt
from met_kg.training.config import TrainConfig, load_config
from met_kg.training.examples import read_examples


@pytest.mark.parametrize(
    ("form", "answer", "options"),
    [("multiple-choice", "B", ["lung", "heart"]), ("yes-no", "no", []), ("open", "the left lung", [])],
)
def test_training_asks_in_the_words_of_the_evaluation(form: str, answer: str, options: list[str]) -> None:
    record = {"question": "What is shown?", "format": form, "options": options, "answer": answer}
    assert question_prompt(form, record["question"], options) == build_prompt(find("own-items"), record)


def test_options_stand_in_lines_of_their_own() -> None:
    asked = question_prompt("multiple-choice", "Which?", ["lung", "heart"])
    assert asked.endswith("A. lung\nB. heart\nAnswer with the option's letter from the given choices directly.")
    with pytest.raises(DataProblem, match="'essay'"):
        question_prompt("essay", "Which?")


def test_held_out_items_are_no_examples(run_dir: Path) -> None:
    examples, problems = read_examples(run_dir)
    assert not problems
    assert {e.images[0].stem for e in examples} == {"s0", "s1", "s2", "s4", "s5", "s6"}
    assert len(examples) == 6 * 4  # a caption and three questions each
    assert all(e.images[0].is_file() and e.licence == "CC0" for e in examples)


def test_bad_lines_of_a_jsonl_file_are_set_aside(tmp_path: Path, run_dir: Path) -> None:
    shutil.copy(run_dir / "images" / "s0.png", tmp_path / "a.png")
    talk = [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "A disc."}]
    twice = [*talk, {"from": "human", "value": "Sure?"}, {"from": "gpt", "value": "Yes."}]
    lines = [
        json.dumps({"id": "x", "image": "a.png", "conversations": twice}),
        "{torn",
        json.dumps({"id": "y", "conversations": talk}),
        json.dumps({"id": "z", "image": "a.png", "conversations": talk[::-1]}),
    ]
    (tmp_path / "d.jsonl").write_text("\n".join(lines))
    examples, problems = read_examples(tmp_path / "d.jsonl")
    assert [(e.turns, e.answer) for e in examples] == [
        (("<image>\nWhat?",), "A disc."),
        (("<image>\nWhat?", "A disc.", "Sure?"), "Yes."),
    ]
    assert [p.where for p in problems] == ["line 2", "line 3", "line 4"]
    assert "not JSON" in problems[0].reason and "no 'image'" in problems[1].reason


def test_several_images_of_a_talk_are_read(tmp_path: Path) -> None:
    def record(name: str, first: str, images: object, second: str = "Sure?", answer: str = "Two.") -> str:
        turns = [("human", first), ("gpt", answer), ("human", second), ("gpt", "Yes.")]
        talk = [{"from": who, "value": text} for who, text in turns]
        return json.dumps({"id": name, "images": images, "conversations": talk})

    lines = [
        record(
            "placed", "<image>\nBefore.\n<image>\nAfter: what changed?", ["a.png", "b.png", "c.png"], "And <image>?"
        ),
        record("unplaced", "What changed?", ["a.png", "b.png"]),
        record("short", "<image> and <image>?", ["a.png"]),
        record("said", "<image>?", ["a.png"], answer="An <image>."),
        record("wrong", "<image>?", ["a.png", 7]),
        record("none", "What?", []),
    ]
    (tmp_path / "d.jsonl").write_text("\n".join(lines))
    examples, problems = read_examples(tmp_path / "d.jsonl")
    found = {e.id: ([path.name for path in e.images], e.turns[0]) for e in examples}
    assert found == {
        # The second answer comes after the third image, the first does not.
        "placed#0": (["a.png", "b.png"], "<image>\nBefore.\n<image>\nAfter: what changed?"),
        "placed#1": (["a.png", "b.png", "c.png"], "<image>\nBefore.\n<image>\nAfter: what changed?"),
        "unplaced#0": (["a.png", "b.png"], "<image><image>\nWhat changed?"),
        "unplaced#1": (["a.png", "b.png"], "<image><image>\nWhat changed?"),
    }
    reasons = [p.reason for p in problems]
    assert "stands 2 times" in reasons[0] and "an answer has" in reasons[1]
    assert all("no 'image'" in reason for reason in reasons[2:]) and len(reasons) == 4


def test_all_problems_of_a_configuration_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    path.write_text("base: a/b\ndata: run\nrnak: 4\nlr: -1\nmethod: sft\n")
    with pytest.raises(RecipeProblem) as caught:
        load_config(path)
    told = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 4
    assert all(part in told for part in ("did you mean 'rank'", "lr:", "method:", "'out' is missing"))


def test_paths_of_a_configuration_are_meant_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    path = tmp_path / "train.yaml"
    path.write_text("{base: base, data: run, out: adapter}")
    found: TrainConfig = load_config(path)
    assert (found.base, found.data, found.out) == tuple(str(tmp_path / name) for name in ("base", "run", "adapter"))
    path.write_text("{base: Qwen/Qwen2.5-VL-7B-Instruct, data: run, out: adapter}")
    assert load_config(path).base == "Qwen/Qwen2.5-VL-7B-Instruct"
