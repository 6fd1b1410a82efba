"""Captions and questions with proofs, from samples, their anchors and the tree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.records import Quarantined
from met_kg.synthesis.captions import CaptionWriter
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.items import ItemWriter
from met_kg.synthesis.names import Names
from met_kg.synthesis.options import SynthesisOptions
from met_kg.synthesis.questions.base import Fact
from met_kg.synthesis.sample import read_samples, spoken_names

__all__ = ["Synthesis", "SynthesisOptions", "synthesize"]


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What was written: tables ``captions`` and ``vqa``, the plan (type, format, branch, node, wanted, made,
    why_short), rejects."""

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
    names = Names(tree, spoken_names(found))
    captions = CaptionWriter(tree, names, options.levels)
    written = [row for sample in found for row in captions.write(sample)]
    described = {row["sample_id"]: _description(row) for row in written if row["level"] == "short"}
    found = [replace(s, description=described.get(s.sample_id, ("", ()))) for s in found]
    items = ItemWriter(tree, names, options=options, seed=seed, tree_version=tree_version)
    vqa, plan = items.write(found)
    return Synthesis(tables.frame("captions", written), vqa, plan, [*captions.rejected, *items.rejected])


def _description(caption: Mapping[str, Any]) -> tuple[str, tuple[Fact, ...]]:
    """The text of a caption, and the triples about its sample that it rests on."""
    triples = [triple for line in json.loads(caption["facts"]) for triple in line["triples"]]
    return str(caption["text"]), tuple((s, p, o) for s, p, o in triples if s.startswith("sample:"))
