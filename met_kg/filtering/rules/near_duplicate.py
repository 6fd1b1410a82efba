"""No image that looks like another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.hashes import hash_values, near_pairs
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
    first: dict[str, str] = {}  # a hash and the best sample that has it, best first
    copies: list[tuple[str, str]] = []
    for sample_id, phash in by_worth(samples, "phash"):
        if phash in first:
            copies.append((sample_id, phash))
        else:
            first[phash] = sample_id
    hashes, ids = list(first), list(first.values())
    better: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for one, other, bits in near_pairs(hash_values(hashes), distance=int(distance)).tolist():
        better[other].append((bits, one))
    instead: dict[int, tuple[int, int]] = {}  # place of a hash -> bits, place of the one that is kept
    for place in sorted(better):
        kept = [(bits, one) for bits, one in better[place] if one not in instead]
        if kept:
            instead[place] = min(kept)
            yield _hit(ids[place], *instead[place], ids)
    places = {phash: place for place, phash in enumerate(hashes)}
    for sample_id, phash in copies:
        yield _hit(sample_id, *instead.get(places[phash], (0, places[phash])), ids)


def _hit(sample_id: str, bits: int, place: int, ids: list[str]) -> Hit:
    return Hit(sample_id, f"the image is within {bits} bits of that of sample {ids[place]}", bits)
