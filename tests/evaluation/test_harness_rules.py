"""The protocol of the public harness, statement by statement, each quirk beside its repair."""

from __future__ import annotations

import random

import pytest

from met_kg.evaluation import judges, mmmu, prompts
from met_kg.evaluation.benchmark import find
from met_kg.evaluation.response import answer_tag, boxed, parse_response, strip_think, unwrap
from met_kg.evaluation.score import score

MEK, COR = "medevalkit", "corrected"


def right(benchmark: str, record: dict, output: str, protocol: str) -> bool:
    scored = score(benchmark, [{"record": record, "model_output": output}], protocol=protocol)  # type: ignore[arg-type]
    assert "error" not in scored.items[0], scored.items[0]
    return bool(scored.items[0]["correct"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\boxed{A}", "A"),
        (r"x \boxed{A} y \boxed{ B }", "B"),
        (r"\boxed{\text{B}}", r"\text{B}"),
        (r"\boxed{A", "None"),
        ("nothing", "None"),
        (r"\boxed{}", ""),
    ],
)
def test_boxed(text: str, expected: str) -> None:
    assert boxed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<answer>A</answer>", "A"),
        ("<answer>A</answer>x<answer>B</answer>", "A B"),
        ("<answer>A", "<answer>A"),
        ("<answer></answer>", "<answer></answer>"),
        ("<Answer>A</Answer>", "<Answer>A</Answer>"),
    ],
)
def test_answer_tag(text: str, expected: str) -> None:
    assert answer_tag(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Answer: x", " x"),
        ("The answer is: x", ": x"),
        ("stray word Boxed", "None"),
        (r"\boxed{Left} trailing", "left"),
        ("<answer>Lung</answer>", "lung"),
        ("The answer is a. No, the answer is b", " b"),
        ("**Answer**: liver", " liver"),
        ("答案:肺", "肺"),
        ("final answer is spleen", " spleen"),
    ],
)
def test_parse_response(text: str, expected: str) -> None:
    assert parse_response(text) == expected


def test_unwrap_prefers_the_box_and_the_word_none_falls_through() -> None:
    assert unwrap(r"<answer>A</answer> \boxed{B}") == "B"
    assert unwrap("<answer>A</answer>") == "A"
    assert unwrap(r"\boxed{None}") == r"\boxed{None}"


@pytest.mark.parametrize(
    ("gold", "said", "harness", "repaired"),
    [
        ("yes", "Yes.", True, True),
        ("yes", "Yes, the heart is abnormal.", False, True),
        ("no", "The lungs are normal.", True, False),
        ("no", "I cannot tell from this image", True, False),
        ("no", "unknown", True, False),
        ("yes", "", False, False),
        ("no", "", False, False),
        ("Yes", "yes", True, True),
        ("no", "No", True, True),
        ("yes", "<think>no, no</think>Yes", False, True),
        ("yes", r"so \boxed{yes}", True, True),
    ],
)
def test_yes_no(gold: str, said: str, harness: bool, repaired: bool) -> None:
    record = {"question": "q?", "answer": gold}
    for name in ("vqa-rad", "pathvqa"):
        assert right(name, record, said, MEK) is harness
        assert right(name, record, said, COR) is repaired


@pytest.mark.parametrize(
    ("gold", "said", "harness", "repaired"),
    [
        ("right lung", "right lung", True, True),
        ("right lung", "Right lung", True, True),
        ("right lung", "right lung.", False, True),
        ("right lung", "the right lung", False, True),
        ("right lung", "Answer: right lung", False, True),
        ("right lung", r"\boxed{right lung}", True, True),
        ("left", "left lung", False, False),
        (3, "3", True, True),
    ],
)
def test_open(gold: object, said: str, harness: bool, repaired: bool) -> None:
    record = {"question": "q?", "answer": gold}
    assert right("vqa-rad", record, said, MEK) is harness
    assert right("vqa-rad", record, said, COR) is repaired


