"""No patient, document or picture in two splits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.hashes import hash_values, near_pairs
from met_kg.filtering.rules import Hit

__all__ = ["COLUMNS", "PARAMETERS", "apply"]

PARAMETERS = ("distance",)
COLUMNS = ("sample_id", "split", "group_id", "sha256", "phash")

_SPLITS: Final = ("train", "validation", "test")
_SAID: Final = {
    "group_id": "group {} has",
    "sha256": "the same image is that of",
    "phash": "the same perceptual hash is that of",
}


def apply(samples: pd.DataFrame, context: Context, *, distance: float) -> Iterator[Hit]:
    """Objects to samples of train whose group, image or near-identical image is in validation or test, too.

    So, too, to samples of validation that are in test. The table is taken as it is: what gave the splits is not asked.
    Near-identical are perceptual hashes within ``distance`` bits.
    """
    ids, splits = samples["sample_id"].tolist(), samples["split"].tolist()
    order = [_SPLITS.index(split) if split in _SPLITS else len(_SPLITS) for split in splits]
    found: dict[int, tuple[str, float | None]] = {}
    for column, said in _SAID.items():
        values = samples[column].tolist()
        latest = _latest(values, order)
        for place, value in enumerate(values):
            if value in latest and order[place] < order[latest[value]]:
                other = latest[value]
                said_of = f"{said.format(value)} sample {ids[other]}, which is in {splits[other]}"
                found.setdefault(place, (said_of, None))
    for place, other, bits in _near(samples["phash"].tolist(), order, int(distance)):
        said_of = f"the image is within {bits} bits of that of sample {ids[other]}, which is in {splits[other]}"
        found.setdefault(place, (said_of, bits))
    for place in sorted(found):
        yield Hit(ids[place], *found[place])


def _latest(values: list[str], order: list[int]) -> dict[str, int]:
    """For each value the first sample that has it in the latest split; samples without a split are left out."""
    latest: dict[str, int] = {}
    for place, value in enumerate(values):
        if value and order[place] < len(_SPLITS) and (value not in latest or order[latest[value]] < order[place]):
            latest[value] = place
    return latest


def _near(phashes: list[str], order: list[int], distance: int) -> Iterator[tuple[int, int, int]]:
    """Samples, one of a later split with a near hash, and in how many bits they differ; nearest first."""
    having: dict[str, list[int]] = defaultdict(list)
    for place, phash in enumerate(phashes):
        if phash and order[place] < len(_SPLITS):
            having[phash].append(place)
    hashes, latest = list(having), _latest(phashes, order)
    pairs = near_pairs(hash_values(hashes), distance=distance).tolist()
    for one, other, bits in sorted(pairs, key=lambda pair: (pair[2], pair[0], pair[1])):
        for early, late in ((one, other), (other, one)):
            there = latest[hashes[late]]
            yield from ((place, there, bits) for place in having[hashes[early]] if order[place] < order[there])
