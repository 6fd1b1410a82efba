"""VQA-RAD, PathVQA and SLAKE."""

from __future__ import annotations

from typing import Any

from tests.evaluation.rules import Rule, rows


def rad(gold: Any) -> dict[str, Any]:
    return {"question": "q?", "answer": gold}


def slake(gold: str, kind: str = "CLOSED", language: str = "en") -> dict[str, Any]:
    return {"question": "q?", "answer": gold, "answer_type": kind, "q_lang": language, "img_name": "x"}


def slake_open(gold: str) -> dict[str, Any]:
    return slake(gold, "OPEN")


# gold, answer, right in the harness, right when corrected, why
YES_NO = [
    ("yes", "Yes.", True, True, "full stops are deleted"),
    ("no", "No", True, True, "lower-cased"),
    ("yes", "no", False, False, "the other one"),
    ("yes", "Yes, the heart is abnormal.", False, True, "a 'no' in abnormal"),
    ("no", "The lungs are normal.", True, False, "a 'no' in normal"),
    ("no", "I cannot tell from this image", True, False, "a 'no' in cannot"),
    ("no", "unknown", True, False, "a 'no' in unknown"),
    ("no", "There is a nodule", True, False, "a 'no' in nodule"),
    ("no", "none", True, False, "a 'no' in none"),
    ("no", "not sure", True, False, "a 'no' in not"),
    ("no", "I know this", True, False, "a 'no' in know"),
    ("no", "diagnosis", True, False, "a 'no' in diagnosis"),
    ("yes", "eyes", True, False, "a 'yes' in eyes"),
    ("yes", "yes and no", False, True, "both occur; corrected: the word it begins with"),
    ("no", "There is yes and no", False, False, "both occur, and it begins with neither"),
    ("yes", "", False, False, "empty"),
    ("no", "", False, False, "empty"),
    ("yes", "y.es", True, False, "full stops are deleted within words, too"),
    ("yes", "y\nes", True, False, "and so are newlines"),
    ("yes", "no? The answer is yes", True, True, "what follows 'answer is'"),
]
THINK = [
    ("yes", "<think>no, no</think>Yes", False, True, "thoughts are read as answers"),
    ("no", "<think>it is not", True, False, "a thought that was cut off"),
]
BOXES = [
    ("yes", r"no, so \boxed{yes}", True, True, "the box first"),
    ("yes", r"\boxed{no} \boxed{yes}", True, True, "the last box"),
    ("yes", r"<answer>no</answer> \boxed{yes}", True, True, "the box before the tag"),
    ("yes", "<answer>yes</answer> or no", True, True, "the tag, where there is no box"),
    ("yes", r"yes \boxed{yes", False, True, "a box that never closes reads None"),
    ("yes", "boxed yes", False, True, "the stray word 'boxed' reads None"),
    ("no", "boxed no", False, True, "None has a capital N, and so no 'no'"),
    ("yes", r"\boxed{None} <answer>yes</answer>", True, True, "a boxed word None falls through to the tag"),
]
CAPITAL_GOLD = [
    ("Yes", "yes", True, True, "the gold is lower-cased"),
    (" Yes ", "yes", True, True, "and stripped"),
    ("No", "It is no", True, True, "closed in spite of the capital"),
]
OPEN = [
    ("right lung", "right lung", True, True, "equal"),
    ("right lung", "right lung.", False, True, "full stops count"),
    ("right lung", "the right lung", False, True, "articles count"),
    ("right lung", "right  lung", False, True, "blanks count"),
    ("right lung", "lung on the right", False, False, "other words are wrong"),
    ("x-ray", "radiograph", False, False, "no synonyms"),
    ("right lung", "Answer: right lung", False, True, "the blank after the marker stays"),
    ("right lung", "Answer:right lung", True, True, "no blank, no trouble"),
    ("right lung", "the answer is: right lung", False, True, "': right lung'"),
    ("right lung", "**Answer**:right lung", True, True, "a marker"),
    (
        "right lung",
        "final answer right lung",
        False,
        False,
        "a blank stays after this marker, too; corrected: it is none",
    ),
    ("right lung", r"\boxed{right lung}", True, True, "boxed"),
    ("right lung", "<answer>right</answer> <answer>lung</answer>", True, True, "two pairs are joined by a space"),
    ("right lung", "<answer>right lung", False, False, "an unclosed tag stays in the text"),
    ("right lung", "<think>left</think>right lung", False, True, "thoughts are not removed"),
    ("hepatitis", "hepatitis A", False, False, "only a leading article is dropped"),
    ("left", "left lung", False, False, "more words than the gold"),
    ("lung.", "lung.", True, True, "a gold with a full stop is met by one"),
    ("lung", "", False, False, "empty: the harness raises"),
    ("lung", ".", False, False, "a full stop alone: the harness raises"),
    ("lung", "...", False, False, "the same"),
    ("lung", r"\boxed{}", False, False, "the same"),
    ("lung", r"\boxed{.}", False, False, "the same"),
    ("lung", "Answer:", False, False, "the same"),
    ("lung", " ", False, False, "a blank alone: SLAKE raises, too"),
]
STRIPPED = [
    ("Right Lung ", "right lung", True, True, "both sides lower-cased and stripped"),
    ("right lung", "  Right lung\n", True, True, "the same"),
    ("axial", "Axial", True, True, "a closed word is open here"),
    ("left", "left", True, True, "so is left"),
    (3, "3", True, True, "a gold that is a number"),
]
SLAKE_CLOSED = [
    ("yes", "well yes", True, True, "lower-case gold: the yes/no rule"),
    ("Yes", "yes", True, True, "any other gold: equality"),
    ("Yes", "Yes.", True, True, "without full stops"),
    ("Yes", "Yes, it is", False, True, "a capital gold is matched letter by letter"),
    ("Yes", "yes ", False, True, "nothing is stripped"),
    ("Yes", "The answer is Yes", False, True, "a leading blank"),
    ("No", "No, the heart is healthy", False, True, "a capital gold"),
    ("No", "The lungs are normal", False, False, "and no substring helps"),
    ("CT", "ct.", True, True, "lower-cased, full stop deleted"),
    ("CT", " CT", False, True, "a leading blank"),
    ("CT", "CT ", False, True, "a trailing blank"),
    ("CT", "C\nT", True, False, "newlines are deleted"),
    ("CT", "the CT", False, True, "an article"),
    ("1.5", "1.5", False, True, "a gold with a full stop can never be right"),
    ("1.5", "15", False, False, "the response loses its full stop, the gold keeps it"),
    (" CT", "CT", False, True, "the gold is not stripped"),
    ("CT", r"\boxed{CT}", True, True, "boxed"),
    ("CT", "<think>MRI</think>CT", False, True, "thoughts are not removed"),
]
SLAKE_CHINESE = [
    ("是的", "是的", True, True, "equal"),
    ("是的", "是的。", False, True, "the Chinese full stop stays"),
    ("是", "是的", False, False, "no table of synonyms"),
    ("否", "不是", False, False, "nor of opposites"),
    ("肺", "答案:肺", True, True, "a marker with an ASCII colon"),
    ("肺", "答案：肺", False, True, "not with a Chinese one"),
]
SLAKE_OPEN = [
    ("Lung", "lung", True, True, "lower-cased"),
    ("Lung", "lung ", False, True, "not stripped, unlike VQA-RAD"),
    ("Lung ", "lung", False, True, "nor the gold"),
    ("yes", "yes", True, True, "open by answer_type, whatever the gold says"),
    ("yes", "Yes it is", False, False, "so the yes/no rule does not hold"),
]


