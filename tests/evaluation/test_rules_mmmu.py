"""MMMU Health & Medicine: candidates, the random fallback, open answers, splits."""

from __future__ import annotations

import random
from typing import Any

import pytest

from met_kg.evaluation.benchmark import find
from met_kg.evaluation.mmmu import choices_of, open_candidates, open_is_right, parse_choice, unwrap_mmmu
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
    ("said", "letter"),
    [
        ("C", "C"), ("(C)", "C"), ("C.", "C"), ("'C'", "C"), ("C?!", "C"), ("I choose C", "C"),
        ("C because D is excluded", "D"),  # the latest candidate
        ("not (A) but (C)", "C"),
        ("(C) rather than D or A here", "C"),  # bracketed letters first
        ("C\n\nExplanation: it is not (D)", "D"),
        (r"\boxed{C}", "C"), ("<answer>C</answer>", "C"),
        (r"<answer>C</answer> \boxed{D}", "C"),  # the tag before the box
        (r"<answer>\boxed{C}</answer>", "C"),
        ("the finding clearly points to the right ventricle here", "C"),  # more than five words: option text
        ("it could be right atrium or the right ventricle", "C"),  # the latest of them
        ("This is A picture I know", "A"),  # an article is a candidate
        ("A 3 cm mass so C", "C"),
    ],
)  # fmt: skip
def test_letters_that_are_found(said: str, letter: str) -> None:
    assert parse_choice(unwrap_mmmu(said), CHOICES, random.Random(42)) == (letter, False)


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


@pytest.mark.parametrize(
    ("gold", "said", "harness"),
    [
        ("liver", "The organ is the liver.", True), ("liver", "spleen", False), ("liver", "LIVER", True),
        ("A", "gamma rays", True),  # a lone letter beside a blank
        ("A", "A", True), ("A", "beta", False),
        ("1,234", "it is 1234", True), ("1234", "1,234", True), ("234", "1,234", True),  # yields both
        ("0.06", "0.063", True), ("0.06", "0.068", False),  # two decimals
        ("-3", "x = -3", True), ("5", "x = 5", True), ("200000", "2e5", True), (".5", "about 0.5 mm", True),
        ("5", "x = 5\nso it is 6", False),  # '=' counts in the last piece only, but a kept piece hides the others
        ("6", "x = 5\nso it is 6", True),
        ("heart", "so heart\ntherefore lung", True),  # each piece adds its tail
        ("3", "it is 3 =", True),  # an empty last tail leaves the whole response
        ("it", "it is 3 =", True),
        ("it", "it is 3", False),  # else only the tail
        ("['aorta', 'vein']", "aorta", False),  # the string of a list is not parsed
        (["aorta", "vena cava"], "so aorta", True),
        ("", "anything", True),
    ],
)  # fmt: skip
def test_open_rule_of_the_test_split(item: Any, gold: object, said: str, harness: bool) -> None:
    assert open_is_right(gold, open_candidates(said)) is harness
    if gold:
        assert item("mmmu-med-test", mmmu(gold, "open"), said, MEK)["correct"] is harness


def test_candidates_of_an_open_answer() -> None:
    assert open_candidates("The result is 1,234.50 mg.") == ["1,234.50 mg", 1234.0, 234.5]
    assert open_candidates("The answer is B") == [" b", "b "]
    assert open_candidates("so :") == ["so :"], "a lone mark is no answer"
    assert open_candidates("") == [""]


@pytest.mark.parametrize("said", ["5", "liver", "answer 5", ""])
def test_open_items_of_the_validation_split_are_never_right_in_the_harness(item: Any, said: str) -> None:
    record = mmmu(said.split()[-1] if said else "5", "open", "validation")
    assert not item("mmmu-med-val", record, said, MEK)["correct"]
    assert item("mmmu-med-val", record, said, COR)["correct"] is bool(said)


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
