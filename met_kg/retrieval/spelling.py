"""Words of a vocabulary that are spelt like a word: "ureteral" and "ureter", "pneumothorx" and "pneumothorax"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

__all__ = ["Spelling"]

#: Least share of common three-letter pieces (Jaccard).
_LEAST: Final = 0.5
#: Shorter words are like themselves alone.
_LONG: Final = 5


class Spelling:
    """Looks words up by their three-letter pieces.

    >>> Spelling(["ureter", "urethra", "liver"]).alike("ureteral")
    [('ureter', 0.667)]
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        from scipy.sparse import csr_matrix

        self._words = list(vocabulary)
        self._known = frozenset(self._words)
        self._number: dict[str, int] = {}
        pieces = [sorted(_pieces(word)) for word in self._words]
        columns = [self._number.setdefault(p, len(self._number)) for found in pieces for p in found]
        self._sizes = np.array([len(found) for found in pieces], dtype=np.float32)
        ends = np.concatenate([[0], np.cumsum(self._sizes)]).astype(np.int64)
        shape = (len(pieces), max(1, len(self._number)))
        ones = np.ones(len(columns), dtype=np.float32)
        # One row a piece: adding up the rows of a word's pieces counts what each other word has in common with it.
        self._words_with = csr_matrix((ones, columns, ends), shape=shape).T.tocsr()
        self._found: dict[str, list[tuple[str, float]]] = {}

    def alike(self, word: str) -> list[tuple[str, float]]:
        """Words of the vocabulary and how alike they are, 0.5 to 1; of a short word, itself."""
        found = self._found.get(word)
        if found is None:
            found = self._found[word] = self._look(word)
        return found

    def _look(self, word: str) -> list[tuple[str, float]]:
        if len(word) < _LONG:
            return [(word, 1.0)] if word in self._known else []
        pieces = _pieces(word)
        rows = [self._number[p] for p in sorted(pieces) if p in self._number]
        if not rows:
            return []
        common = np.asarray(self._words_with[rows].sum(axis=0)).ravel()
        candidates = np.flatnonzero(common)
        share = common[candidates] / (len(pieces) + self._sizes[candidates] - common[candidates])
        kept = candidates[share >= _LEAST]
        return [(self._words[i], round(float(s), 3)) for i, s in zip(kept, share[share >= _LEAST], strict=True)]


def _pieces(word: str) -> set[str]:
    return {word[i : i + 3] for i in range(max(1, len(word) - 2))}