@pytest.mark.parametrize("said", ["", ".", "...", r"\boxed{}", r"\boxed{.}", "Answer:", " "])
def test_an_empty_open_answer_scores_zero_and_is_counted(said: str) -> None:
    for name in ("vqa-rad", "slake"):
        record = {"question": "q?", "answer": "lung", "answer_type": "OPEN", "q_lang": "en"}
        scored = score(name, [{"record": record, "model_output": said}])
        assert scored.items[0]["correct"] is False
        assert scored.metrics["notes"] == {"empty answer": 1}
        assert scored.metrics["open"]["total"] == 1


def test_text_metrics_and_their_permuted_names() -> None:
    judged = judges.open_text("right lower lobe", "right lobe")
    true = judges.open_metrics("right lower lobe", "right lobe")
    assert true["precision"] == 1.0 and true["recall"] == pytest.approx(2 / 3) and true["f1"] == pytest.approx(0.8)
    assert judged.metrics["precision"] == true["f1"]
    assert judged.metrics["recall"] == true["precision"]
    assert judged.metrics["f1"] == true["recall"]
    assert judges.open_metrics("a", " a")["bleu1"] == pytest.approx(0.5), "a leading space is an empty token"
    assert judges.open_metrics("lung", "lung")["bleu1"] == 1.0
    assert judges.open_metrics("lung", "liver")["bleu1"] == 0.0
    assert 0 < judges.open_metrics("left lung", "left lobe")["bleu4"] < 1e-50


def test_open_accuracy_is_divided_twice_in_the_harness_only() -> None:
    lines = [{"record": {"question": "q", "answer": "a b"}, "model_output": said} for said in ("a b", "a b", "x", "y")]
    harness, repaired = (score("vqa-rad", lines, protocol=p).metrics["open"] for p in (MEK, COR))  # type: ignore[arg-type]
    assert harness["acc"] == 2 / 4 / 4 and harness["acc_recomputed"] == 0.5
    assert repaired["acc"] == 0.5
    assert score("vqa-rad", lines).metrics["close"]["acc"] is None, "no closed item: null, not a crash"


@pytest.mark.parametrize(
    ("gold", "kind", "said", "harness", "repaired"),
    [
        ("Yes", "CLOSED", "yes", True, True),
        ("Yes", "CLOSED", "Yes, it is", False, True),
        ("Yes", "CLOSED", "yes ", False, True),
        ("Yes", "CLOSED", "The answer is Yes", False, True),
        ("yes", "CLOSED", "well yes", True, True),
        ("CT", "CLOSED", "ct.", True, True),
        ("1.5", "CLOSED", "1.5", False, True),
        ("是的", "CLOSED", "是的。", False, True),
        ("是", "CLOSED", "是的", False, False),
        ("", "CLOSED", "", True, False),
        ("Lung", "OPEN", "lung", True, True),
        ("yes", "OPEN", "yes", True, True),
    ],
)
def test_slake(gold: str, kind: str, said: str, harness: bool, repaired: bool) -> None:
    record = {"question": "q", "answer": gold, "answer_type": kind, "q_lang": "en", "img_name": "x"}
    assert right("slake", record, said, MEK) is harness
    assert right("slake", record, said, COR) is repaired


GRADES = ["A. Grade 1", "B. Grade 2", "C. Grade 3", "D. Grade 4"]
BARE = ["Diffuse uptake", "Focal uptake", "No uptake", "Cold nodule"]


@pytest.mark.parametrize("said", ["B", "b", "B.", "B. text", "The answer is B.", "Answer: B", r"\boxed{B}", "B\n\nbecause of it", "because of it\n\nB"])  # fmt: skip
def test_forms_that_the_harness_reads_as_a_letter(said: str) -> None:
    judged = judges.multiple_choice(BARE, "B", said)
    assert (judged.extracted, judged.correct, judged.note) == ("B", True, "")


@pytest.mark.parametrize(
    "said", ["(B)", "B)", "**B**", "B,", "Option B", "B, because", r"\boxed{\text{B}}", "<answer>B"]
)
def test_forms_that_go_to_the_nearest_option(said: str) -> None:
    assert judges.multiple_choice(BARE, "B", said).note == "nearest option"


