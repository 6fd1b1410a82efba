"""The image file decodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()


def apply(samples: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to images that had no perceptual hash when the corpus was read."""
    broken = samples[(samples["image"] != "") & (samples["phash"] == "")]
    for sample_id, meta in zip(broken["sample_id"], broken["meta"], strict=True):
        known: dict[str, Any] = json.loads(meta) if meta else {}
        yield Hit(sample_id, str(known.get("image_problem", "the image does not decode")))
