"""What a recipe can set for retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from met_kg.models.text import BUILT_IN
from met_kg.paths import expand_path

__all__ = ["LabelOptions", "RetrievalOptions", "retrieval_files"]


class LabelOptions(BaseModel):
    """A labelled slice: a table (CSV, TSV, JSON lines, Parquet; may be gzipped) that says which samples show a node."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(description="the table; ${MET_DATA} and the like are filled in")
    corpus: str = Field(default="", description="the corpus whose record ids the table has; '': it has sample ids")
    sample: str = Field(default="sample_id", description="column of the sample or record id")
    node: str = Field(default="node", description="column of nodes (CURIEs) or codes: one, a list, or parted by '|'")
    system: str = Field(default="", description="prefix of codes that are written without one: UMLS, MESH ...")


class RetrievalOptions(BaseModel):
    """Section ``retrieve`` of a recipe: settings of :class:`met_kg.retrieval.anchors.Anchorer`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    search: bool = Field(default=True, description="search for nodes that mentions rarely reach (method 'retrieval')")
    wanted: int = Field(default=10, ge=0, description="samples wanted of a node; one with fewer is searched for")
    wanted_of: dict[str, int] = Field(
        default_factory=dict,
        description="node -> samples wanted of it and of each of its kinds; the nearest counts",
    )
    wanted_query: str = Field(
        default="", description="a named query or .rq file that returns ?node ?wanted; counts before wanted_of"
    )
    depth: int = Field(
        default=10,
        ge=1,
        description="samples that a search looks at for a node, for each one still wanted",
    )
    dense: float = Field(default=0.2, ge=-1, le=1, description="least cosine of node and sample")
    score: float = Field(
        default=0.6, ge=0, le=1, description="highest score of a retrieval anchor, below any mention's"
    )
    suggest: int = Field(
        default=0, ge=0, description="uncertain anchors for a node still short of samples: the best by fused ranking"
    )
    rank_constant: int = Field(default=60, ge=1, description="of reciprocal rank fusion (Cormack 2009 takes 60)")
    embedder: str = Field(default=BUILT_IN, description="'tfidf-svd', or a sentence-transformers folder or id")
    image_embedder: str = Field(default="", description="a CLIP or SigLIP folder or id; '': images are not compared")
    vocabulary: str = Field(
        default="", description="count only kinds that have a code of this vocabulary, for labels coded in it (UMLS)"
    )
    labels: LabelOptions | None = Field(default=None, description="a labelled slice to learn the fusion's weights from")
    seed: int = Field(default=0, description="of the built-in embedder and of what is learnt")


def retrieval_files(options: RetrievalOptions) -> Sequence[Path]:
    """Files and folders outside the run that the step reads: labels, own query, models."""
    found = [expand_path(options.labels.path)] if options.labels else []
    if options.wanted_query.endswith(".rq"):
        found.append(expand_path(options.wanted_query))
    models = (Path(model) for model in (options.embedder, options.image_embedder) if model)
    return [*found, *(model for model in models if model.exists())]
