"""One name as a source writes it -> the names that people write: cleaned, uninverted, unhyphenated; and its casing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Final, Literal

from met_kg.literature.normalise import normal_form, words

__all__ = ["HOMONYMS", "Casing", "adjectives", "alike", "casing", "variants"]

#: ``any`` case matches; ``exact`` case only; ``upper`` = any case but all lower; ``never`` matched.
Casing = Literal["any", "exact", "upper", "never"]

#: What sources append to a name: SNOMED's type, "NOS".
_TAIL: Final = re.compile(
    r"(?:,?\s*\bNOS\b|\s*\((?:disorder|disease|finding|procedure|body structure|morphologic abnormality)\))+$"
)
#: Parts of the body whose names also mean parts of other things: the neck of a rib is no neck, a celiac trunk no trunk.
HOMONYMS: Final = frozenset({"lip", "neck", "head", "body", "trunk", "root", "crown", "arm", "limb", "appendage"})
_CONJUNCTION: Final = re.compile(r"\b(?:and|or|with|without|of|in|due|type|not)\b", re.IGNORECASE)


def variants(name: str) -> list[str]:
    """The name as people write it, best first: itself, its uninverted form, hyphenated words joined.

    >>> variants("Tomography, X-Ray Computed")
    ['Tomography, X-Ray Computed', 'X-Ray Computed Tomography', 'XRay Computed Tomography']
    """
    clean = _TAIL.sub("", name.strip()) or name.strip()
    found = [clean]
    parts = clean.split(", ")
    if 2 <= len(parts) <= 4 and not _CONJUNCTION.search(clean):
        found.append(" ".join(reversed(parts)))
    if re.search(r"\w-\w", found[-1]):
        found.append(re.sub(r"(?<=\w)-(?=\w)", "", found[-1]))
    return list(dict.fromkeys(found))


def casing(name: str, *, abbreviation: bool = False, anatomy: bool = False) -> Casing:
    """How a name's case has to agree with the text for the name to be meant.

    >>> casing("pneumonia"), casing("CT", abbreviation=True), casing("COPD", abbreviation=True)
    ('any', 'exact', 'any')
    >>> casing("ALL", abbreviation=True), casing("disease"), casing("projection"), casing("projection", anatomy=True)
    ('upper', 'never', 'any', 'never')
    """
    form = normal_form(name)
    when = _stop_terms().get(form)
    if when == "anatomy":
        when = "always" if anatomy else None
    if when == "always" or len(form) < 2 or not any(c.isalpha() for c in form) or form.replace(" ", "").isdigit():
        return "never"
    found = words(name)
    if len(found) == 2 and found.raw[0] == "A":
        return "exact"  # "A mode" is a kind of ultrasound, "a mode" is not
    if len(found) > 1 and not all(len(w) < 2 or w.isdigit() for w in found.norm):
        return "upper" if when else "any"
    letters = [c for c in name if c.isalpha()]
    capitals = sum(c.isupper() for c in letters)
    short = abbreviation or capitals >= 2
    if len(letters) < 3:
        # 'ct' or 'pt' in running text is rarely what 'CT' and 'PT' are; lower-case names this short mean nothing.
        return "exact" if capitals else "never"
    if when:
        return "upper"
    if short and len(letters) < 4:
        return "exact" if capitals else "any"
    return "any"


@lru_cache(maxsize=1)
def adjectives() -> Mapping[str, str]:
    """Adjectives of anatomy, each with the noun it points at."""
    return MappingProxyType({row[0]: row[1] for row in _table("adjectives.tsv")})


def alike(form: str) -> Iterator[tuple[str, float]]:
    """Compared forms that people use for much the same disease, each with what it costs in sureness.

    >>> list(alike("renal neoplasm"))
    [('renal tumor', 0.04), ('renal cancer', 0.2)]
    """
    padded = f" {form} "
    for word, other, place, cost in _alike():
        if place == "last" and padded.endswith(f" {word} ") and form != word:
            yield f"{form.removesuffix(word)}{other}", cost
        elif place == "first" and form.startswith(f"{word} "):
            yield f"{other}{form.removeprefix(word)}", cost


@lru_cache(maxsize=1)
def _alike() -> tuple[tuple[str, str, str, float], ...]:
    rows = _table("alike_words.tsv")
    return tuple((normal_form(word), normal_form(other), place, float(cost)) for word, other, place, cost in rows)


@lru_cache(maxsize=1)
def _stop_terms() -> dict[str, str]:
    return {normal_form(row[0]): row[1] for row in _table("stop_terms.tsv")}


def _table(file: str) -> list[list[str]]:
    """The rows of a shipped table."""
    text = (resources.files("met_kg.literature.data") / file).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
