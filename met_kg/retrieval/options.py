"""What a recipe can set for retrieval."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from met_kg.models.text import BUILT_IN

__all__ = ["RetrievalOptions"]


class RetrievalOptions(BaseModel):
    """Section ``retrieve`` of a recipe: settings of :func:`met_kg.retrieval.anchors.anchor_samples`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    search: bool = Field(default=True, description="search for nodes that mentions rarely reach (method 'retrieval')")
    few: int = Field(default=3, ge=0, description="a node is searched for while fewer samples than this mention it")
    depth: int = Field(default=10, ge=1, description="how many samples a search looks at, for each node")
    dense: float = Field(default=0.2, ge=-1, le=1, description="least cosine of node and sample")
    score: float = Field(
        default=0.6, ge=0, le=1, description="highest score of a retrieval anchor, below any mention's"
    )
    rank_constant: int = Field(default=60, ge=1, description="of reciprocal rank fusion (Cormack 2009 takes 60)")
    embedder: str = Field(default=BUILT_IN, description="'tfidf-svd', or a sentence-transformers folder or id")
    seed: int = Field(default=0, description="of the built-in embedder")
