"""The samples of a run for a node, ranked, each with what speaks for it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.records import Quarantined
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.resolve import Ancestors
from met_kg.retrieval.suggest import index_writer, search_of

__all__ = ["Found", "samples_for_node"]


@dataclass(frozen=True, slots=True)
class Found:
    """A sample for a node: its place, fused score, ranks by way, and what its anchors to the node or its kinds say.

    ``polarity`` is that of the strongest of these anchors, '' where the sample has none; ``evidence`` is the words or
    metadata of each.
    """

    rank: int
    sample_id: str
    score: float
    polarity: str
    evidence: tuple[str, ...]
    ranks: dict[str, int]


def samples_for_node(
    samples: Iterable[pd.DataFrame],
    anchors: Iterable[pd.DataFrame],
    graph: Graph,
    node: str,
    *,
    options: RetrievalOptions,
    k: int = 20,
    denied: bool = False,
    quarantine: Callable[[Quarantined], None] = lambda _: None,
    images: Callable[[str], Path] = Path,
) -> list[Found]:
    """The best ``k`` samples for a node, best first.

    Parameters
    ----------
    samples, anchors
        batches of the tables of these names.
    options
        of the run: embedder, weights learned from a labelled slice, and so on.
    denied
        give samples, too, that say that the node (or something wider) is not there, and nothing else of it.
    images
        makes an image path of a sample a path on disk; only an image embedder needs it.
    """
    with TemporaryDirectory() as folder:
        writer = index_writer(graph, Linker(Lexicon.from_graph(graph)), options, Path(folder), images)
        for batch in samples:
            writer.add(batch)
        search, learned = search_of(writer, graph, options, quarantine)
        said = _said(anchors, {node, *search.kin(node).below}, Ancestors(graph)[node])
        out = set() if denied else {s for s, rows in said.items() if all(r["polarity"] == "negative" for r in rows)}
        hits = search.retrieve_for_node(node, k + len(out), learned[node] if learned else None)
    hits = [hit for hit in hits if hit.sample_id not in out][:k]
    found = []
    for rank, hit in enumerate(hits, 1):
        mine = sorted(said.get(hit.sample_id, ()), key=lambda row: (-row["score"], row["node"]))
        polarity = mine[0]["polarity"] if mine else ""
        found.append(Found(rank, hit.sample_id, hit.score, polarity, tuple(map(_words, mine)), hit.ranks))
    return found


def _said(anchors: Iterable[pd.DataFrame], meant: set[str], above: frozenset[str]) -> dict[str, list[dict[str, Any]]]:
    """Sample -> its anchors to these nodes, and those that deny one above."""
    said: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for batch in anchors:
        denies = batch["node"].isin(above) & (batch["polarity"] == "negative")
        for row in batch[batch["node"].isin(meant) | denies].to_dict("records"):
            said[row["sample_id"]].append({str(key): value for key, value in row.items()})
    return said


def _words(anchor: dict[str, Any]) -> str:
    """What an anchor rests on, as a person reads it."""
    evidence = json.loads(anchor["evidence"] or "{}")
    if "text" in evidence:
        return f"{evidence['field']}: {evidence['text']}"
    if "column" in evidence:
        return f"{evidence['column']} = {evidence['value']}"
    return str(anchor["method"])