def test_multiple_choice_details() -> None:
    assert judges.multiple_choice(GRADES, "D", "(D)").extracted == "A", "text similarity decides, not the letter"
    assert judges.multiple_choice(BARE, "A", "").extracted == "A", "an empty answer is option A"
    assert judges.multiple_choice(BARE, "B", "focal uptake").correct
    assert judges.multiple_choice(BARE, "Focal uptake", "B").correct, "gold may be text"
    assert judges.multiple_choice(BARE, "B", "The answer is not A. The answer is B.").extracted == "B"
    assert judges.multiple_choice(BARE, "B", r"\boxed{A} \boxed{B}").extracted == "B"
    assert judges.multiple_choice(BARE, "B", "The answer is: B").note == "nearest option"
    assert judges.multiple_choice(BARE, "C", "B. No uptake").extracted == "B"
    assert judges.multiple_choice(BARE, "B", "b\nbecause").note == "nearest option", "lines are glued"


def pmc(answer: str = "B") -> dict:
    return {"Question": "q", "Answer": answer, **{f"Choice {x}": t for x, t in zip("ABCD", BARE, strict=True)}}


@pytest.mark.parametrize(("said", "letter"), [("(B)", "B"), ("B)", "B"), ("**B**", "B"), ("B: text", "B"), ("Option B", "B"), ("The answer is (c).", "C"), ("Focal uptake", "B"), ("I see focal uptake here", "B"), ("unsure", ""), ("", ""), ("<think>A</think>B", "B")])  # fmt: skip
def test_corrected_reads_the_usual_forms_and_nothing_else(said: str, letter: str) -> None:
    item = score("pmc-vqa", [{"record": pmc(), "model_output": said}], protocol=COR).items[0]
    assert item["extracted"] == letter
    assert item["correct"] is (letter == "B")
    assert (item.get("note") == "unparsed") is (letter == "")


def omni(**changes: str) -> dict:
    record = {"question": "q", "gt_answer": "CT", "option_A": "MRI", "option_B": "CT", "question_type": "Modality", "modality_type": "CT"}  # fmt: skip
    return record | changes


def test_omnimedvqa() -> None:
    assert find("omnimedvqa").options(omni()) == ["A. MRI", "B. CT"]
    assert right("omnimedvqa", omni(), "B", MEK)
    assert not right("omnimedvqa", omni(), "<answer>A</answer>\n\nB", MEK), "the tag is read first"
    assert right("pmc-vqa", pmc("B"), "<answer>A</answer>\n\nB", MEK), "in PMC-VQA it is not"
    assert right("omnimedvqa", omni(option_A="CT"), "B", MEK), "of equal options the last is gold"
    assert not right("omnimedvqa", omni(gt_answer="PET"), "B", MEK), "no option is gold: a letter is never right"
    metrics = score("omnimedvqa", [{"record": omni(), "model_output": "B"}]).metrics
    assert metrics["modality type metrics"] == {"CT": {"total": 1, "right": 1, "acc": 1.0}}


CHOICES = {"A": "left atrium", "B": "right atrium", "C": "right ventricle", "D": "left ventricle"}


@pytest.mark.parametrize(
    ("said", "letter"),
    [
        ("C", "C"), ("(C)", "C"), ("C.", "C"), ("I choose C", "C"), ("C because D is excluded", "D"),
        ("not (A) but (C)", "C"), (r"\boxed{C}", "C"), ("<answer>C</answer>", "C"),
        ("the finding clearly points to the right ventricle here", "C"), ("A 3 cm mass, so C", "C"),
    ],
)  # fmt: skip
def test_mmmu_letters(said: str, letter: str) -> None:
    assert mmmu.parse_choice(said, CHOICES, random.Random(42)) == (letter, False)


@pytest.mark.parametrize("said", ["c", "C. Right Ventricle", "C, text", "C: text", "C) text", "**C**", r"\boxed{c}", "right ventricle", "<Answer>C</Answer>", "think\n\nC", "C\nBecause", ""])  # fmt: skip
def test_mmmu_random_fallback_is_the_seeded_generators(said: str) -> None:
    record = {"id": "test_Pharmacy_1", "question": "q", "options": str(list(CHOICES.values())), "answer": "C", "question_type": "multiple-choice"}  # fmt: skip
    lines = [{"record": record, "model_output": said}] * 3
    generator = random.Random(42)
    expected = [generator.choice("ABCD") for _ in range(3)]
    scored = score("mmmu-med-test", lines)
    assert [i["extracted"] for i in scored.items] == expected
    assert scored.metrics["notes"] == {"random letter": 3}
    repaired = score("mmmu-med-test", lines, protocol=COR)
    assert "random letter" not in repaired.metrics["notes"]


