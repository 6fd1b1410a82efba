"""The protocol ``corrected``: the same benchmarks with the harness's defects repaired.

Every difference to the harness stands in :data:`DIFFERENCES`, in docs/evaluation.md, and in each ``metrics.json``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from met_kg.evaluation.judges import EMPTY, OPEN_METRICS, Judged, open_metrics
from met_kg.evaluation.response import NO_BOX, answer_tag, boxed, strip_think

__all__ = [
    "DIFFERENCES",
    "UNPARSED",
    "choose",
    "closed",
    "final_words",
    "normal_answer",
    "open_answer",
    "right_letters",
]

DIFFERENCES: Final = (
    "<think> blocks are removed before anything is read",
    "a box, an <answer> tag in any case and a last 'answer is' or 'answer:' are read alike everywhere, and a box "
    "that never closes, or the mere word 'boxed', is text",
    "yes and no are read as words, in any case: the one an answer begins with, else the only one of the two in it",
    "answers are compared without blanks and punctuation at the ends, repeated blanks and a leading article",
    "a choice is read in the usual forms: B, (B), B), B. text, B: text, **B**, option B, B because ..., option text",
    "a letter is that of its own field, also where an option before it is absent; of equal options each is right",
    "a choice that cannot be read is wrong and counted as unparsed: no nearest option, no random letter",
    "open MMMU items of the validation split are scored by the rule of the test split",
    "a gold answer of MMMU that lists several texts is read as a list",
    "open accuracy is right / total, not divided once more",
    "precision, recall and F1 carry their own names",
    "with a judge, the headline is closed by rule and open by judge, and a reply without a verdict is asked for again",
)

#: Note of an answer in which no choice, yes or no can be found: wrong and counted.
UNPARSED: Final = "unparsed"

_ARTICLE: Final = re.compile(r"^(?:an?|the)\s+(?=\S)")
_MARKER: Final = re.compile(r"(?i)(?:answer\**\s*(?:\bis\b|:)\W*?|答案\s*(?:是|[:：])+)(?=[\s\w(\[*\"'\\<:：]|$)")
_LATEX_TEXT: Final = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\{([^{}]*)\}")
_OPTION_LETTER: Final = re.compile(r"^\s*\(?[A-Z]\s*[.:)]\s*")
#: A capital letter as a word of its own, and no article or pronoun.
_LONE: Final = r"[B-HJ-Z](?![\w'’-])|[AI](?![\w'’-])(?=\s*(?:$|[^\w\s])|\s+(?:and|or|is|because|since)\b)"
_EDGE: Final = " \t\r\n.,;:!?。，；：！？*\"'`()[]"


def final_words(text: str) -> str:
    """The model's answer: out of thoughts, box or tags, and after a last 'answer is'.

    >>> final_words("<think>A?</think> The answer is not A. The final answer is: (B)")
    '(B)'
    """
    text = strip_think(text)
    box = boxed(text)
    if box != NO_BOX:
        text = _LATEX_TEXT.sub(r"\1", box)
    else:
        text = answer_tag(re.sub(r"(?i)<(/?)answer>", r"<\1answer>", text))
    ends = [marker.end() for marker in _MARKER.finditer(text)]
    tail = text[ends[-1] :].strip(" \t\r\n:：*") if ends else ""
    return tail or text.strip()


def normal_answer(text: str) -> str:
    """Lower case, one blank between words, without punctuation at the ends and a leading article.

    >>> normal_answer(" The right  lung. "), normal_answer("hepatitis A")
    ('right lung', 'hepatitis a')
    """
    return _ARTICLE.sub("", " ".join(text.lower().split()).strip(_EDGE))


def closed(gold: str, response: str) -> Judged:
    """Yes or no as words; any other closed answer by normalised equality."""
    said, wanted = final_words(response), normal_answer(gold)
    if wanted in ("yes", "no"):
        words = re.findall(r"\b(?:yes|no)\b", said.lower())
        leads = re.match(r"\W*(yes|no)\b", said.lower())
        found = leads[1] if leads else words[0] if len(set(words)) == 1 else ""
        return Judged(found, found == wanted, note="" if found else UNPARSED)
    found = normal_answer(said)
    return Judged(found, bool(found) and found == wanted, note="" if found else EMPTY)


def open_answer(gold: str, response: str) -> Judged:
    """Normalised exact match, with the text metrics of the normalised texts under their own names."""
    said, wanted = normal_answer(final_words(response)), normal_answer(gold)
    metrics = open_metrics(wanted, said)
    if metrics is None:
        return Judged(said, False, dict.fromkeys(OPEN_METRICS, 0.0), EMPTY)
    return Judged(said, said == wanted, metrics)


def right_letters(options: Sequence[str], letters: Sequence[str], gold: str) -> list[str]:
    """Letters that are right: the gold letter, or that of the gold text, and those of options with the same text.

    >>> right_letters(["B. CT", "C. MRI", "D. CT"], "BCD", "D"), right_letters(["CT", "MRI"], "AB", "mri")
    (['B', 'D'], ['B'])
    >>> right_letters(["CT", "MRI"], "AB", "E")
    []
    """
    bare = [_bare(option) for option in options]
    letter = gold.strip().upper()
    wanted = bare[letters.index(letter)] if letter and letter in letters else normal_answer(gold)
    return [letter for letter, text in zip(letters, bare, strict=True) if text == wanted]


def choose(options: Sequence[str], response: str, letters: Sequence[str] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ") -> str:
    """The letter a response chooses, or '' when it cannot be read.

    Tried in turn: the text of one option and nothing else; a letter the answer begins with; letters that are bracketed
    or named ('option B'), if they agree; capital letters that stand alone, if they agree; the text of exactly one
    option within the answer. 'A' and 'I' are words too: before another word they count only in 'A is', 'A and C' and
    the like.

    >>> [choose(["cyst", "mass"], said) for said in ("(B)", "b) mass", "**A**", "Mass.", "A mass is seen", "unsure")]
    ['B', 'B', 'A', 'B', 'B', '']
    """
    said = final_words(response)
    letters = letters[: len(options)]
    bare = [_bare(option) for option in options]
    normal = normal_answer(said)
    if normal and normal in bare:
        return letters[bare.index(normal)]
    marked = re.match(r"\W*(?:(?i:option|choice)\W*)?([A-Za-z])(?=['’]?\s*(?:$|[^\w\s'’-])|\s+-)", said)
    first = marked or re.match(rf"\W*({_LONE})(?!\s+(?:and|or)\b)", said)
    if first and first[1].upper() in letters:
        return first[1].upper()
    for form in (r"[(\[]\s*([A-Za-z])\s*[)\]]", r"\b(?i:option|choice)\s+([A-Za-z])\b", rf"(?<![\w'’-])({_LONE})"):
        found = {letter.upper() for letter in re.findall(form, said)} & set(letters)
        if found:
            return found.pop() if len(found) == 1 else ""
    return _named(bare, letters, normal)


def _bare(option: str) -> str:
    return normal_answer(_OPTION_LETTER.sub("", option))


def _named(bare: Sequence[str], letters: Sequence[str], normal: str) -> str:
    """The only option whose text occurs in the answer; one that lies within another that occurs does not count."""
    inside = [text for text in bare if text and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", normal)]
    longest = {text for text in inside if not any(text != other and text in other for other in inside)}
    return letters[bare.index(longest.pop())] if len(longest) == 1 else ""
