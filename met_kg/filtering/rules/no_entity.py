"""The sample is about something that the tree knows."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()


def apply(samples: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to samples without any anchor, on any axis and of any polarity, but on the query ``filter/generic``'s."""
    generic = {row["node"] for row in context.once("filter/generic")}
    anchors = context.anchors
    anchored = set(anchors.loc[~anchors["node"].isin(generic), "sample_id"])
    vaguely = set(anchors["sample_id"])
    for sample_id, caption in zip(samples["sample_id"], samples["caption"], strict=True):
        if sample_id not in anchored:
            what = "nothing but descriptors is" if sample_id in vaguely else "no node of the tree is"
            yield Hit(sample_id, f"{what} named by the text '{caption[:60]}' or by the metadata")
