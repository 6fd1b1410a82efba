"""The caption says something besides copyright, credits, figure numbers and abbreviations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit
from met_kg.filtering.words import rows

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("minimum",)

_WORD = re.compile(r"[^\W\d_]{2,}")


def apply(samples: pd.DataFrame, context: Context, *, minimum: float) -> Iterator[Hit]:
    """Objects to captions of which fewer than ``minimum`` words stay without what ``data/boilerplate.tsv`` lists.

    What a script without blanks says counts as one word. A caption without boilerplate is left to caption-length.
    """
    for sample_id, caption in zip(samples["sample_id"], samples["caption"], strict=True):
        rest = caption
        for pattern in _patterns():
            rest = pattern.sub(" ", rest)
        count = len(_WORD.findall(rest))
        if caption.strip() and count < minimum and rest != caption:
            yield Hit(sample_id, f"nothing but boilerplate: '{caption[:100]}'", count)


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern, _ in rows("boilerplate.tsv"))
