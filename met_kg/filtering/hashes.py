"""Pairs of 64-bit perceptual hashes within a number of bits, without comparing all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from math import comb, log2
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from met_kg.errors import UsageProblem

__all__ = ["MAX_DISTANCE", "hash_values", "near_pairs"]

#: Further apart, hashes of different pictures are near, too, and tables grow many.
MAX_DISTANCE: Final = 12
_WIDTH: Final = 64
_ONES: Final = np.array([value.bit_count() for value in range(256)], dtype=np.uint8)


def hash_values(hashes: Sequence[str]) -> NDArray[np.uint64]:
    """Hashes of 16 hex digits as numbers."""
    return np.frombuffer(bytes.fromhex("".join(hashes)), dtype=">u8").astype(np.uint64)


def near_pairs(values: NDArray[np.uint64], *, distance: int) -> NDArray[np.int64]:
    """All pairs of places whose hashes differ in at most ``distance`` bits: rows (earlier, later, bits), in order.

    Exact. Hashes are cut into blocks, some more than bits may differ; then some blocks agree, whichever they are. For
    each choice of that many blocks the hashes are sorted by them and neighbours that agree are compared (Manku, Jain
    and Das Sarma 2007, "Detecting near-duplicates for web crawling"). Equal hashes make pairs, too: of many copies of
    one, hand over one.

    >>> near_pairs(hash_values(["00000000000000ff", "ffffffff00000000", "00000000000000fe"]), distance=2)
    array([[0, 2, 1]])

    Raises
    ------
    UsageProblem
        when the distance is not between 0 and :data:`MAX_DISTANCE`.
    """
    if not 0 <= distance <= MAX_DISTANCE:
        raise UsageProblem(f"a hash distance of {distance} is not between 0 and {MAX_DISTANCE}")
    agreeing = _agreeing(len(values), distance)
    blocks = distance + agreeing
    edges = [_WIDTH * i // blocks for i in range(blocks + 1)]
    masks = [(1 << end) - (1 << start) for start, end in pairwise(edges)]
    found = [np.empty((0, 3), dtype=np.int64)]
    for chosen in combinations(masks, agreeing):
        found += _agreeing_pairs(values, np.uint64(sum(chosen)), distance)
    return np.unique(np.concatenate(found), axis=0)


def _agreeing(size: int, distance: int) -> int:
    """Blocks that agree, chosen for the least work: few tables to sort, few hashes that agree by chance."""

    def work(agreeing: int) -> float:
        tables, bits = comb(distance + agreeing, agreeing), _WIDTH // (distance + agreeing) * agreeing
        return tables * (size * log2(size + 1) + size * size / 2.0**bits)

    return min(range(1, 5), key=work)


def _agreeing_pairs(values: NDArray[np.uint64], mask: np.uint64, distance: int) -> list[NDArray[np.int64]]:
    keys = values & mask
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    found = []
    step, here = 1, np.flatnonzero(keys[1:] == keys[:-1])
    while len(here):
        one, other = order[here], order[here + step]
        bits = _differing(values[one], values[other])
        near = bits <= distance
        one, other = one[near], other[near]
        found.append(np.stack([np.minimum(one, other), np.maximum(one, other), bits[near]], axis=1))
        step += 1
        here = here[here + step < len(keys)]
        here = here[keys[here] == keys[here + step]]
    return found


def _differing(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.int64]:
    different: NDArray[Any] = (one ^ other).view(np.uint8).reshape(-1, 8)
    return np.asarray(_ONES[different].sum(axis=1), dtype=np.int64)
