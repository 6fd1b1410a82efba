"""The sample is about something that the tree knows."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()


def apply(samples: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to samples without any anchor, on any axis and of any polarity."""
    anchored = set(context.anchors["sample_id"])
    for sample_id, caption in zip(samples["sample_id"], samples["caption"], strict=True):
        if sample_id not in anchored:
            yield Hit(sample_id, f"no node of the tree is named by the text '{caption[:60]}' or by the metadata")
