"""Names turned round, or with small words in between, for nodes that few samples mention.

"Melanoma of the rectum" names "rectum melanoma", and "head of the left caudate nucleus" names "head of caudate
nucleus"; no dictionary holds them all. Order and preposition are what keeps the sense: "large renal cell carcinoma" is
no "large cell carcinoma". An anchor found so has the method ``retrieval`` and a lower score than any mention.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from met_kg.literature.assertion import Assertions
from met_kg.literature.lexicon import Lexicon, LexiconEntry
from met_kg.literature.normalise import Words, words
from met_kg.literature.sentences import sentences
from met_kg.records import Assertion
from met_kg.retrieval.mentions import FIELDS, other_panels

__all__ = ["TurnedName", "TurnedNames"]

#: Prepositions that join a thing to its place or kind; one stands for all.
_JOINS: Final = {"of": "of", "in": "of", "at": "of", "within": "of", "involving": "of"}
#: Words that may stand inside a name without changing what it names.
_FILLERS: Final = frozenset({"a", "an", "both", "bilateral", "her", "his", "its", "left", "right", "the", "this"})


@dataclass(frozen=True, slots=True)
class TurnedName:
    """A place where a sample's text names a node in another way than the dictionary holds."""

    sample_id: str
    entry: LexiconEntry
    field: str
    start: int
    end: int
    text: str
    assertion: Assertion


class TurnedNames:
    """Finds labels and exact synonyms of a lexicon, turned round, in one pass over each text."""

    def __init__(self, lexicon: Lexicon) -> None:
        import ahocorasick_rs

        entry_of: dict[str, LexiconEntry] = {}
        for form in sorted(lexicon.forms):
            # What the dictionary holds, it has already read, and maybe as a better node.
            ways = [way for way in _turned(form) if way not in lexicon.forms and way not in entry_of]
            readings = lexicon.readings(form, form) if ways else ()
            if readings and readings[0].entry.scope in ("LABEL", "EXACT"):
                entry_of |= dict.fromkeys(ways, readings[0].entry)
        self._ways = sorted(entry_of)
        self._entries = [entry_of[way] for way in self._ways]
        self._automaton = ahocorasick_rs.AhoCorasick([f" {way} " for way in self._ways], store_patterns=False)

    def find(self, samples: pd.DataFrame) -> Iterator[TurnedName]:
        """Every place, sample by sample in the order of the table."""
        columns = (samples[name] for name in ("sample_id", "meta", *FIELDS))
        for sample_id, meta, *texts in zip(*columns, strict=True):
            for field, text in zip(FIELDS, texts, strict=True):
                elsewhere = other_panels(meta, field)
                for begin, end in sentences(text):
                    yield from self._in_sentence(sample_id, field, text, begin, end, elsewhere)

    def _in_sentence(
        self, sample_id: str, field: str, text: str, begin: int, end: int, elsewhere: Sequence[tuple[int, int]]
    ) -> Iterator[TurnedName]:
        found: Words = words(text[begin:end])
        kept = [i for i, word in enumerate(found.norm) if word not in _FILLERS]
        plain = f" {' '.join(_JOINS.get(found.norm[i], found.norm[i]) for i in kept)} "
        for pattern, start, stop in self._automaton.find_matches_as_indexes(plain, overlapping=True):
            entry = self._entries[pattern]
            first = plain.count(" ", 0, start + 1) - 1
            last = first + plain.count(" ", start + 1, stop - 1)
            at, to = begin + found.start[kept[first]], begin + found.end[kept[last]]
            status = Assertions(text, elsewhere).of(at, to, entry.axis)
            yield TurnedName(sample_id, entry, field, at, to, text[at:to], status)


def _turned(form: str) -> list[str]:
    """The ways in which a name can be turned round; none for one word, punctuation, or a side that it names itself.

    >>> _turned("rectum melanoma"), _turned("head of pancreas")
    (['melanoma of rectum'], ['head of pancreas', 'pancreas head'])
    """
    parts = [_JOINS.get(word, word) for word in form.split()]
    if len(parts) < 2 or not all(part.isalnum() and part not in _FILLERS for part in parts):
        return []
    if "of" in parts:
        at = parts.index("of")
        head, rest = parts[:at], parts[at + 1 :]
        return [" ".join(parts), " ".join(rest + head)] if head and rest and "of" not in rest else []
    return [" ".join([*parts[i:], "of", *parts[:i]]) for i in range(1, len(parts))]
