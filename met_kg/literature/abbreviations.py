"""Abbreviations that a text defines itself: "chronic obstructive pulmonary disease (COPD)".

The one door to scispacy (Schwartz and Hearst's algorithm). Imported when first needed: it takes seconds.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from met_kg.literature.sentences import sentences

__all__ = ["Abbreviation", "find_abbreviations"]

#: A bracket that could hold a short form, or a long form behind one. Most sentences have none and are not parsed.
_CANDIDATE: Final = re.compile(
    r"\((?=[^()]{0,10}[A-Z0-9][^()]*\))[^\W\d_][^()]+\)|\b[^\W\d_]*[A-Z0-9]\w* \((?:[^()\s]+ ){2,}[^()]+\)"
)

#: Schwartz and Hearst: a long form has at most five words more than its short form has letters, and that is ten here.
_MOST_WORDS: Final = 16


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """A short form and the long form that the text gives it; offsets are those of the definition."""

    short: str
    long: str
    start: int
    end: int


def find_abbreviations(text: str) -> list[Abbreviation]:
    """Definitions in order of appearance; the first definition of a short form counts.

    >>> [(a.short, a.long) for a in find_abbreviations("A case of pulmonary embolism (PE). PE is common.")]
    [('PE', 'pulmonary embolism')]
    """
    found: dict[str, Abbreviation] = {}
    for start, end in sentences(text) if "(" in text else ():
        brackets = list(_CANDIDATE.finditer(text, start, end))
        if not brackets:
            continue
        start = _words_before(text, start, brackets[0].start())
        part = text[start : brackets[-1].end()]
        detect = _pipeline()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r".*W036")  # the detector's matcher starts empty by design
            shorts = detect(part)._.abbreviations
        for short in sorted(shorts, key=lambda s: s.start_char):
            long = short._.long_form
            if _plausible(short.text, long.text) and short.text not in found:
                a = start + short.start_char
                found[short.text] = Abbreviation(short.text, long.text, a, a + len(short.text))
    return sorted(found.values(), key=lambda a: a.start)


def _words_before(text: str, start: int, end: int) -> int:
    """Where the words begin that can be a long form: the detector reads no more of them than this."""
    pieces = text[start:end].rsplit(None, _MOST_WORDS)
    return start + len(pieces[0]) if len(pieces) > _MOST_WORDS else start


def _plausible(short: str, long: str) -> bool:
    """Short forms are not plain words: at least one capital or digit, and shorter than what they stand for."""
    return any(c.isupper() or c.isdigit() for c in short) and len(long) > len(short) + 1


@lru_cache(maxsize=1)
def _pipeline() -> Any:
    import spacy
    from scispacy.abbreviation import AbbreviationDetector  # noqa: F401  (registers the component)

    nlp = spacy.blank("en")
    nlp.add_pipe("abbreviation_detector")
    return nlp
