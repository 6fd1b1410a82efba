"""Rank samples for a node: mentions, BM25 and dense vectors, fused by reciprocal rank.

The words to search with come from the graph (``retrieve/node-terms``): the node's names, and its descendants' labels.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from met_kg.graph.store import Graph
from met_kg.literature.normalise import normal_form
from met_kg.models.text import text_embedder
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.resolve import Ancestors

__all__ = ["Hit", "NodeSearch", "sample_text"]

#: How much each ranking counts: a name in the text says more than its words, and these more than likeness.
_WEIGHT: Final = {"mention": 3.0, "names": 1.0, "descendants": 0.5, "dense": 0.5}
#: A query made of the labels of thousands of descendants says nothing: the nearest ones stand for all.
_DESCENDANTS: Final = 40


@dataclass(frozen=True, slots=True)
class Hit:
    """A sample found for a node: fused score (larger is better) and its rank, from 1, in each ranking that has it."""

    sample_id: str
    score: float
    ranks: dict[str, int]


def sample_text(samples: pd.DataFrame) -> list[str]:
    """Caption and context of each sample as one text."""
    both = zip(samples["caption"], samples["context"], strict=True)
    return [f"{caption}\n\n{context}".strip() for caption, context in both]


class NodeSearch:
    """Indexes of a set of samples, and the ranking of samples for nodes.

    Parameters
    ----------
    samples
        table ``samples``.
    graph
        the tree with its closure.
    anchors
        anchors already known (table ``anchors``): their positive ones lead the ranking.
    """

    def __init__(
        self, samples: pd.DataFrame, graph: Graph, options: RetrievalOptions, anchors: pd.DataFrame | None = None
    ) -> None:
        import bm25s
        import faiss

        self._graph, self._options = graph, options
        self._ids: list[str] = samples["sample_id"].tolist()
        texts = sample_text(samples)
        self._bm25: Any = bm25s.BM25(method="lucene")
        self._bm25.index([_tokens(text) for text in texts], show_progress=False)
        self._embedder = text_embedder(options.embedder, seed=options.seed)
        self._embedder.fit(texts)
        self._vectors = self._embedder.encode(texts)
        self._dense: Any = faiss.IndexFlatIP(self._vectors.shape[1])
        self._dense.add(self._vectors)
        self._mentioned = _by_node(anchors, Ancestors(graph)) if anchors is not None else {}

    def retrieve_for_node(self, node: str, k: int = 100) -> list[Hit]:
        """The best ``k`` samples for a node, best first; ties in order of sample id."""
        names, descendants = self._terms(node)
        if not names:
            return []
        rankings = {
            "mention": [s for s, _ in self._mentioned.get(node, [])[: 4 * k]],
            "names": self._lexical(" ".join(names), 4 * k),
            "descendants": self._lexical(" ".join(descendants), 4 * k),
            "dense": self._nearest(names[0], 4 * k),
        }
        score: defaultdict[str, float] = defaultdict(float)
        ranks: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for ranking, found in rankings.items():
            for rank, sample_id in enumerate(found, 1):
                score[sample_id] += _WEIGHT[ranking] / (self._options.rank_constant + rank)
                ranks[sample_id][ranking] = rank
        best = sorted(score, key=lambda s: (-score[s], s))[:k]
        return [Hit(s, round(score[s], 6), ranks[s]) for s in best]

    def similarity(self, text: str) -> NDArray[np.float32]:
        """Cosine of a text with every sample, in the order of the table."""
        found: NDArray[np.float32] = self._vectors @ self._embedder.encode([text])[0]
        return found

    def _terms(self, node: str) -> tuple[list[str], list[str]]:
        rows = list(self._graph.rows("retrieve/node-terms", node=node))
        names = [str(r["term"]) for kind in ("label", "synonym") for r in rows if r["kind"] == kind]
        return names, [str(r["term"]) for r in rows if r["kind"] == "descendant"][:_DESCENDANTS]

    def _lexical(self, text: str, k: int) -> list[str]:
        tokens = [t for t in dict.fromkeys(_tokens(text)) if t in self._bm25.vocab_dict]
        if not tokens:
            return []
        return self._top(self._bm25.get_scores(tokens), k)

    def _nearest(self, text: str, k: int) -> list[str]:
        query = self._embedder.encode([text])
        if not query.any():
            return []
        scores, rows = self._dense.search(query, min(k, len(self._ids)))
        found = [(-round(float(s), 5), self._ids[r]) for s, r in zip(scores[0], rows[0], strict=True) if s > 0]
        return [sample_id for _, sample_id in sorted(found)]

    def _top(self, scores: NDArray[np.float32], k: int) -> list[str]:
        positive = np.flatnonzero(scores > 0)
        ordered = sorted((-round(float(scores[i]), 5), self._ids[i]) for i in positive)
        return [sample_id for _, sample_id in ordered[:k]]


def _tokens(text: str) -> list[str]:
    return [word for word in normal_form(text).split() if word[0].isalnum()]


def _by_node(anchors: pd.DataFrame, ancestors: Ancestors) -> dict[str, list[tuple[str, float]]]:
    """Node -> samples that show it or a kind of it, surest first."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    shown = anchors[anchors["polarity"] == "positive"]
    for sample_id, node, score in zip(shown["sample_id"], shown["node"], shown["score"], strict=True):
        for one in (node, *ancestors[node]):
            found[one][sample_id] = max(score, found[one].get(sample_id, 0.0))
    return {node: sorted(held.items(), key=lambda pair: (-pair[1], pair[0])) for node, held in found.items()}
