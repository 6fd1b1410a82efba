"""Captions and questions with proofs, from samples, their anchors and the tree."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations

import pandas as pd

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.records import Quarantined
from met_kg.synthesis.captions import CaptionWriter
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.items import ItemWriter
from met_kg.synthesis.names import Names
from met_kg.synthesis.options import SynthesisOptions
from met_kg.synthesis.sample import read_samples, spoken_names

__all__ = ["Synthesis", "SynthesisOptions", "synthesize"]


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What was written: tables ``captions`` and ``vqa``, the plan (type, format, wanted, made, why_short), rejects."""

    captions: pd.DataFrame
    vqa: pd.DataFrame
    plan: pd.DataFrame
    rejected: list[Quarantined] = field(default_factory=list)


def synthesize(
    samples: pd.DataFrame,
    anchors: pd.DataFrame,
    graph: Graph,
    *,
    options: SynthesisOptions,
    seed: int,
    tree_version: dict[str, str],
) -> Synthesis:
    """Captions and VQA items of samples (tables ``samples`` and ``anchors``) over a tree with its closure.

    Nothing is asked of a sample without image. The same input and seed give the same tables.

    Raises
    ------
    UnknownName
        when the options name a question type that does not exist.
    """
    tree = TreeIndex(graph)
    found = list(read_samples(samples, anchors, tree))
    shown = [sorted({a.node for a in sample.anchors if a.polarity == "positive"}) for sample in found]
    usage = Counter(node for nodes in shown for node in nodes)
    together = {pair for nodes in shown for pair in combinations(nodes, 2)}
    names = Names(tree, spoken_names(found))
    captions = CaptionWriter(tree, names, options.levels)
    items = ItemWriter(
        tree, names, usage=usage, together=together, options=options, seed=seed, tree_version=tree_version
    )
    written = [row for sample in found for row in captions.write(sample)]
    vqa, plan = items.write(found)
    return Synthesis(tables.frame("captions", written), vqa, plan, [*captions.rejected, *items.rejected])
