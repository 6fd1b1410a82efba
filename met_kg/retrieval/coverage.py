"""What was found for each node of the tree."""

from __future__ import annotations

import pandas as pd

from met_kg.graph.store import Graph

__all__ = ["coverage"]


def coverage(graph: Graph, anchors: pd.DataFrame) -> pd.DataFrame:
    """One row a live node: ``node label axis depth found excluded``.

    ``found`` counts samples that depict the node, ``excluded`` those that say it is not there.
    """
    counts = {
        polarity: anchors.loc[anchors["polarity"] == polarity].groupby("node")["sample_id"].nunique()
        for polarity in ("positive", "negative")
    }
    nodes = pd.DataFrame(graph.rows("retrieve/nodes"), columns=["node", "axis", "depth", "label"])
    for column, polarity in (("found", "positive"), ("excluded", "negative")):
        nodes[column] = nodes["node"].map(counts[polarity]).fillna(0).astype("int64")
    return nodes[["node", "label", "axis", "depth", "found", "excluded"]]
