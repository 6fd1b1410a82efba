"""No colour picture where the modality is grey by nature."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.queries import measured
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("maximum",)


def apply(samples: pd.DataFrame, context: Context, *, maximum: float) -> Iterator[Hit]:
    """Objects to images of grey modalities of whose pixels more than ``maximum`` (share) are coloured.

    A modality is grey or not by the query ``filter/modality-colour``; a sample is grey when it has a positive anchor on
    a grey one, and none on another. An arrow or a small Doppler box is a small share.
    """
    seen = [(sample_id, share) for sample_id, share in measured(samples, "colour_share") if share > maximum]
    if not seen:
        return
    grey = {str(row["node"]): bool(row["grey"]) for row in context.once("filter/modality-colour")}
    anchors = context.anchors
    said = anchors[(anchors["polarity"] == "positive") & anchors["node"].isin(grey)]
    all_grey: dict[str, bool] = {}
    for sample_id, node in zip(said["sample_id"], said["node"], strict=True):
        all_grey[sample_id] = all_grey.get(sample_id, True) and grey[node]
    for sample_id, share in seen:
        if all_grey.get(sample_id, False):
            yield Hit(sample_id, f"{share:.0%} of the image are coloured, and its modality is grey by nature", share)
