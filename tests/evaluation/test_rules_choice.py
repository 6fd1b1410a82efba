"""PMC-VQA and OmniMedVQA: how a choice is read, and the repair."""

from __future__ import annotations

from typing import Any

import pytest

from met_kg.evaluation.benchmark import find
from met_kg.evaluation.judges import multiple_choice
from met_kg.evaluation.score import score

MEK, COR = "medevalkit", "corrected"
BARE = ["Diffuse uptake", "Focal uptake", "No uptake", "Cold nodule"]
GRADES = ["A. Grade 1", "B. Grade 2", "C. Grade 3", "D. Grade 4"]
OWN = ["A:Diffuse uptake", "B:Focal uptake", "C:No uptake", "D:Cold nodule"]


def pmc(answer: str = "B", options: list[str] = BARE) -> dict[str, str]:
    return {"Question": "q", "Answer": answer, **{f"Choice {x}": t for x, t in zip("ABCD", options, strict=True)}}


def test_gold_may_be_text_and_equal_options_are_equally_right() -> None:
    assert multiple_choice(BARE, " Focal Uptake ", "B").correct
    assert multiple_choice(BARE, "Focal uptake", "focal uptake").extracted == "B"
    assert not multiple_choice(BARE, "elsewhere", "B").correct
    assert multiple_choice(BARE, "elsewhere", "elsewhere").correct
    twice = ["same", "same", "other"]
    assert multiple_choice(twice, "B", "same").correct and multiple_choice(twice, "A", "same").correct
    assert not multiple_choice(twice, "C", "same").correct
    with pytest.raises(ValueError, match="no options"):
        multiple_choice([], "A", "A")


def test_options_are_not_trimmed_and_a_padded_text_goes_to_similarity() -> None:
    assert multiple_choice([" yes ", "no"], "A", "yes").note == "nearest option"


@pytest.mark.parametrize(
    ("said", "letter"),
    [
        ("(B)", "B"), ("B)", "B"), ("**B**", "B"), ("B: text", "B"), ("Option B", "B"), ("option (b)", "B"),
        ("The answer is (c).", "C"), ("Focal uptake", "B"), ("I see focal uptake here", "B"), ("D", "D"), ("d", "D"),
        ("B because C is excluded", "B"), ("A, because the finding is focal uptake", "A"), ("B. No uptake", "B"),
        ("Based on the image, the correct option is (B).", "B"), ("Based on the image, B is correct", "B"),
        ("The answer is not A. The answer is B.", "B"), ("<answer>A</answer>\n\nB", "A"), ("A is right", "A"),
        ("I'd go with C", "C"), (r"\boxed{\text{(B)}}", "B"), ("答案：B", "B"),
        ("unsure", ""), ("", ""), ("I cannot tell", ""), ("A mass is seen", ""), ("E", ""), ("B and C", ""),
        ("Neither (A) nor (B)", ""), ("Focal uptake or no uptake", ""), ("<think>B", ""),
    ],
)  # fmt: skip
def test_corrected_reads_the_usual_forms_and_nothing_else(item: Any, said: str, letter: str) -> None:
    found = item("pmc-vqa", pmc(), said, COR)
    assert found["extracted"] == letter
    assert found["correct"] is (letter == "B")
    assert (found.get("note") == "unparsed") is (letter == "")


def test_pmc_vqa_records_by_name_by_position_and_from_the_harness_own_results(item: Any) -> None:
    row = ["0", "f.jpg", "caption", "q", *BARE, "B", "test"]
    results = {"prompt": "p", "answer": "B", "choices": BARE}
    spelled = {k.lower().replace(" ", "_"): v for k, v in pmc().items()}
    results["Question"] = "q"
    for record in (pmc(), row, results, spelled):
        assert item("pmc-vqa", record, "Focal uptake")["correct"]
    short = score("pmc-vqa", [{"record": row[:-1], "model_output": "B"}])
    assert "a list of 9; pmc-vqa reads 10 columns" in short.items[0]["error"]


def test_pmc_vqa_clean_has_the_letter_in_a_field_of_its_own(item: Any) -> None:
    record = {**pmc("No uptake"), "Answer_label": "C"}
    assert item("pmc-vqa-clean", record, "C")["correct"]
    assert item("pmc-vqa-clean", pmc("No uptake"), "C")["correct"], "else the text is looked up"


def omni(**changes: str | None) -> dict[str, Any]:
    record = {"question": "q", "gt_answer": "CT", "option_A": "MRI", "option_B": "CT", "question_type": "Modality "}
    record |= {
        "modality_type": "CT(Computed Tomography)",
        "dataset": "d",
        "question_id": "1",
        "image_path": "Images/x.png",
    }
    return {k: v for k, v in (record | changes).items() if v is not None}


def test_omnimedvqa_gold_is_the_letter_of_its_text(item: Any) -> None:
    assert find("omnimedvqa").options(omni()) == ["A. MRI", "B. CT"]
    assert item("omnimedvqa", omni(), "B")["correct"]
    assert item("omnimedvqa", omni(option_A="CT"), "B")["correct"], "of equal options the last is gold"
    assert not item("omnimedvqa", omni(option_A="CT"), "A")["correct"]
    assert not item("omnimedvqa", omni(gt_answer="PET"), "B")["correct"], "no option is gold: no letter is right"
    assert item("omnimedvqa", omni(), "CT")["note"] == "nearest option", "bare option text always is"
    harness_own = {"question": "q", "answer": "B", "choices": ["A. MRI", "B. CT"]}
    assert item("omnimedvqa", harness_own, "B")["correct"]


def test_omnimedvqa_letters_stay_with_their_fields_when_one_is_absent(item: Any) -> None:
    record = omni(option_A=None, option_C="PET", gt_answer="PET")
    assert find("omnimedvqa").options(record) == ["B. CT", "C. PET"]
    assert find("omnimedvqa").gold_letter(record) == "C"


def test_omnimedvqa_breakdowns_use_the_strings_of_the_data() -> None:
    metrics = score("omnimedvqa", [{"record": omni(), "model_output": "B"}]).metrics
    assert metrics["modality type metrics"] == {"CT(Computed Tomography)": {"total": 1, "right": 1, "acc": 1.0}}
    assert metrics["question type metrics"] == {"Modality ": {"total": 1, "right": 1, "acc": 1.0}}
