"""Samples -> anchors: what each image-text pair is about, and what it says is not there."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.literature.linker import Linker
from met_kg.records import Quarantined
from met_kg.retrieval.mentions import mention_anchors
from met_kg.retrieval.metadata import metadata_anchors
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.resolve import Ancestors, resolve
from met_kg.retrieval.scattered import scattered_anchors
from met_kg.retrieval.search import NodeSearch

__all__ = ["anchor_samples"]


def anchor_samples(
    samples: pd.DataFrame,
    graph: Graph,
    linker: Linker,
    *,
    options: RetrievalOptions | None = None,
    quarantine: Callable[[Quarantined], None],
) -> pd.DataFrame:
    """Anchors of samples (table ``samples`` in, table ``anchors`` out, in order of sample, axis and node).

    Mentions in caption and context and metadata columns come first; nodes that few samples mention are then searched
    for. Conflicts are settled by the tree, see :mod:`met_kg.retrieval.resolve`. Metadata values that the tree does not
    know are handed to ``quarantine``.
    """
    options = options or RetrievalOptions()
    ancestors = Ancestors(graph)
    rows = [*mention_anchors(samples, linker), *metadata_anchors(samples, linker.lexicon, quarantine)]
    anchors = tables.frame("anchors", resolve(rows, ancestors))
    has_text = any(samples["caption"]) or any(samples["context"])
    if not options.search or not has_text:
        return anchors
    search = NodeSearch(samples, graph, options, anchors)
    mentioned = {(row["sample_id"], node) for row in rows for node in (row["node"], *ancestors[row["node"]])}
    more = list(scattered_anchors(samples, linker.lexicon, search, mentioned, options))
    return tables.frame("anchors", resolve([*rows, *more], ancestors)) if more else anchors
