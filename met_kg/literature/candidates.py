"""Names of the tree that are near a name it lacks: what a person looks at before a new term becomes a class.

Exact, not approximate: the cosine of character trigrams weighted by rarity, over all names at once, and, where an
embedder is configured, that of its vectors by an exhaustive FAISS index. Near is not same: on an annotated corpus such
candidates are wrong as often as right (docs/experiments/linking.md), so they link nothing by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from met_kg.literature.lexicon import Lexicon

if TYPE_CHECKING:
    from met_kg.models.text import TextEmbedder

__all__ = ["Candidate", "NameIndex"]

#: Cosines below these are chance.
_LEAST_SPARSE: Final = 0.5
_LEAST_DENSE: Final = 0.7
#: Texts looked up at a time: memory stays at so many rows of scores.
_BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node with its nearest name and how near that is (cosine, 1 is the same)."""

    node: str
    name: str
    score: float


class NameIndex:
    """All names of a tree, to be searched by likeness.

    Parameters
    ----------
    embedder
        a trained text embedder; None for trigrams alone.
    """

    def __init__(self, lexicon: Lexicon, embedder: TextEmbedder | None = None) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        pairs = {(r.entry.term, r.entry.node) for readings in lexicon.forms.values() for r in readings}
        self._names = sorted(pairs)
        texts = [name for name, _ in self._names]
        self._trigrams = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), dtype=np.float32)
        self._sparse: Any = self._trigrams.fit_transform(texts).T.tocsr()
        self._embedder = embedder
        self._dense: Any = None
        if embedder is not None:
            import faiss

            embedder.fit(texts)
            vectors = embedder.encode(texts)
            self._dense = faiss.IndexFlatIP(vectors.shape[1])
            self._dense.add(vectors)

    def near(self, texts: Sequence[str], *, count: int = 3) -> Iterator[list[Candidate]]:
        """For each text at most so many nodes, the nearest first.

        >>> from met_kg.literature.lexicon import LexiconEntry
        >>> entries = [LexiconEntry(t, f"DOID:{i}", "disease", t) for i, t in enumerate(["lung abscess", "gout"])]
        >>> [c.node for c in next(NameIndex(Lexicon(entries)).near(["lung abscesses"]))]
        ['DOID:0']
        """
        for start in range(0, len(texts), _BATCH):
            batch = list(texts[start : start + _BATCH])
            scores = (self._trigrams.transform(batch) @ self._sparse).tocsr()
            dense = self._nearest(batch, count)
            for row in range(len(batch)):
                first, last = scores.indptr[row], scores.indptr[row + 1]
                found = zip(scores.indices[first:last], scores.data[first:last], strict=True)
                likely = [(int(i), float(s)) for i, s in found if s >= _LEAST_SPARSE]
                yield self._best([*likely, *dense[row]], count)

    def _nearest(self, batch: list[str], count: int) -> list[list[tuple[int, float]]]:
        if self._dense is None or self._embedder is None:
            return [[] for _ in batch]
        scores, places = self._dense.search(self._embedder.encode(batch), min(3 * count, len(self._names)))
        return [
            [(int(i), float(s)) for i, s in zip(p, v, strict=True) if i >= 0 and s >= _LEAST_DENSE]
            for p, v in zip(places, scores, strict=True)
        ]

    def _best(self, found: Iterable[tuple[int, float]], count: int) -> list[Candidate]:
        best: dict[str, Candidate] = {}
        for index, score in sorted(found, key=lambda f: (-f[1], f[0])):
            name, node = self._names[index]
            best.setdefault(node, Candidate(node, name, round(score, 2)))
        return list(best.values())[:count]
