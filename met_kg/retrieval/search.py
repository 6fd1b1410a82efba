"""Rank samples for a node: by the names that their texts hold, by words, spelling, likeness of text and of image.

What is searched with comes from the graph: the node's names and those of its kinds (``retrieve/lexicon``), and the
nodes whose mention counts for it (``retrieve/kin``, ``retrieve/same-code``). Each way is a ranking of its own, listed
in ``data/rankings.tsv``; :mod:`met_kg.retrieval.fusion` makes one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from met_kg.graph.store import Graph
from met_kg.literature.codes import node_codes
from met_kg.literature.normalise import normal_form
from met_kg.retrieval.fusion import Ranking, Weights, default_weights, fuse, ranks
from met_kg.retrieval.index import SampleIndex
from met_kg.retrieval.names import KINDS
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.spelling import Spelling

__all__ = ["Hit", "Kin", "NodeSearch"]

#: Names of so many kinds at most are compared by spelling, the nearest first.
_SPELT: Final = 1000
#: Less of a name than this says nothing.
_LEAST_SPELT: Final = 0.05
#: So many samples by likeness.
_NEAREST: Final = 1000
#: The first kinds of name: what the linker read.
_READ: Final = 3
#: So many images stand for a node.
_IMAGES: Final = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """A sample found for a node: fused score (larger is better) and its rank, from 1, in each ranking that has it."""

    sample_id: str
    score: float
    ranks: dict[str, int]


@dataclass(frozen=True, slots=True)
class Kin:
    """The nodes whose mention counts for a node, nearest first."""

    below: tuple[str, ...]
    part: tuple[str, ...]
    place: tuple[str, ...]
    same: tuple[str, ...]


class NodeSearch:
    """Ranks the samples of an index for nodes of a tree with its closure.

    Parameters
    ----------
    weights
        of the fusion; those of ``data/rankings.tsv`` when None.
    """

    def __init__(
        self, index: SampleIndex, graph: Graph, options: RetrievalOptions, weights: Weights | None = None
    ) -> None:
        self.index, self._graph, self._options = index, graph, options
        self.weights: Weights = default_weights() if weights is None else weights
        self._same: dict[str, list[str]] = defaultdict(list)
        for row in graph.rows("retrieve/same-code"):
            self._same[str(row["node"])].append(str(row["member"]))
        self._coded = frozenset(node_codes(graph, (options.vocabulary,))) if options.vocabulary else None
        self._spelling = Spelling(list(index.bm25.vocab_dict)) if index.bm25 is not None else None
        self._spelt = lru_cache(maxsize=20_000)(self._look_up)

    def retrieve_for_node(self, node: str, k: int = 100, weights: Weights | None = None) -> list[Hit]:
        """The best ``k`` samples for a node, best first; ties in order of sample id."""
        rankings = self.rankings(node)
        fused = fuse(rankings, self.weights if weights is None else weights, self._options.rank_constant)
        ids = self.index.ids
        # Only what can be among the best is put in order of identifiers.
        scores = np.round(fused.scores, 7)
        least = np.partition(scores, -k)[-k] if len(scores) > k else -np.inf
        kept = np.flatnonzero(scores >= least)
        best = sorted((-float(scores[i]), ids[fused.rows[i]], int(fused.rows[i])) for i in kept)[:k]
        places: dict[int, dict[str, int]] = {row: {} for _, _, row in best}
        for name, ranking in rankings.items():
            for row, rank in zip(ranking.rows, ranks(ranking.scores), strict=True):
                if int(row) in places:
                    places[int(row)][name] = int(rank)
        return [Hit(sample_id, -score, places[row]) for score, sample_id, row in best]

    def rankings(self, node: str) -> dict[str, Ranking]:
        """Every ranking that has a sample for the node."""
        names = self.index.names
        if node not in names.number:
            return {}
        kin = self.kin(node)
        found: dict[str, Ranking] = {}
        for group, members in (("own", (node,)), ("below", kin.below)):
            postings = self._postings(members)
            for kind, name in enumerate(KINDS):
                found[f"{group}-{name}"] = _most(postings[postings["kind"] == kind])
        found["often"] = _often(self._read((node, *kin.below)))
        for name, members in (("same", kin.same), ("part", kin.part), ("place", kin.place)):
            found[name] = _most(self._read(members))
        label = normal_form(names.label_of[node])
        found["words"] = self._bm25(label)
        found["synonym-words"] = self._bm25(" ".join(names.of[node]))
        found["fuzzy"] = self._fuzzy(names.of[node].items())
        below = (item for member in kin.below for item in names.of[member].items())
        found["below-fuzzy"] = self._fuzzy(item for _, item in zip(range(_SPELT), below, strict=False))
        if self.index.vectors is not None:
            found["dense"] = self._nearest(self.index.vectors, self.index.embedder.encode([names.label_of[node]]))
        if self.index.images is not None:
            found["image"] = self._nearest(self.index.images, self._images_of((node, *kin.below)))
        return {name: ranking for name, ranking in found.items() if len(ranking.rows)}

    def kin(self, node: str) -> Kin:
        """The nodes whose mention counts for a node."""
        found: dict[str, list[str]] = defaultdict(list)
        for row in self._graph.rows("retrieve/kin", node=node):
            found[str(row["kind"])].append(str(row["member"]))
        below = found["below"] if self._coded is None else [n for n in found["below"] if n in self._coded]
        mine = {node, *found["below"]}
        same = dict.fromkeys(s for n in (node, *below) for s in self._same.get(n, ()) if s not in mine)
        return Kin(tuple(below), tuple(found["part"]), tuple(found["place"]), tuple(same))

    def _postings(self, nodes: Sequence[str]) -> NDArray[Any]:
        parts = [part for node in nodes if len(part := self.index.named(node))]
        return np.concatenate(parts) if parts else self.index.named("")

    def _read(self, nodes: Sequence[str]) -> NDArray[Any]:
        postings = self._postings(nodes)
        return postings[postings["kind"] < _READ]

    def _bm25(self, text: str) -> Ranking:
        """Scores relative to the best."""
        if self.index.bm25 is None:
            return _NONE
        known = self.index.bm25.vocab_dict
        tokens = [t for t in dict.fromkeys(text.split()) if t[0].isalnum() and t in known]
        if not tokens:
            return _NONE
        scores = self.index.bm25.get_scores(tokens)
        rows = np.flatnonzero(scores > 0).astype(np.int32)
        return Ranking(rows, (scores[rows] / scores.max()).astype(np.float32))

    def _fuzzy(self, names: Iterable[tuple[str, float]]) -> Ranking:
        """How much of the best matching name each text has: each word weighted by its rarity and its likeness."""
        if self._spelling is None:
            return _NONE
        held = np.zeros(len(self.index), np.float32)
        best = np.zeros(len(self.index), np.float32)
        for name, weight in names:
            words = [word for word in name.split() if word[0].isalnum()]
            rarity = [self._rarity(word) for word in words]
            touched = []
            for word, rare in zip(words, rarity, strict=True):
                rows, likeness = self._spelt(word)
                held[rows] += rare * likeness
                touched.append(rows)
            for rows in touched:
                best[rows] = np.maximum(best[rows], weight / sum(rarity) * held[rows])
            for rows in touched:
                held[rows] = 0.0
        rows = np.flatnonzero(best > _LEAST_SPELT).astype(np.int32)
        return Ranking(rows, best[rows])

    def _rarity(self, word: str) -> float:
        """Inverse document frequency as in BM25."""
        having, total = len(self.index.holding(word)), len(self.index)
        return float(np.log1p((total - having + 0.5) / (having + 0.5)))

    def _look_up(self, word: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Rows of texts with a word spelt like this one, and the likeness of the likest."""
        assert self._spelling is not None
        found = [(self.index.holding(other), likeness) for other, likeness in self._spelling.alike(word)]
        if not found:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        rows, inverse = np.unique(np.concatenate([rows for rows, _ in found]), return_inverse=True)
        best = np.zeros(len(rows), np.float32)
        np.maximum.at(best, inverse, np.concatenate([np.full(len(r), s, np.float32) for r, s in found]))
        return rows, best

    def _nearest(self, vectors: NDArray[np.float32], query: NDArray[np.float32] | None) -> Ranking:
        import faiss

        if query is None or not query.any():
            return _NONE
        scores, rows = faiss.knn(query, vectors, min(_NEAREST, len(vectors)), metric=faiss.METRIC_INNER_PRODUCT)
        kept = (rows[0] >= 0) & (scores[0] > 1e-5)
        return Ranking(rows[0][kept].astype(np.int32), scores[0][kept])

    def _images_of(self, nodes: Sequence[str]) -> NDArray[np.float32] | None:
        """The mean image of samples whose text names a node."""
        rows = np.unique(self._read(nodes)["row"])[:_IMAGES]
        if self.index.images is None or not len(rows):
            return None
        mean = self.index.images[rows].mean(axis=0, keepdims=True)
        length = float(np.linalg.norm(mean))
        return (mean / length).astype(np.float32) if length else None


_NONE: Final = Ranking(np.empty(0, np.int32), np.empty(0, np.float32))


def _most(postings: NDArray[Any]) -> Ranking:
    """Each sample once, with the largest weight of a field that names a node."""
    rows, inverse = np.unique(postings["row"], return_inverse=True)
    scores = np.zeros(len(rows), np.float32)
    np.maximum.at(scores, inverse, postings["weight"])
    return Ranking(rows.astype(np.int32), scores)


def _often(postings: NDArray[Any]) -> Ranking:
    """Logarithm of how often each sample names a node."""
    rows, inverse = np.unique(postings["row"], return_inverse=True)
    counts = np.bincount(inverse, postings["count"], len(rows))
    return Ranking(rows.astype(np.int32), np.log1p(counts).astype(np.float32))
