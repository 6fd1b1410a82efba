"""Texts by their phrases: which of many texts share a run of words with a text, without comparing them one by one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Phrases", "Shared", "words_of"]

_WORD: Final = re.compile(r"[^\W_]+")
#: A run of words is hashed as a polynomial in this (odd, else the first words would be shifted out), modulo 2^64.
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Shared:
    """A text asked about (its place) shares a phrase with a text held (its place)."""

    asked: int
    held: int
    phrase: str


def words_of(text: str) -> list[str]:
    """Lower-case words and numbers.

    >>> words_of("T2-weighted, axial: no mid-line shift.")
    ['t2', 'weighted', 'axial', 'no', 'mid', 'line', 'shift']
    """
    return _WORD.findall(text.lower())


class Phrases:
    """Phrases of the texts held, as one sorted array of 64-bit hashes.

    The phrases of a text are its runs of ``longest`` words; a text of ``shortest`` to ``longest`` words is one phrase,
    and one still shorter has none: a short question is what anybody may write. (Runs of 8 to 13 words by the length of
    the texts: Brown et al. 2020, "Language Models are Few-Shot Learners", appendix C.) A phrase that stands in more
    than ``common`` different texts is a template and does not count.

    >>> held = Phrases(["Is there a large right sided pleural effusion here?"], shortest=8, longest=13, common=10)
    >>> held.shared(["We ask: is there a large right-sided pleural effusion here, or not"])
    [Shared(asked=0, held=0, phrase='is there a large right sided pleural effusion here')]
    """

    def __init__(self, texts: Sequence[str], *, shortest: int, longest: int, common: int) -> None:
        self.shortest, self.longest = shortest, longest
        self._hashes: dict[str, int] = {}
        first: dict[str, int] = {}
        for place, text in enumerate(texts):
            first.setdefault(" ".join(words_of(text)), place)
        found: dict[int, list[int]] = defaultdict(list)
        self._texts: dict[int, str] = {}
        for normal, place in first.items():
            words = normal.split(" ")
            if len(words) < shortest:
                continue
            self._texts[place] = f" {normal} "
            size = min(len(words), longest)
            for value in dict.fromkeys(int(v) for v in self._runs(words, size)):
                found[value].append(place)
        kept = sorted((value, places[0]) for value, places in found.items() if len(places) <= common)
        self._values = np.array([value for value, _ in kept], dtype=np.uint64)
        self._places = [place for _, place in kept]

    def __len__(self) -> int:
        """How many phrases."""
        return len(self._places)

    def shared(self, texts: Sequence[str]) -> list[Shared]:
        """For each text that shares a phrase with one held, the first such phrase; in order of the texts."""
        if not self._places:
            return []
        split = [words_of(text) for text in texts]
        words = [word for one in split for word in one]
        owner = np.repeat(np.arange(len(split)), [len(one) for one in split])
        best: dict[int, tuple[int, Shared]] = {}
        for size, runs in self._all_runs(words):
            if size < self.shortest:
                continue
            place = np.searchsorted(self._values, runs)
            place[place == len(self._values)] = 0
            inside = owner[: len(runs)] == owner[size - 1 :]
            for start in np.flatnonzero((self._values[place] == runs) & inside):
                at, held = int(start), self._places[int(place[start])]
                phrase = " ".join(words[at : at + size])
                if f" {phrase} " in self._texts[held]:  # and not another phrase with the same hash
                    asked = int(owner[at])
                    if asked not in best or (at, -size) < (best[asked][0], -len(best[asked][1].phrase.split())):
                        best[asked] = (at, Shared(asked, held, phrase))
        return [best[asked][1] for asked in sorted(best)]

    def _all_runs(self, words: Sequence[str]) -> Iterator[tuple[int, NDArray[np.uint64]]]:
        """Hashes of all runs of 1, 2 ... ``longest`` words."""
        values = np.array([self._hash(word) for word in words], dtype=np.uint64)
        runs = np.zeros(len(values) + 1, dtype=np.uint64)
        for size in range(1, min(self.longest, len(values)) + 1):
            runs = runs[:-1] * _BASE + values[size - 1 :]
            yield size, runs

    def _runs(self, words: Sequence[str], size: int) -> NDArray[np.uint64]:
        return next(runs for length, runs in self._all_runs(words) if length == size)

    def _hash(self, word: str) -> int:
        if word not in self._hashes:
            self._hashes[word] = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")
        return self._hashes[word]
