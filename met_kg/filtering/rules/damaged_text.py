"""The text is undamaged."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.corpus.text import DAMAGE
from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()


def apply(samples: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to captions with characters that were lost and could not be told from their neighbours."""
    for sample_id, caption in zip(samples["sample_id"], samples["caption"], strict=True):
        count = caption.count(DAMAGE)
        if count:
            at = caption.index(DAMAGE)
            yield Hit(sample_id, f"{count} lost characters, the first in '{caption[max(0, at - 15) : at + 15]}'", count)
