"""Guesses for nodes that are short of samples: the best by fused ranking, as anchors that are uncertain."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from met_kg.corpus.images import open_image
from met_kg.errors import DataProblem
from met_kg.graph.store import Graph
from met_kg.literature.linker import Linker
from met_kg.models.text import text_embedder
from met_kg.records import Quarantined
from met_kg.retrieval.index import IndexWriter
from met_kg.retrieval.labels import read_labels
from met_kg.retrieval.learning import LearnedWeights, learn_weights
from met_kg.retrieval.names import KINDS, NodeNames
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.search import NodeSearch

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Suggester", "index_writer", "search_of"]


#: A guess needs one of these: something in the sample that stands for the node, not for its words alone.
_SAYING: Final = frozenset({"same", "image", *(f"{group}-{kind}" for group in ("own", "below") for kind in KINDS)})


def index_writer(
    graph: Graph, linker: Linker, options: RetrievalOptions, folder: Path, images: Callable[[str], Path] = Path
) -> IndexWriter:
    """An empty index as the options say."""
    embed = None
    if options.image_embedder:
        from met_kg.models.image import ImageEmbedder

        embedder = ImageEmbedder(options.image_embedder)

        def embed(paths: Sequence[str]) -> NDArray[np.float32]:
            return embedder.encode([_picture(images(path)) if path else None for path in paths])

    text = text_embedder(options.embedder, seed=options.seed)
    return IndexWriter(folder, NodeNames(graph), linker, text, embed)


def search_of(
    writer: IndexWriter, graph: Graph, options: RetrievalOptions, quarantine: Callable[[Quarantined], None]
) -> tuple[NodeSearch, LearnedWeights | None]:
    """The search over a written index, and weights learned from the labelled slice where there is one."""
    search = NodeSearch(writer.finish(), graph, options)
    if options.labels is None:
        return search, None
    labels = read_labels(options.labels, graph, quarantine)
    return search, learn_weights(search, graph, labels, rank_constant=options.rank_constant, seed=options.seed)


def _picture(path: Path) -> Image.Image | None:
    """The image, or None when it cannot be used: the corpus step has said so already."""
    try:
        return open_image(path)
    except DataProblem:
        return None


class Suggester:
    """Indexes batches of samples, then gives uncertain anchors for nodes that are short of samples."""

    def __init__(
        self,
        graph: Graph,
        linker: Linker,
        options: RetrievalOptions,
        folder: Path,
        quarantine: Callable[[Quarantined], None],
        images: Callable[[str], Path],
    ) -> None:
        self._graph, self._options, self._quarantine = graph, options, quarantine
        self._axis_of = linker.lexicon.axis_of
        self._writer = index_writer(graph, linker, options, folder, images)

    def add(self, samples: pd.DataFrame) -> None:
        """Index a batch."""
        self._writer.add(samples)

    def rows(self, short: Mapping[str, int]) -> dict[str, list[dict[str, Any]]]:
        """Sample -> anchor rows; for each node no more than it is short of, and than ``options.suggest``."""
        search, learned = search_of(self._writer, self._graph, self._options, self._quarantine)
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for node, missing in sorted(short.items()):
            weights = learned[node] if learned else search.weights
            highest = sum(weights.values()) / (self._options.rank_constant + 1)
            for hit in search.retrieve_for_node(node, min(missing, self._options.suggest), weights):
                if _SAYING.isdisjoint(hit.ranks):
                    continue
                found[hit.sample_id].append(
                    {
                        "sample_id": hit.sample_id,
                        "node": node,
                        "axis": self._axis_of[node],
                        "polarity": "uncertain",
                        "assertion": "uncertain",
                        "method": "suggestion",
                        "score": round(self._options.score * hit.score / highest, 4) if highest else 0.0,
                        "evidence": json.dumps({"ranks": hit.ranks}),
                    }
                )
        return found
