"""Captions and questions with proofs, from samples, their anchors and the tree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from met_kg import tables
from met_kg.errors import UsageProblem
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.models.chat import CachedChat
from met_kg.records import Quarantined
from met_kg.synthesis.captions import CaptionWriter
from met_kg.synthesis.captions.naming import is_named
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.items import ItemWriter
from met_kg.synthesis.names import Names
from met_kg.synthesis.options import SynthesisOptions
from met_kg.synthesis.questions.base import Fact
from met_kg.synthesis.rewrite import Rewriter, Rewritten
from met_kg.synthesis.rewrite.faithful import Faithful
from met_kg.synthesis.sample import read_samples, spoken_names

__all__ = ["Synthesis", "SynthesisOptions", "synthesize"]


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What was written: tables ``captions``, ``vqa`` and ``rewrites``, what came of the rewriting, rejects; and the
    plan (type, format, branch, node, wanted, made, why_short)."""

    captions: pd.DataFrame
    vqa: pd.DataFrame
    plan: pd.DataFrame
    rewrites: pd.DataFrame
    rewrite_counts: dict[str, int] = field(default_factory=dict)
    rejected: list[Quarantined] = field(default_factory=list)


def synthesize(
    samples: pd.DataFrame,
    anchors: pd.DataFrame,
    graph: Graph,
    *,
    options: SynthesisOptions,
    seed: int,
    tree_version: dict[str, str],
    cache: Path | None = None,
) -> Synthesis:
    """Captions and VQA items of samples (tables ``samples`` and ``anchors``) over a tree with its closure.

    Nothing is asked of a sample without image. The same input and seed give the same tables.

    Parameters
    ----------
    cache
        a folder for the answers of a language model that rewrites captions.

    Raises
    ------
    UnknownName
        when the options name a question type that does not exist.
    UsageProblem
        when a language model is named that cannot be asked.
    """
    tree = TreeIndex(graph)
    found = list(read_samples(samples, anchors, tree))
    names = Names(tree, spoken_names(found))
    captions = CaptionWriter(tree, names, options.levels, seed)
    written = [row for sample in found for row in captions.write(sample)]
    described = {row["sample_id"]: _description(row, tree, names) for row in written if row["level"] == "short"}
    found = [replace(s, description=described.get(s.sample_id, ("", ()))) for s in found]
    items = ItemWriter(tree, names, options=options, seed=seed, tree_version=tree_version)
    vqa, plan = items.write(found)
    done = _rewritten(tables.frame("captions", written), graph, tree, options, cache)
    rejected = [*captions.rejected, *items.rejected]
    return Synthesis(done.captions, vqa, plan, done.rewrites, done.counts, rejected)


def _description(caption: Mapping[str, Any], tree: TreeIndex, names: Names) -> tuple[str, tuple[Fact, ...]]:
    """The text of a caption, and the triples about its sample that its words name (a fundus is the eye's, unsaid)."""
    text = str(caption["text"])
    facts = [fact for line in json.loads(caption["facts"]) for fact in line["facts"] if isinstance(fact, list)]
    told = [(s, p, o) for s, p, o in facts if s.startswith("sample:") and is_named(text, o, tree, names)]
    return text, tuple(told)


def _rewritten(
    captions: pd.DataFrame, graph: Graph, tree: TreeIndex, options: SynthesisOptions, cache: Path | None
) -> Rewritten:
    """The captions as a language model words them, where one is named and says the same."""
    if options.rewrite is None:
        return Rewritten(captions, tables.empty("rewrites"), {})
    if cache is None:
        raise UsageProblem("a rewriter needs a folder for its answers", hint="give cache=")
    linker = Linker(Lexicon.from_graph(graph))
    plain = {str(row["node"]) for row in graph.rows("synthesize/plain-words")}
    check = Faithful(linker, plain, tree.wider)
    return Rewriter(CachedChat.of(options.rewrite, cache), check, options.rewrite).rewrite(captions)
