"""PMC-VQA and OmniMedVQA."""

from __future__ import annotations

from typing import Any

from tests.evaluation.rules import Rule, rows

BARE = ["Diffuse uptake", "Focal uptake", "No uptake", "Cold nodule"]
GRADES = ["Grade 1", "Grade 2", "Grade 3", "Grade 4"]
OWN = ["A:Diffuse uptake", "B:Focal uptake", "C:No uptake", "D:Cold nodule"]
PADDED = [" A:Diffuse uptake ", " B:Focal uptake ", " C:No uptake ", " D:Cold nodule "]
#: Longer than 200 letters: the matcher then leaves out letters that are frequent in the response (autojunk).
LONG = "The image shows a nodule in the thyroid gland with little activity. " * 3


def pmc(options: list[str] = BARE, gold: str = "B") -> dict[str, str]:
    return {"Question": "q", "Answer": gold, **{f"Choice {x}": t for x, t in zip("ABCD", options, strict=True)}}


def omni(*options: str | None, gold: str = "Focal uptake") -> dict[str, Any]:
    given = {f"option_{x}": t for x, t in zip("ABCD", options or BARE, strict=False) if t is not None}
    about = {
        "question_type": "Modality ",
        "modality_type": "CT",
        "dataset": "d",
        "question_id": "1",
        "image_path": "x.png",
    }
    return {"question": "q", "gt_answer": gold, **given, **about}


# options, answer, letter in the harness, letter when corrected, why
LETTERS = [
    ("B", "B", "B", "a letter"),
    ("b", "B", "B", "lower-cased"),
    ("B.", "B", "B", "to the first full stop"),
    ("B. text", "B", "B", "the same"),
    ("The answer is B.", "B", "B", "stripped after the marker"),
    ("Answer: B", "B", "B", "the same"),
    (r"\boxed{B}", "B", "B", "boxed"),
    ("B\n\nexplanation", "B", "B", "the first block"),
    ("explanation\n\nB", "B", "B", "the last block"),
    ("explanation\n\nB. and more", "B", "B", "cut at its first full stop"),
    ("C\n\nB", "C", "C", "the first block before the last"),
    ("The answer is not A. The answer is B.", "B", "B", "the last occurrence"),
    (r"\boxed{A} \boxed{B}", "B", "B", "the last box"),
    ("B. No uptake", "B", "B", "the letter, not the text"),
    ("Finding: x: B", "A", "B", "a colon leaves a blank before the letter: ' b' is none"),
]
NEAREST = [
    ("The answer is: B", "C", "B", "': b': the letter keeps its blank"),
    ("Choice: B", "D", "B", "the same"),
    ("B: text", "C", "B", "what follows the colon is no option"),
    ("(B)", "A", "B", "brackets"),
    ("B)", "A", "B", "a bracket"),
    ("**B**", "A", "B", "bold"),
    ("B,", "A", "B", "a comma"),
    ("Option B", "C", "B", "the word"),
    ("B, because of it", "A", "B", "a sentence"),
    (r"\boxed{\text{B}}", "C", "B", "nothing inside a box is unwrapped"),
    ("<answer>B", "C", "B", "an unclosed tag"),
    ("B\nbecause", "B", "B", "lines are glued: 'bbecause'"),
    ("**C**", "D", "C", "the shortest option that has a c"),
    ("A, because the finding is focal uptake", "B", "A", "the text decides"),
    ("B because C is excluded", "A", "B", "arbitrary"),
    ("", "A", "", "an empty answer is option A"),
    ("zzz", "A", "", "ties go to the first"),
    ("I am sorry, I cannot see any image", "B", "", "a refusal gets some letter"),
    ("E", "C", "", "a letter that no option has"),
    (r"\boxed{B", "C", "B", "an unclosed box reads 'none', most like 'no uptake'"),
    ("<think>A</think>B", "C", "B", "thoughts are part of the text"),
    ("No uptake or focal uptake", "B", "", "two options"),
    ("Focal uptake", "B", "B", "an option's text"),
    ("focal uptake.", "B", "B", "to the full stop, in lower case"),
    ("I see focal uptake here", "B", "B", "an option's text in a sentence"),
    (LONG + "No uptake is seen in the lower pole.", "C", "C", "200 letters or more: frequent letters do not count"),
    (LONG + LONG[:67], "A", "", "the same (autojunk); were all letters counted, it would be B"),
]
#: What only the text of the options decides; (D) and **C** as the paper has them.
TEXTS = [
    (GRADES, "(D)", "A", "D", "similarity, not the letter"),
    (OWN, "(B)", "B", "B", "a letter in the option's own text helps"),
    (OWN, "A:Diffuse uptake", "A", "A", "the option as it is shown"),
    (OWN, "Focal uptake", "B", "B", "the text without its prefix is nearest"),
    (OWN, "B:Focal uptake", "B", "B", "the whole"),
    (OWN, "B", "B", "B", "the letter"),
    (OWN, "D: Cold nodule", "D", "D", "with another blank: nearest"),
    (PADDED, "Focal uptake", "B", "B", "options are not trimmed: nearest"),
    (PADDED, "b", "B", "B", "the letter"),
    (
        ["CT", "CT angiography", "MRI", "PET"],
        "I think it is CT angiography",
        "B",
        "B",
        "the longer of two that overlap",
    ),
]
GOLDS = [
    ("B", "Focal uptake", True, True, "the text of the gold letter"),
    (" b ", "B", True, True, "the gold is stripped and lower-cased"),
    ("Focal uptake", "B", True, True, "a gold that is text, answered by letter"),
    ("Focal uptake", "focal uptake", True, True, "and by text"),
    ("elsewhere", "B", False, False, "a gold that is no option's text"),
    ("elsewhere", "elsewhere", True, False, "equal to the answer; corrected: no option"),
]
EQUAL = ["same", "same", "other", "else"]
PMC_VQA: list[Rule] = [
    *rows("0.5 letters", pmc, LETTERS),
    *rows("0.5 nearest option", pmc, NEAREST),
    *rows("4 options verbatim", pmc, TEXTS),
    *rows("0.5 gold", lambda gold: pmc(BARE, gold), GOLDS),
    *rows("0.5 gold", lambda gold: pmc(EQUAL, gold), [
        ("B", "same", True, True, "equal options are equally right by text"),
        ("A", "B", False, True, "by letter only the gold letter; corrected: each of them"),
        ("C", "same", False, False, "another text"),
    ]),
    Rule("5 tag", "the tag is not read first here", pmc(), "<answer>A</answer>\n\nB", "B", "A"),
]  # fmt: skip

