"""No image that looks like another."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.hashes import HashIndex
from met_kg.filtering.queries import by_worth
from met_kg.filtering.rules import Hit

__all__ = ["COLUMNS", "PARAMETERS", "apply"]

PARAMETERS = ("distance",)
COLUMNS = ("sample_id", "phash", "caption")


def apply(samples: pd.DataFrame, context: Context, *, distance: float) -> Iterator[Hit]:
    """Objects to images whose perceptual hash lies within ``distance`` bits of a better sample's that is kept.

    Better is who has the longer, or else the earlier caption. Samples are kept greedily, so that of a chain of
    images, each like the next, not all but one are lost.
    """
    ranked = list(by_worth(samples, "phash"))
    hashes = [phash for _, phash in ranked]
    kept = [True] * len(ranked)
    for place, near in enumerate(HashIndex(hashes, distance=int(distance)).near(hashes)):
        for other, bits in near:
            if other < place and kept[other]:
                kept[place] = False
                yield Hit(
                    ranked[place][0], f"the image is within {bits} bits of that of sample {ranked[other][0]}", bits
                )
                break
