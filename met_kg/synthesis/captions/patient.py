"""Who the patient is, as far as the source states it: age and sex from the metadata, or else from the caption."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from met_kg.filtering.facts import age_of, sex_of
from met_kg.synthesis.captions.facts import Fact, Span
from met_kg.synthesis.sample import Sample

__all__ = ["Patient", "patient_of"]

_ADULT: Final = 18
_WORDS: Final = {"F": ("woman", "girl", "female"), "M": ("man", "boy", "male"), "": ("patient", "child", "")}
_SEX_WORDS: Final = {
    **dict.fromkeys(("woman", "women", "female", "girl", "lady"), "F"),
    **dict.fromkeys(("man", "men", "male", "boy", "gentleman"), "M"),
}
#: "a 42-year-old woman", "A 58 year old male patient".
_STATED: Final = re.compile(
    r"\b(\d{1,3})[\s-]+years?[\s-]+old\b(?:[\s,-]+(?!year)[a-z-]+){0,3}?[\s,-]+"
    r"(woman|women|female|girl|lady|man|men|male|boy|gentleman|patient|person)\b",
    re.IGNORECASE,
)
#: "Male, 50 years old", "Woman, 58".
_REVERSED: Final = re.compile(r"\b(woman|female|man|male)\b,? (\d{1,3})(?:[\s-]+years?[\s-]+old\b|,)", re.IGNORECASE)
_AGED: Final = re.compile(r"\b\d{1,3}[\s-]+(?:years?|months?|weeks?|days?)[\s-]+old\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Patient:
    """The noun phrase without its article ("47-year-old woman"), the sex (F, M or ''), and where they come from."""

    phrase: str
    sex: str
    facts: tuple[Fact, ...]


def patient_of(sample: Sample) -> Patient | None:
    """The patient of a sample; None where the source says nothing.

    The caption counts where the metadata have no age and it speaks of one: of two, one may be a relative's.
    """
    sex, age = sex_of(sample.columns.get("sex", "")), sample.columns.get("age", "").strip()
    years = age_of(age)
    stated = _from_caption(sample.caption) if years is None else None
    if stated is not None and sex in ("", stated.sex):
        return stated
    if sex or years is not None:
        facts: list[Fact] = []
        for column, used in (("sex", bool(sex)), ("age", years is not None)):
            if used:
                value = sample.columns[column]
                facts.append(Span(column, value, 0, len(value)))
        return Patient(_phrase(sex, years, more="+" in age), sex, tuple(facts))
    return None


def _from_caption(caption: str) -> Patient | None:
    if len(_AGED.findall(caption)) > 1:
        return None
    found, order = _STATED.search(caption), (1, 2)
    if found is None:
        found, order = _REVERSED.search(caption), (2, 1)
    if found is None:
        return None
    years, sex = float(found[order[0]]), _SEX_WORDS.get(found[order[1]].lower(), "")
    span = Span("caption", found.group(), found.start(), found.end())
    return Patient(_phrase(sex, years, more=False), sex, (span,))


def _phrase(sex: str, years: float | None, *, more: bool) -> str:
    """The words for a patient.

    >>> _phrase("F", 47, more=False), _phrase("M", 0.5, more=False), _phrase("", 9, more=False)
    ('47-year-old woman', '6-month-old boy', '9-year-old child')
    >>> _phrase("M", None, more=False), _phrase("F", 90, more=True)
    ('male patient', 'woman aged 90 or older')
    """
    adult, child, word = _WORDS[sex]
    if years is None:
        return f"{word} patient"
    person = adult if years >= _ADULT else child
    if more:
        return f"{person} aged {int(years)} or older"
    if years >= 2:
        return f"{int(years)}-year-old {person}"
    if years * 12 >= 1:
        return f"{round(years * 12)}-month-old {person}"
    days = round(years * 365.25)
    return f"{days}-day-old {person}" if days else f"newborn {person}".replace("newborn child", "newborn")
