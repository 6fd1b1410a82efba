"""Captions as they come: mend what can be mended, count what cannot."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

__all__ = ["DAMAGE", "Mended", "clean", "fill", "template_columns"]

#: The replacement character: a byte that some earlier program could not decode.
DAMAGE: Final = "\ufffd"

# What the lost character must have been, told by its neighbours. Order matters: the first that fits wins.
_D: Final = DAMAGE
_REPAIRS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(rf"(?<=\d){_D}(?=\d\s?(?:{_D}|°)\s?[CF]\b)"), "."),  # 38?6?C: a raised decimal point
    (re.compile(rf"(?<=\d)\s?{_D}\s?(?=[CF]\b)"), " °"),  # 38.3?C
    (re.compile(rf"(?<=3[5-9]\.\d) ?{_D}(?=[\s),;.])"), " °"),  # fever (37.8 ?)
    (re.compile(rf"(?<=\b3[5-9]) ?{_D}(?=[\s),;.])"), " °"),  # pyrexia 39 ?.
    (re.compile(rf"(?<=\d) {_D} (?=10\d?\b)"), " × "),  # 113 ? 109 per L
    (re.compile(rf"(?<=\d){_D}(?=10\d/)"), "×"),  # 0.8?103/?L
    (re.compile(rf"(?<=\d){_D}(?=[gmlL]/)|(?<=/){_D}(?=[gmlL]\b)"), "µ"),  # 0.12?g/l
    (re.compile(rf"(?<=[a-z]){_D}(?=s\b)"), "'"),  # Provincial People?s
    (re.compile(rf"(?<=[A-Za-z)]) {_D} (?=[A-Za-z(])"), " – "),  # organisms ? such as
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_SPACE: Final = re.compile(r"\s+")
_FIELD: Final = re.compile(r"\{([^{}]+)\}")
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Mended:
    """A text after mending: how many damaged characters were told from their neighbours, how many remain."""

    text: str
    mended: int = 0
    damaged: int = 0


def clean(text: str) -> Mended:
    """One line of NFC text without control characters; damaged characters mended where the context is certain.

    >>> clean("fever of 38\ufffd6\ufffdC,  then  39 \ufffd. WBC 7\ufffd4")
    Mended(text='fever of 38.6 °C, then 39 °. WBC 7\ufffd4', mended=3, damaged=1)
    """
    text = unicodedata.normalize("NFC", _CONTROL.sub("", text))
    before = text.count(DAMAGE)
    if before:
        for pattern, repair in _REPAIRS:
            text = pattern.sub(repair, text)
    left = text.count(DAMAGE)
    return Mended(_SPACE.sub(" ", text).strip(), before - left, left)


def template_columns(template: str) -> list[str]:
    """The columns a mapping value reads: itself when it is no template.

    >>> template_columns("{view} view[, {sex}]"), template_columns("license")
    (['view', 'sex'], ['license'])
    """
    return _FIELD.findall(template) or [template]


def fill(template: str, record: dict[str, str]) -> str:
    """A mapping value filled from a record; a part in square brackets goes when a column in it is empty.

    >>> fill("{view} chest X-ray[ showing {finding}][, {sex}]", {"view": "PA", "finding": "", "sex": "F"})
    'PA chest X-ray, F'
    >>> fill("license", {"license": "CC0"})
    'CC0'
    """
    if not _FIELD.search(template):
        return record.get(template, "")

    def optional(match: re.Match[str]) -> str:
        part = match[1]
        return part if all(record.get(c, "").strip() for c in _FIELD.findall(part)) else ""

    return _FIELD.sub(lambda m: record.get(m[1], ""), _OPTIONAL.sub(optional, template))
