"""Find the nodes that a text names: longest names at word boundaries, exact offsets, abbreviations as defined.

Overlaps: the leftmost longest name wins. Inside the name of a modality or finding a shorter name of an anatomical
structure is kept as well ("chest radiograph" shows the chest); inside a disease it is not (the tree says where a
disease sits). One span has one node an axis, and two axes only where both readings are equally good.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from met_kg.literature.abbreviations import find_abbreviations
from met_kg.literature.assertion import Assertions
from met_kg.literature.coordination import shared_heads
from met_kg.literature.lexicon import Lexicon, Reading
from met_kg.literature.stream import Stream, stream
from met_kg.records import Mention

__all__ = ["Linker"]

#: Parts of words: "extra-axial" is not axial. ("non-" is left to the assertion status.)
_BOUND: Final = frozenset(
    {"anti", "extra", "hemi", "infra", "inter", "intra", "para", "peri", "pre", "retro", "sub", "supra", "trans"}
)

#: Axes whose names may hold the name of an anatomical structure that is meant too.
_OPEN: Final = {"modality", "finding"}

#: Axes whose names have a head that several modifiers can share.
_HEADED: Final = {"disease", "finding"}


class Linker:
    """Links texts to the nodes of a lexicon.

    >>> from met_kg.literature.lexicon import LexiconEntry
    >>> lexicon = Lexicon([LexiconEntry("pleural effusion", "MET:0000021", "finding", "pleural effusion")])
    >>> [(m.start, m.end, m.node, m.assertion) for m in Linker(lexicon).link("No pleural effusions.")]
    [(3, 20, 'MET:0000021', 'negated')]
    """

    def __init__(self, lexicon: Lexicon) -> None:
        import ahocorasick_rs

        self.lexicon = lexicon
        self._forms = lexicon.all_forms()
        self._lengths = [form.count(" ") + 1 for form in self._forms]
        # Names and text are padded with spaces, so that a hit always lies between word boundaries.
        self._automaton = ahocorasick_rs.AhoCorasick([f" {form} " for form in self._forms], store_patterns=False)

    def link(self, text: str, elsewhere: Sequence[tuple[int, int]] = ()) -> list[Mention]:
        """Mentions in order of place; ``text[m.start:m.end] == m.text`` for each.

        ``elsewhere`` are the parts of a caption that are about other panels than the one shown.
        """
        assertions = Assertions(text, elsewhere)
        found: list[Mention] = []
        for start, end, readings in self._spans(text, stream(text, find_abbreviations(text))):
            for reading in readings:
                entry = reading.entry
                status = assertions.of(start, end, entry.axis)
                score = round(reading.score, 4)
                found.append(Mention(start, end, text[start:end], entry.node, entry.axis, entry.label, score, status))
        return sorted(found, key=lambda m: (m.start, m.end, m.axis, m.node))

    def nodes(self, text: str) -> list[str]:
        """The nodes of :meth:`link`, mention by mention, without asking what the text says of them."""
        spans = self._spans(text, stream(text, find_abbreviations(text)))
        found = [(start, end, r.entry.axis, r.entry.node) for start, end, readings in spans for r in readings]
        return [node for _, _, _, node in sorted(found)]

    def names(self, text: str) -> list[tuple[int, int, tuple[Reading, ...]]]:
        """Where names stand and how they can be read, without the text's own abbreviations and without assertions."""
        return self._spans(text, stream(text, []))

    def _spans(self, text: str, spoken: Stream) -> list[tuple[int, int, tuple[Reading, ...]]]:
        """Chosen spans with their readings, as character offsets."""
        chosen: list[tuple[int, int, tuple[Reading, ...]]] = []
        covered = inner = -1  # last word of the outer span, and of a structure inside it
        is_open = False
        for first, last, readings in self._hits(text, spoken):
            if first > covered:
                covered, inner = last, -1
                is_open = {r.entry.axis for r in readings} <= _OPEN
            elif is_open and last <= covered and first > inner:
                readings = tuple(r for r in readings if r.entry.axis == "anatomy")
                if not readings:
                    continue
                inner = last
            else:
                continue
            begin, end = spoken.words.start[first], spoken.words.end[last]
            chosen.append((begin, end, readings))
            if not {r.entry.axis for r in readings}.isdisjoint(_HEADED):
                chosen += self._joined(spoken, first, last)
        return chosen

    def _joined(self, spoken: Stream, first: int, last: int) -> Iterator[tuple[int, int, tuple[Reading, ...]]]:
        """Names before this one that share its head; each span reaches from its modifier to the head."""
        for at, ways in shared_heads(spoken.words.norm, first, last):
            found = next((r for way in ways if (r := self.lexicon.readings(way, way))), ())
            named = tuple(r for r in found if r.entry.axis in _HEADED)
            if named and spoken.allows(at, at):
                yield spoken.words.start[at], spoken.words.end[last], named

    def _hits(self, text: str, spoken: Stream) -> list[tuple[int, int, tuple[Reading, ...]]]:
        """Every name in the words that can be meant as written: first and last word, leftmost longest first."""
        norm, raw = spoken.words.norm, spoken.words.raw
        if not norm:
            return []
        padded = f" {' '.join(norm)} "
        hits: list[tuple[int, int, tuple[Reading, ...]]] = []
        counted, spaces = 0, 0
        for pattern, _, end in self._automaton.find_matches_as_indexes(padded, overlapping=True):
            # Hits come in order of their ends; the spaces before one are the words before it.
            spaces += padded.count(" ", counted, end)
            counted = end
            last = spaces - 2
            first = last - self._lengths[pattern] + 1
            if not spoken.allows(first, last) or _is_bound(text, spoken, first):
                continue
            readings = self.lexicon.readings(self._forms[pattern], " ".join(raw[first : last + 1]))
            if readings:
                hits.append((first, last, readings))
        hits.sort(key=lambda hit: (hit[0], -hit[1]))
        return hits


def _is_bound(text: str, spoken: Stream, first: int) -> bool:
    """Whether a hyphen ties a part of a word to the front of the match."""
    if not first or spoken.words.norm[first - 1] not in _BOUND:
        return False
    between = text[spoken.words.end[first - 1] : spoken.words.start[first]]
    return between in ("-", "‐", "‑")
