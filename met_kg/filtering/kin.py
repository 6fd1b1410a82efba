"""What the tree says of the nodes that samples are anchored on, for stage 2; asked once a node, never a sample."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from met_kg.graph.store import Graph
from met_kg.models.aligners import Kin
from met_kg.retrieval.resolve import Ancestors

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["kin_of", "said_nodes"]

#: Metadata on these axes are a statement on the image; what they say of modality, view and body part comes from the
#: machine that made it.
_CLAIMS: Final = ("disease", "finding")
#: Rivals that no sample is anchored on are taken only to fill up to so many: nothing can be learnt of them.
_AT_LEAST: Final = 3


def said_nodes(anchors: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Sample -> the nodes that its record says the image shows: those of positive anchors from text or on a finding."""
    found: dict[str, dict[str, None]] = {}
    columns = (anchors[c].tolist() for c in ("sample_id", "node", "axis", "method"))
    for sample, node, axis, method in zip(*columns, strict=True):
        if method != "metadata" or axis in _CLAIMS:
            found.setdefault(str(sample), {})[str(node)] = None
    return {sample: tuple(nodes) for sample, nodes in found.items()}


def kin_of(graph: Graph, nodes: Iterable[str], *, rivals: int) -> Kin:
    """Names, ancestors and rivals (query ``align/rivals``) of nodes.

    A node's rivals: at most ``rivals``; those that the corpus is anchored on (or on something below) first, siblings
    before cousins.
    """
    ancestors = Ancestors(graph)
    asked = sorted(set(nodes))
    lines = {node: ancestors[node] for node in asked}
    on = set(asked).union(*lines.values())
    found: dict[str, tuple[str, ...]] = {}
    for node in asked:
        rows = [(str(row["rival"]), row["kinship"] != "sibling") for row in graph.rows("align/rivals", node=node)]
        known = sorted((far, rival) for rival, far in rows if rival in on)
        rest = sorted((far, rival) for rival, far in rows if rival not in on)
        ordered = [*known, *rest[: max(0, _AT_LEAST - len(known))]]
        found[node] = tuple(dict.fromkeys(rival for _, rival in ordered))[:rivals]
    every = sorted({*asked, *(rival for row in found.values() for rival in row)})
    labels = {str(row["node"]): str(row["label"]) for row in graph.rows("tree/labels")}
    names = {node: labels.get(node, node) for node in every}
    return Kin(names, {node: ancestors[node] for node in every}, found)
