"""What a recipe can set for retrieval."""

from __future__ import annotations

from dataclasses import dataclass

from met_kg.models.text import BUILT_IN

__all__ = ["RetrievalOptions"]


@dataclass(frozen=True, slots=True)
class RetrievalOptions:
    """Settings of :func:`met_kg.retrieval.anchors.anchor_samples`.

    Parameters
    ----------
    search
        whether nodes that mentions rarely reach are searched for (method ``retrieval``).
    few
        a node is searched for while fewer samples than this mention it.
    depth
        how many samples a search looks at, for each node.
    dense
        least cosine of node and sample.
    score
        the highest score of a retrieval anchor; below that of any mention.
    rank_constant
        the constant of reciprocal rank fusion (Cormack 2009 takes 60).
    embedder
        ``tfidf-svd``, or a sentence-transformers folder or id.
    seed
        of the built-in embedder.
    """

    search: bool = True
    few: int = 3
    depth: int = 10
    dense: float = 0.2
    score: float = 0.6
    rank_constant: int = 60
    embedder: str = BUILT_IN
    seed: int = 0
