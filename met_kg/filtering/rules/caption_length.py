"""The caption says enough."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("minimum",)

_WORD = re.compile(r"[^\W_]{2,}")


def apply(samples: pd.DataFrame, context: Context, *, minimum: float) -> Iterator[Hit]:
    """Objects to captions of fewer than ``minimum`` words of two letters or more."""
    for sample_id, caption in zip(samples["sample_id"], samples["caption"], strict=True):
        count = len(_WORD.findall(caption))
        if count < minimum:
            said = f"the caption '{caption}' has {count} words" if caption else "there is no caption"
            yield Hit(sample_id, f"{said}; at least {minimum:g} are wanted", count)
