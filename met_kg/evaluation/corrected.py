"""The protocol ``corrected``: the same benchmarks with the harness's defects repaired.

Every difference to the harness stands in :data:`DIFFERENCES`, in docs/evaluation.md, and in each ``metrics.json``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from met_kg.evaluation.judges import Judged, open_metrics
from met_kg.evaluation.response import NO_BOX, answer_tag, boxed, strip_think

__all__ = ["DIFFERENCES", "choose", "closed", "final_words", "normal_answer", "open_answer"]

DIFFERENCES: Final = (
    "<think> blocks are removed before anything is read",
    "yes and no are read as words, not as substrings, in any case; the first one counts",
    "answers are compared without surrounding blanks, punctuation and articles",
    "a choice is read in the usual forms (B, (B), B), B: text, **B**, option text); what cannot be read is wrong and "
    "counted as unparsed: no nearest option, no random letter",
    "open MMMU items of the validation split are scored like those of the test split; the test split is aggregated",
    "open accuracy is right / total; precision, recall and F1 carry their own names",
    "an empty answer is wrong and counted; a set without open or without closed items is aggregated",
)

_ARTICLES: Final = re.compile(r"\b(a|an|the)\b")
_LETTER: Final = re.compile(
    r"(?i)^\W*(?:(?:the\s+)?(?:final\s+|correct\s+|best\s+)?(?:answer|option|choice)\s*(?:is)?\s*[:\-]?\s*)?"
    r"[(\[*\s]*([A-Ha-h])(?![\w'’])"
)


def final_words(text: str) -> str:
    """The model's answer: out of thoughts, box or tags, and after a last 'answer is'."""
    text = strip_think(text)
    box = boxed(text)
    if box != NO_BOX:
        text = re.sub(r"^\\text(?:bf|rm)?\{(.*)\}$", r"\1", box)
    elif "<answer>" in text.lower():
        text = answer_tag(re.sub("(?i)<(/?)answer>", r"<\1answer>", text))
    tail = re.split(r"(?i)(?:final answer|answer)(?:\s+is|\s*:|\*\*:|:\*\*)+|答案[:：是]+", text)[-1]
    return tail.strip() or text.strip()


def normal_answer(text: str) -> str:
    """Lower case, without punctuation at the ends, articles and repeated blanks.

    >>> normal_answer(" The right lung. ")
    'right lung'
    """
    text = text.lower().strip().strip(".,;:!?。！？*\"'() ")
    return " ".join(_ARTICLES.sub(" ", text).split())


def closed(gold: str, response: str) -> Judged:
    """Yes or no as words; any other closed answer by normalised equality."""
    said = final_words(response)
    wanted = normal_answer(gold)
    if wanted in ("yes", "no"):
        word = re.search(r"\b(yes|no)\b", said.lower())
        found = word.group() if word else ""
        return Judged(found, found == wanted, note="" if found else "unparsed")
    found = normal_answer(said)
    return Judged(found, bool(found) and found == wanted, note="" if found else "empty answer")


def open_answer(gold: str, response: str) -> Judged:
    """Normalised exact match, with the text metrics of the normalised texts under their own names."""
    said, wanted = normal_answer(final_words(response)), normal_answer(gold)
    return Judged(said, bool(said) and said == wanted, open_metrics(wanted, said), "" if said else "empty answer")


def choose(options: Sequence[str], response: str) -> str:
    """The letter a response chooses, or '' when it cannot be read.

    >>> [choose(["cyst", "mass"], said) for said in ("(B)", "b) mass", "**A**", "Mass.", "A mass is seen", "unsure")]
    ['B', 'B', 'A', 'B', 'B', '']
    """
    said = final_words(response)
    letters = [chr(ord("A") + i) for i in range(len(options))]
    bare = [normal_answer(re.sub(r"^\s*[A-Ha-h]\s*[.:)]\s*", "", o)) for o in options]
    normal = normal_answer(said)
    if normal in bare and bare.count(normal) == 1:
        return letters[bare.index(normal)]
    match = _LETTER.match(said)
    # 'A mass is seen' starts with an article, not with a letter: a lone letter is followed by a mark or the end.
    if match and match[1].upper() in letters:
        rest = said[match.end() :]
        if not rest.strip() or not re.match(r"\s+\w", rest) or match[1].upper() != "A":
            return match[1].upper()
    named = [
        letter
        for letter, text in zip(letters, bare, strict=True)
        if text and re.search(rf"\b{re.escape(text)}\b", normal)
    ]
    return named[0] if len(named) == 1 else ""
