from __future__ import annotations

import numpy as np
import pytest

from met_kg.errors import UsageProblem
from met_kg.filtering.hashes import MAX_DISTANCE, HashIndex


def flipped(value: int, bits: np.ndarray) -> str:
    for bit in bits:
        value ^= 1 << int(bit)
    return f"{value:016x}"


@pytest.mark.parametrize("distance", [0, 1, 4, 6, 8, MAX_DISTANCE])
def test_the_index_finds_exactly_what_all_pairs_find(distance: int) -> None:
    rng = np.random.default_rng(distance)
    base = [int(v) for v in rng.integers(0, 2**63, 60, dtype=np.uint64)]
    hashes = [flipped(v, rng.choice(64, size=int(rng.integers(0, 14)), replace=False)) for v in base for _ in range(6)]
    bits = [[(int(a, 16) ^ int(b, 16)).bit_count() for b in hashes] for a in hashes]
    wanted = [sorted((d, j) for j, d in enumerate(row) if d <= distance) for row in bits]
    found = HashIndex(hashes, distance=distance).near(hashes)
    assert [[(d, j) for j, d in row] for row in found] == wanted


def test_nothing_indexed_nothing_found() -> None:
    assert HashIndex([], distance=4).near(["0" * 16]) == [[]]
    assert HashIndex(["0" * 16], distance=4).near([]) == []


def test_a_distance_that_the_index_cannot_promise() -> None:
    with pytest.raises(UsageProblem, match="not between 0 and 11"):
        HashIndex([], distance=12)
