"""Weights of the fusion from a labelled slice, each node scored by weights that never saw its own branch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from met_kg.graph.store import Graph
from met_kg.retrieval.fusion import Example, Weights, halves, learn
from met_kg.retrieval.search import NodeSearch

__all__ = ["LearnedWeights", "branch_of", "learn_weights"]

#: Nodes at this depth name the branches.
_DEPTH: Final = 3
#: Fewer right samples than this say little about a node.
_LEAST: Final = 3


@dataclass(frozen=True, slots=True)
class LearnedWeights:
    """Weights for each labelled node, and those learned from all labels for every other one."""

    of: Mapping[str, Weights]
    other: Weights
    nodes: int  # labelled nodes that were learned from

    def __getitem__(self, node: str) -> Weights:
        return self.of.get(node, self.other)


def branch_of(graph: Graph, node: str) -> str:
    """The node's ancestor three levels under the root of its axis; the node itself when it stands higher."""
    above = sorted(str(r["ancestor"]) for r in graph.rows("tree/ancestors", node=node) if r["depth"] == _DEPTH)
    return above[0] if above else node


def learn_weights(
    search: NodeSearch, graph: Graph, labels: Mapping[str, frozenset[str]], *, rank_constant: int, seed: int
) -> LearnedWeights:
    """Learn from samples that are known to show nodes.

    Parameters
    ----------
    labels
        node -> identifiers of the samples that show it; a sample of a kind of the node counts for the node as well.
    """
    row_of = {sample_id: row for row, sample_id in enumerate(search.index.ids)}
    relevant: dict[str, set[int]] = {}
    for node, sample_ids in sorted(labels.items()):
        rows = {row_of[s] for s in sample_ids if s in row_of}
        for one in (node, *(str(r["ancestor"]) for r in graph.rows("tree/ancestors", node=node))):
            relevant.setdefault(one, set()).update(rows)
    # Only nodes that are labelled themselves are sure to have all their right samples known.
    asked = sorted(node for node in labels if len(relevant[node]) >= _LEAST)
    examples = {node: Example(search.rankings(node), frozenset(relevant[node])) for node in asked}
    sides = halves([branch_of(graph, node) for node in asked], seed)
    side_of = dict(zip(asked, sides.tolist(), strict=True))
    learned = [learn([examples[n] for n in asked if side_of[n] != side], rank_constant) for side in (0, 1)]
    everything = learn([examples[n] for n in asked], rank_constant)
    return LearnedWeights({n: learned[side_of[n]] for n in asked}, everything, len(asked))
