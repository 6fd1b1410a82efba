"""MMMU Health & Medicine: candidates, the random fallback, open answers, splits."""

from __future__ import annotations

import random
from typing import Any

import pytest

from met_kg.evaluation.benchmark import find
from met_kg.evaluation.mmmu import choices_of, open_candidates
from met_kg.evaluation.score import score

MEK, COR = "medevalkit", "corrected"
CHOICES = {"A": "left atrium", "B": "right atrium", "C": "right ventricle", "D": "left ventricle"}


def mmmu(answer: Any = "C", kind: str = "multiple-choice", split: str = "test", number: int = 1) -> dict[str, Any]:
    options = str(list(CHOICES.values())) if kind == "multiple-choice" else "[]"
    return {
        "id": f"{split}_Clinical_Medicine_{number}",
        "question": "q",
        "options": options,
        "answer": answer,
        "question_type": kind,
    }


@pytest.mark.parametrize(
    ("said", "repaired"),
    [
        ("c", "C"), ("C. Right Ventricle", "C"), ("C, text", "C"), ("C: text", "C"), ("C) text", "C"), ("**C**", "C"),
        ("C!?", "C"),  # each mark is stripped once, in a fixed order
        (r"\boxed{c}", "C"), (r"\boxed{\text{C}}", "C"), ("right ventricle", "C"), ("<Answer>C</Answer>", "C"),
        ("think\n\nC", "C"), ("C\nBecause", "C"), (r"\boxed{C", "C"), ("", ""), ("unsure", ""),
    ],
)  # fmt: skip
def test_letters_that_are_drawn_at_random_and_read_or_left_when_corrected(item: Any, said: str, repaired: str) -> None:
    generator = random.Random(42)
    expected = [generator.choice("ABCD") for _ in range(4)]
    scored = score("mmmu-med-test", [{"record": mmmu(number=n), "model_output": said} for n in range(4)])
    assert [i["extracted"] for i in scored.items] == expected, "the seeded generator's own sequence"
    assert scored.metrics["notes"] == {"random letter": 4}
    found = item("mmmu-med-test", mmmu(), said, COR)
    assert found["extracted"] == repaired and found["correct"] is (repaired == "C")
    assert (found.get("note") == "unparsed") is (repaired == "")


def test_a_random_letter_depends_on_the_failures_before_it() -> None:
    unread, read = {"record": mmmu(), "model_output": ""}, {"record": mmmu(), "model_output": "C"}
    alone = score("mmmu-med-val", [unread]).items[-1]["extracted"]
    assert score("mmmu-med-val", [read, unread]).items[-1]["extracted"] == alone
    drawn = random.Random(42)
    drawn.choice("ABCD")
    assert score("mmmu-med-val", [unread, unread]).items[-1]["extracted"] == drawn.choice("ABCD")


def test_candidates_of_an_open_answer() -> None:
    assert open_candidates("The result is 1,234.50 mg.") == ["1,234.50 mg", 1234.0, 234.5]
    assert open_candidates("The answer is B") == [" b", "b "]
    assert open_candidates("so :") == ["so :"], "a lone mark is no answer"
    assert open_candidates("") == [""]


def test_corrected_reads_a_gold_list_and_thoughts(item: Any) -> None:
    record = mmmu("['aorta', 'the aorta']", "open")
    assert item("mmmu-med-test", record, "<think>vein</think>aorta", COR)["correct"]
    assert item("mmmu-med-test", mmmu("vein", "open"), "<think>vein</think>aorta", COR)["correct"] is False
    assert item("mmmu-med-test", mmmu("5", "open"), "<think>5", COR)["note"] == "empty answer"


def test_the_test_split_is_aggregated_by_kind_and_subject() -> None:
    lines = [{"record": mmmu(), "model_output": "C"}, {"record": mmmu("5", "open"), "model_output": "6"}]
    for protocol in (MEK, COR):
        metrics = score("mmmu-med-test", lines, protocol=protocol).metrics  # type: ignore[arg-type]
        assert metrics["total metrics"] == {"total": 2, "right": 1, "acc": 0.5}
        assert metrics["multiple choice"]["acc"] == 1.0 and metrics["open"]["acc"] == 0.0
        assert metrics["subject"] == {"Clinical_Medicine": {"total": 2, "right": 1, "acc": 0.5}}


def test_a_hidden_gold_answer_is_an_error_not_a_wrong_answer() -> None:
    scored = score("mmmu-med-test", [{"record": mmmu("?"), "model_output": "A"}])
    assert scored.metrics["errors"] == 1 and "hidden" in scored.items[0]["error"]


def test_options_are_a_list_or_its_string_and_nothing_is_run() -> None:
    assert choices_of("['a', 'b']") == choices_of(["a", "b"]) == {"A": "a", "B": "b"}
    for bad in ("__import__('os').getcwd()", "{}", "[]", "(", "'a'"):
        scored = score("mmmu-med-val", [{"record": mmmu() | {"options": bad}, "model_output": "A"}])
        assert scored.metrics["errors"] == 1, bad


def test_subjects_come_in_the_benchmarks_order() -> None:
    for name in ("mmmu-med-val", "mmmu-med-test"):
        assert find(name).hub.configs == [
            "Basic_Medical_Science", "Clinical_Medicine", "Diagnostics_and_Laboratory_Medicine", "Pharmacy", "Public_Health",
        ]  # fmt: skip
