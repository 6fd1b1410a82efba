"""MMMU Health & Medicine, validation and test."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.evaluation.rules import Rule, rows

CHOICES = ["left atrium", "right atrium", "right ventricle", "left ventricle"]
#: What the harness's generator draws first, seed 42, of four letters: the verdict of a first answer that is not read.
DRAWN = Random(42).choice("ABCD")


def choice(*options: str, gold: Any = "C", split: str = "test", number: int = 1) -> dict[str, Any]:
    listed = str(list(options or CHOICES))
    identity = f"{split}_Clinical_Medicine_{number}"
    return {"id": identity, "question": "q", "options": listed, "answer": gold, "question_type": "multiple-choice"}


def opened(gold: Any, split: str = "test") -> dict[str, Any]:
    return {**choice(gold=gold, split=split), "options": "[]", "question_type": "open"}


def opened_val(gold: Any) -> dict[str, Any]:
    return opened(gold, "validation")


# answer, letter in the harness, letter when corrected, why
READ = [
    ("C", "C", "C", "a letter"),
    ("(C)", "C", "C", "in brackets"),
    ("C.", "C", "C", "a full stop at the end is stripped"),
    ("'C'", "C", "C", "quotes are stripped"),
    ("C?!", "C", "C", "! is stripped before ?"),
    ("C,", "C", "C", "a comma"),
    ("I choose C", "C", "C", "between single spaces"),
    ("C because D is excluded", "D", "C", "the latest candidate"),
    ("not (A) but (C)", "C", "", "the latest in brackets; corrected: two that do not agree"),
    ("(C) rather than D or A here", "C", "C", "letters in brackets before letters between spaces"),
    ("C\n\nExplanation: it is not (D)", "D", "C", "brackets before the letter on its own line"),
    (r"\boxed{C}", "C", "C", "boxed"),
    ("<answer>C</answer>", "C", "C", "tagged"),
    (r"<answer>C</answer> \boxed{D}", "C", "D", "the tag before the box; corrected: the box first everywhere"),
    (r"<answer>\boxed{C}</answer>", "C", "C", "a box in a tag"),
    ("the finding clearly points to the right ventricle here", "C", "C", "more than five words: an option's text"),
    ("it could be right atrium or the right ventricle", "C", "", "the latest of two texts; corrected: two"),
    ("The Right Ventricle is enlarged I think", "C", "C", "texts in any case"),
    ("This is A picture I know", "A", "", "an article with a capital is a candidate"),
    ("A 3 cm mass, so C", "C", "C", "the last of two"),
]
UNREAD = [
    ("c", "C", "letters are case-sensitive"),
    ("C. Right Ventricle", "C", "a full stop inside"),
    ("C, text", "C", "a comma inside"),
    ("C: text", "C", "a colon"),
    ("C) text", "C", "one bracket"),
    ("**C**", "C", "bold"),
    ("C!?", "C", "? is stripped after !, which is not tried again"),
    (r"\boxed{c}", "C", "a small letter in a box"),
    (r"\boxed{\text{C}}", "C", "nothing inside a box is unwrapped"),
    ("right ventricle", "C", "an option's text of up to five words"),
    ("<Answer>C</Answer>", "C", "tags are case-sensitive"),
    ("think\n\nC", "C", "a newline is no space"),
    ("C\nBecause", "C", "the same"),
    (r"\boxed{C", "C", "a box that never closes reads None"),
    ("", "", "empty; corrected: unparsed"),
    ("unsure", "", "nothing; corrected: unparsed"),
    ("E", "", "a letter that no option has"),
    (r"<answer>see</answer> x \boxed{C", "", "the tag alone, and no letter in it"),
]
OPEN = [
    ("liver", "The organ is the liver.", True, True, "the tail after 'is '"),
    ("liver", "spleen", False, False, "another"),
    ("liver", "LIVER", True, True, "lower-cased"),
    ("A", "gamma rays", True, True, "a lone letter beside a blank: the trap is kept"),
    ("A", "A", True, True, "the letter"),
    ("A", "beta", False, False, "no blank beside it"),
    ("1234", "1,234", True, True, "commas of thousands"),
    ("234", "1,234", True, True, "which also yields its tail"),
    ("1,234", "it is 1234", True, True, "in the gold, too"),
    ("0.06", "0.063", True, True, "two decimals"),
    ("0.06", "0.068", False, False, "rounded, not cut"),
    ("-3", "x = -3", True, True, "a minus"),
    ("200000", "2e5", True, True, "an exponent"),
    (".5", "about 0.5 mm", True, True, "a leading point"),
    ("5", "x = 5", True, True, "'=' counts in the last piece"),
    ("5", "x = 5\nso it is 6", False, False, "and in no other, where another piece has a tail"),
    ("heart", "so heart\ntherefore lung", True, True, "each piece adds its tail"),
    ("3", "it is 3 =", True, True, "an empty tail leaves the whole"),
    ("it", "it is 3", False, False, "else only the tail"),
    ("sure", "so :\nsure", True, True, "a lone mark is no tail"),
    (
        "5",
        r"<answer>6</answer> \boxed{5}",
        False,
        True,
        "the tag is all, and no box in it; corrected: the box first everywhere",
    ),
    ("['aorta', 'vein']", "aorta", False, True, "the string of a list is not parsed"),
    (["aorta", "vena cava"], "so aorta", True, True, "a list is"),
    ("vein", "<think>vein</think>aorta", True, False, "thoughts are not removed"),
]
VALIDATION = [
    ("liver", "liver", False, True, "walked over character by character: never right"),
    ("5", "5", False, True, "nor is a number"),
    ("A", "A", False, True, "nor a letter"),
    ("liver", "The organ is the liver.", False, True, "nor a sentence"),
    ("liver", "", False, False, "nor nothing"),
]
SHARED: list[Rule] = [
    *rows("6 choices", choice, READ),
    *rows("6 random fallback", choice, [(said, DRAWN, repaired, why) for said, repaired, why in UNREAD]),
    *rows("6 options 2 to 6", lambda n: choice(*"uvwxyz"[:n], gold="B"), [
        (2, "B", "B", "B", "two options"), (6, "F", "F", "F", "six options"), (6, "(F)", "F", "F", "the sixth, in brackets"),
        (2, "C", Random(42).choice("AB"), "", "a letter past them is none"),
        (5, "E", "E", "E", "the fifth"),
    ]),
    *rows("6 choices", lambda gold: choice(gold=gold), [
        (["B", "C"], "C", True, True, "a gold that lists letters"), (["A", "B"], "C", False, False, "the same")]),
]  # fmt: skip
MMMU_TEST: list[Rule] = [*SHARED, *rows("6 open, test", opened, OPEN)]
MMMU_VAL: list[Rule] = [*SHARED, *rows("6 open, validation", opened_val, VALIDATION)]