@pytest.mark.parametrize(
    ("gold", "said", "expected"),
    [
        ("A", "gamma rays", True), ("1,234", "it is 1234", True), ("234", "1,234", True), ("0.06", "0.063", True),
        ("liver", "The organ is the liver.", True), ("liver", "spleen", False), ("5", "x = 5", True),
        (["aorta", "vena cava"], "so aorta", True),
    ],
)  # fmt: skip
def test_mmmu_open_rules(gold: object, said: str, expected: bool) -> None:
    if gold == "A":  # a lone letter matches beside a blank, here in 'a rays'
        said = "gamm a rays"
    assert mmmu.open_is_right(gold, mmmu.open_candidates(said)) is expected


def test_mmmu_open_items_of_the_validation_split() -> None:
    record = {"id": "validation_Pharmacy_1", "question": "q", "options": "[]", "answer": "5", "question_type": "open"}
    assert not right("mmmu-med-val", record, "5", MEK), "the harness can never score them"
    assert right("mmmu-med-val", record, "5", COR)
    assert right("mmmu-med-test", record, "5", MEK)
    subjects = score("mmmu-med-test", [{"record": record, "model_output": "5"}]).metrics["subject"]
    assert subjects == {"Pharmacy": {"total": 1, "right": 1, "acc": 1.0}}


def test_prompts_byte_for_byte() -> None:
    assert prompts.yes_no_prompt("Q?") == "Q?\nPlease output 'yes' or 'no'(no extra output)."
    assert (
        prompts.yes_no_prompt("Q?", reasoning=True)
        == 'Q?\nPlease output "yes" or "no" and put the answer in one "\\boxed{}".'
    )
    assert prompts.open_prompt("Q?") == "Q?\nPlease answer the question concisely."
    assert prompts.closed_prompt("Q?") == "Q?\nAnswer the question using a single word or phrase."
    assert prompts.closed_prompt("问", chinese=True) == "问\n请用一个单词或者短语回答该问题。"
    assert (
        prompts.open_prompt("问", chinese=True, reasoning=True)
        == "问\n请简要回答该问题，并将答案放在一个'\\boxed{}'中。"
    )
    expected = "\nQuestion: Q?\nOptions: \nx\ny\nAnswer with the option's letter from the given choices directly."
    assert prompts.multiple_choice_prompt("Q?", ["x", "y"]) == expected
    record = {"id": "test_Pharmacy_1", "question": "Q", "options": "['x', 'y']", "answer": "A", "question_type": "multiple-choice"}  # fmt: skip
    built = prompts.build_prompt(find("mmmu-med-test"), record)
    assert built == "\nQ\n\n(A) x\n(B) y\n\n\n        Answer with the option's letter from the given choices directly."
    built = prompts.build_prompt(find("mmmu-med-test"), record | {"question_type": "open"}, reasoning=True)
    assert built.endswith(
        '        Answer the question using a single word or phrase and put the answer in one "\\boxed{}".'
    )


@pytest.mark.parametrize(
    ("name", "record", "part"),
    [
        ("vqa-rad", {"question": "Q", "answer": "Yes"}, "'yes' or 'no'"),
        ("pathvqa", {"question": "Q", "answer": "Yes"}, "concisely"),
        ("pathvqa", {"question": "Q", "answer": "yes"}, "'yes' or 'no'"),
        ("slake", {"question": "Q", "answer": "Yes", "answer_type": "CLOSED", "q_lang": "en"}, "single word"),
        ("slake", {"question": "Q", "answer": "x", "answer_type": "OPEN", "q_lang": "zh"}, "请简要"),
        ("omnimedvqa", omni(), "A. MRI\nB. CT"),
        ("pmc-vqa", pmc(), "Options: \nDiffuse uptake\nFocal"),
    ],
)
def test_which_prompt_a_record_gets(name: str, record: dict, part: str) -> None:
    assert part in prompts.build_prompt(find(name), record)


def test_think_blocks() -> None:
    assert strip_think("<think>a</think> B <think>open") == "B"