def _type(kind: str) -> dict[str, Any]:
    return slake("CT", kind)


SHARED = [
    *rows("0.5 yes/no", rad, YES_NO),
    *rows("0.4 boxes and tags", rad, BOXES),
    *rows("0.1 thoughts", rad, THINK),
    *rows("0.5 open", rad, OPEN),
]
VQA_RAD: list[Rule] = [*SHARED, *rows("1 item type", rad, CAPITAL_GOLD), *rows("1 extraction", rad, STRIPPED)]
PATHVQA: list[Rule] = [*SHARED, *rows("3 item type", rad, CAPITAL_GOLD), *rows("3 extraction", rad, STRIPPED)]
SLAKE: list[Rule] = [
    *rows("0.5 yes/no", slake, YES_NO),
    *rows("0.4 boxes and tags", slake, BOXES),
    *rows("0.1 thoughts", slake, THINK),
    *rows("0.5 open", slake_open, OPEN),
    *rows("2 closed", slake, SLAKE_CLOSED),
    *rows("2 closed, Chinese", lambda gold: slake(gold, "CLOSED", "zh"), SLAKE_CHINESE),
    *rows("2 open", slake_open, SLAKE_OPEN),
    *rows("2 item type", _type, [
        ("closed", "CT", True, True, "everything but OPEN is closed"),
        ("", "ct.", True, True, "an empty type, too"),
        ("OPEN", "ct.", False, True, "open: the full stop counts"),
    ]),
    Rule("2 closed", "an empty closed gold is met by an empty answer", slake(""), "", True, False),
]  # fmt: skip
