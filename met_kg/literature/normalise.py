"""Words of a text in the form in which names are compared, each with its place in the original.

Compared are words: lower case, possessive and plural endings off, American spelling, Latin plurals in the singular,
Roman II to IX as digits (IB and IIIA as 1b and 3a), single Greek letters by name. Hyphens part words; other
punctuation is a word of its own that no name can cross unless the name has it too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

__all__ = ["Words", "normal_form", "normal_word", "words"]

# A word; a full stop that ends something (not the one in 2.5 or E.coli); other punctuation; an empty line.
_WORD: Final = re.compile(r"[^\W_]+(?:['’]s\b)?|\.(?!\w)|[;:()\[\],/\"|<>=]|\n\s*\n")

_ROMAN: Final = {"II": "2", "III": "3", "IV": "4", "VI": "6", "VII": "7", "VIII": "8", "IX": "9"}
#: Types and stages with their letter: IB is 1B, IIIA is 3A.
_ROMAN_LETTERED: Final = {
    f"{numeral}{letter}": f"{digit}{letter.lower()}"
    for numeral, digit in {**_ROMAN, "I": "1"}.items()
    for letter in "ABCDEF"
    if numeral + letter not in ("ID", "IF", "IC")  # more often words or abbreviations of their own
}
_GREEK: Final = {c: unicodedata.name(c).rpartition(" ")[2].lower() for c in "αβγδεζηθικλμνξοπρστυφχψω"}
_IRREGULAR: Final = {
    "feet": "foot",
    "teeth": "tooth",
    "children": "child",
    "men": "man",
    "women": "woman",
    "cortices": "cortex",
    "appendices": "appendix",
    "apices": "apex",
    "cervices": "cervix",
    "calyces": "calyx",
    "calices": "calyx",
    "phalanges": "phalanx",
    "larynges": "larynx",
    "pharynges": "pharynx",
    "grey": "gray",
    "centre": "center",
    "fibre": "fiber",
    "litre": "liter",
    "metre": "meter",
    "lens": "lens",
}


#: Words whose Latin plural is another word: a stratum corneum is no cornea, vasa recta no rectum, a pars intermedia
#: no bone of the wrist.
_KEPT: Final = frozenset({"corneum", "rectum", "intermedium"})


@dataclass(slots=True)
class Words:
    """Words in order: compared form, form as written (possessive and a small plural s off), start and end."""

    norm: list[str] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.norm)

    def __iter__(self) -> Iterator[tuple[str, str, int, int]]:
        return zip(self.norm, self.raw, self.start, self.end, strict=True)


def words(text: str) -> Words:
    """The words of a text.

    >>> words("Crohn's diseases, MRIs").norm
    ['crohn', 'disease', ',', 'mri']
    """
    spans = [match.span() for match in _WORD.finditer(text)]
    forms = [normal_word(text[start:end]) for start, end in spans]
    return Words([f[0] for f in forms], [f[1] for f in forms], [s[0] for s in spans], [s[1] for s in spans])


def normal_form(text: str) -> str:
    """The words of a name as one string.

    >>> normal_form("Tumours of the Oesophagus") == normal_form("tumor of the esophagus")
    True
    """
    return " ".join(normal_word(match[0])[0] for match in _WORD.finditer(text))


@lru_cache(maxsize=400_000)
def normal_word(written: str) -> tuple[str, str]:
    """Compared form of one word, and the word without possessive or the plural s of an abbreviation.

    >>> normal_word("haemorrhages"), normal_word("AIDS"), normal_word("CTs"), normal_word("III")
    (('hemorrhage', 'haemorrhages'), ('aids', 'AIDS'), ('ct', 'CT'), ('3', 'III'))
    """
    raw = written[:-2] if written.endswith(("'s", "’s")) else written
    if raw.isspace():
        return "\n\n", raw
    if raw in _ROMAN:
        return _ROMAN[raw], raw
    if raw in _ROMAN_LETTERED:
        return _ROMAN_LETTERED[raw], raw
    if len(raw) > 2 and raw[-1] == "s" and raw[:-1].isupper():
        raw = raw[:-1]
    if raw.isupper() and len(raw) < 6:
        return _fold(raw.lower()), raw  # an abbreviation has no plural to take off
    word = _fold(raw.lower())
    return _GREEK.get(word) or _singular(_american(_IRREGULAR.get(word, word))), raw


def _fold(word: str) -> str:
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def _american(word: str) -> str:
    if len(word) < 5:
        return word
    if word.endswith("ae"):
        word = word[:-1]
    word = word.replace("ae", "e").replace("oe", "e").replace("sulph", "sulf")
    word = re.sub(r"our(s|al|ed|ing)?$", r"or\1", word)
    return re.sub(r"is(e|es|ed|ing|ation|ations)$", r"iz\1", word)


def _singular(word: str) -> str:
    """One form for singular and plural: not always a real word, always the same for both."""
    if len(word) < 4:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("ses"):
        return word[:-1]
    if word.endswith("sis") and len(word) > 5:
        return word[:-2] + "e"  # metastasis and metastases meet at 'metastase'
    if word.endswith("mata"):
        return word[:-2]
    if word.endswith("um") and len(word) > 4 and word not in _KEPT:
        return word[:-2] + "a"  # atrium and atria meet at 'atria'
    if word.endswith("i") and len(word) > 4:
        return word[:-1] + "us"  # bronchi, thrombi
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
