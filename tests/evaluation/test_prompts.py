"""Prompt texts, byte for byte, and which one a record gets."""

from __future__ import annotations

import pytest

from met_kg.evaluation.benchmark import find
from met_kg.evaluation.prompts import build_prompt

Q = "What  is <image 1>?"
RAD_YES = {"question": Q, "answer": "Yes"}
RAD_OPEN = {"question": Q, "answer": "lung"}
SLAKE = {"question": Q, "answer": "Yes", "answer_type": "CLOSED", "q_lang": "en", "img_name": "x"}
ZH = {**SLAKE, "q_lang": "zh"}
OPEN = {"answer_type": "OPEN"}
PMC = {"Question": Q, "Choice A": "A:CT ", "Choice B": "B:MRI", "Choice C": "C", "Choice D": "D", "Answer": "A"}
OMNI = {
    "question": Q,
    "gt_answer": "CT",
    "option_A": "MRI",
    "option_B": "CT",
    "question_type": "t",
    "modality_type": "m",
}
MMMU = {
    "id": "test_Pharmacy_1",
    "question": Q,
    "options": "['x', 'y']",
    "answer": "A",
    "question_type": "multiple-choice",
}
MMMU_OPEN = {**MMMU, "question_type": "open", "options": "[]"}
LETTER = "Answer with the option's letter from the given choices"

CASES = [
    ("vqa-rad", RAD_YES, False, f"{Q}\nPlease output 'yes' or 'no'(no extra output)."),
    ("vqa-rad", RAD_YES, True, f'{Q}\nPlease output "yes" or "no" and put the answer in one "\\boxed{{}}".'),
    ("vqa-rad", RAD_OPEN, False, f"{Q}\nPlease answer the question concisely."),
    ("vqa-rad", RAD_OPEN, True, f'{Q}\nPlease answer the question concisely and put the answer in one "\\boxed{{}}".'),
    # A gold with blanks is prompted open (and scored closed).
    ("vqa-rad", {"question": Q, "answer": "yes "}, False, f"{Q}\nPlease answer the question concisely."),
    # PathVQA does not lower-case before it looks.
    ("pathvqa", RAD_YES, False, f"{Q}\nPlease answer the question concisely."),
    ("pathvqa", {"question": Q, "answer": "yes"}, False, f"{Q}\nPlease output 'yes' or 'no'(no extra output)."),
    (
        "pathvqa",
        {"question": Q, "answer": "no"},
        True,
        f'{Q}\nPlease output "yes" or "no" and put the answer in one "\\boxed{{}}".',
    ),
    # SLAKE never uses the yes/no prompt.
    ("slake", SLAKE, False, f"{Q}\nAnswer the question using a single word or phrase."),
    (
        "slake",
        SLAKE,
        True,
        f'{Q}\nAnswer the question using a single word or phrase and put the answer in one "\\boxed{{}}".',
    ),
    ("slake", SLAKE | OPEN, False, f"{Q}\nPlease answer the question concisely."),
    ("slake", ZH, False, f"{Q}\n请用一个单词或者短语回答该问题。"),
    ("slake", ZH, True, f"{Q}\n请用一个单词或者短语回答该问题，并将答案放在一个'\\boxed{{}}'中。"),
    ("slake", ZH | OPEN, False, f"{Q}\n请简要回答该问题。"),
    ("slake", ZH | OPEN, True, f"{Q}\n请简要回答该问题，并将答案放在一个'\\boxed{{}}'中。"),
    # Options as the file has them, with a space after 'Options:' and a newline first.
    ("pmc-vqa", PMC, False, f"\nQuestion: {Q}\nOptions: \nA:CT \nB:MRI\nC\nD\n{LETTER} directly."),
    (
        "pmc-vqa",
        PMC,
        True,
        f'\nQuestion: {Q}\nOptions: \nA:CT \nB:MRI\nC\nD\n{LETTER} and put the letter in one "\\boxed{{}}".',
    ),
    # OmniMedVQA adds the letters, and skips an absent option.
    ("omnimedvqa", OMNI, False, f"\nQuestion: {Q}\nOptions: \nA. MRI\nB. CT\n{LETTER} directly."),
    (
        "omnimedvqa",
        OMNI,
        True,
        f'\nQuestion: {Q}\nOptions: \nA. MRI\nB. CT\n{LETTER} and put the letter in one "\\boxed{{}}".',
    ),
    # Its options are shown with the letters of their own fields.
    (
        "omnimedvqa",
        {k: v for k, v in OMNI.items() if k != "option_A"} | {"option_C": "US"},
        False,
        f"\nQuestion: {Q}\nOptions: \nB. CT\nC. US\n{LETTER} directly.",
    ),
    ("mmmu-med-val", MMMU, False, f"\n{Q}\n\n(A) x\n(B) y\n\n\n        {LETTER} directly."),
    (
        "mmmu-med-test",
        MMMU,
        True,
        f'\n{Q}\n\n(A) x\n(B) y\n\n\n        {LETTER} and put the letter in one "\\boxed{{}}".',
    ),
    ("mmmu-med-val", MMMU_OPEN, False, f"\n{Q}\n\n        Answer the question using a single word or phrase."),
    (
        "mmmu-med-test",
        MMMU_OPEN,
        True,
        f'\n{Q}\n\n        Answer the question using a single word or phrase and put the answer in one "\\boxed{{}}".',
    ),
]


@pytest.mark.parametrize(("benchmark", "record", "reasoning", "expected"), CASES)
def test_prompts_byte_for_byte(benchmark: str, record: dict, reasoning: bool, expected: str) -> None:
    assert build_prompt(find(benchmark), record, reasoning=reasoning) == expected