# answer, letter in the harness, letter when corrected, why
OMNI_TAG = [
    ("<answer>A</answer>\n\nB", "A", "A", "the tag before the last block"),
    (r"<answer>B</answer> \boxed{A}", "B", "A", "the tag before the box; corrected: the box first everywhere"),
    ("<Answer>B</Answer>\n\nA", "A", "B", "case sensitive"),
    ("<answer>B", "A", "B", "unclosed: the text, and the nearest of it"),
    ("<answer></answer>B", "A", "B", "an empty pair is text"),
]
OMNI_LETTERS = [
    ("B", "B", "B", "a letter"),
    ("b.", "B", "B", "lower-cased, to the full stop"),
    ("The answer is B.", "B", "B", "after the marker"),
    ("B. Focal uptake", "B", "B", "as shown: the letter before the full stop"),
    ("(B)", "B", "B", "brackets"),
    ("**B**", "B", "B", "bold"),
    ("", "A", "", "empty"),
    ("Focal uptake", "B", "B", "bare text is never equal to 'B. Focal uptake': nearest"),
    ("A because B is excluded", "A", "A", "arbitrary"),
]


def _missing(gold: str) -> dict[str, Any]:
    return omni(None, "CT", "PET", gold=gold)


OMNIMEDVQA: list[Rule] = [
    *rows("5 tag first", omni, OMNI_TAG),
    *rows("0.5 letters, nearest option", omni, OMNI_LETTERS),
    *rows("5 prefix", lambda: omni(*GRADES, gold="Grade 4"), [
        ("(D)", "A", "D", "similarity among 'A. Grade 1' to 'D. Grade 4'"), ("D", "D", "D", "the letter")]),
    *rows("5 gold", lambda gold: omni("CT", "CT", "MRI", gold=gold), [
        ("CT", "B", True, True, "of equal options the last is gold"),
        ("CT", "A", False, True, "the first is not; corrected: each of them"),
        ("MRI", "C", True, True, "another"),
    ]),
    *rows("5 gold", lambda gold: omni("MRI", "CT", gold=gold), [
        ("PET", "A", False, False, "no option is gold: no letter is right"),
        ("PET", "B", False, False, "nor any other"),
        ("PET", "PET", True, False, "only the text itself; corrected: no option"),
        ("ct", "B", False, True, "the gold is compared with capitals; corrected: without"),
    ]),
    *rows("5 absent option", _missing, [
        ("PET", "C", True, True, "the letter of its own field"),
        ("CT", "B", True, True, "the same"),
        ("PET", "B", False, False, "another"),
        ("PET", "PET", False, True, "the harness counts letters from the first option that is there"),
        ("CT", "C", False, False, "a letter past the number of options goes to the nearest"),
    ]),
]  # fmt: skip
