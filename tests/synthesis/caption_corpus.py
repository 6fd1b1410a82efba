"""Samples with real captions over the mini tree, anchored by the project's own linker."""

from __future__ import annotations

import hashlib
from typing import Any

import pandas as pd
from synthesis_corpus import load

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.retrieval.mentions import mention_anchors
from met_kg.synthesis.captions import CaptionWriter
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.names import Names
from met_kg.synthesis.sample import read_samples

LEVELS = ("short", "descriptive", "knowledge")


def anchored(graph: Graph, *samples: dict[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables ``samples`` and ``anchors``; a modality or finding column is anchored as retrieval would."""
    lexicon = Lexicon.from_graph(graph)
    rows: list[dict[str, Any]] = []
    for number, sample in enumerate(samples):
        sample_id = hashlib.sha256(str(number).encode()).hexdigest()[:16]
        rows.append({"sample_id": sample_id, "image": f"{number}.png", "split": "train", "source": "made", **sample})
    table = tables.frame("samples", rows)
    anchors = list(mention_anchors(table, Linker(lexicon)))
    for row in table.to_dict("records"):
        for column in ("modality", "finding"):
            for reading in lexicon.lookup(row[column])[:1] if row[column] else ():
                anchors.append(
                    {
                        "sample_id": row["sample_id"],
                        "node": reading.entry.node,
                        "axis": reading.entry.axis,
                        "polarity": "positive",
                        "assertion": "positive",
                        "method": "metadata",
                        "score": 0.98,
                        "evidence": f'{{"column": "{column}", "value": "{row[column]}"}}',
                    }
                )
    found = tables.frame("anchors", anchors).drop_duplicates(["sample_id", "node", "polarity"])
    load(graph, found)
    return table, found


def captions(graph: Graph, *samples: dict[str, str], seed: int = 7) -> tuple[pd.DataFrame, CaptionWriter]:
    """Table ``captions`` of the samples, and its writer."""
    table, anchors = anchored(graph, *samples)
    tree = TreeIndex(graph)
    writer = CaptionWriter(tree, Names(tree), LEVELS, seed)
    rows = [row for sample in read_samples(table, anchors, tree) for row in writer.write(sample)]
    return tables.frame("captions", rows), writer
