from __future__ import annotations

import numpy as np
import pytest

from met_kg.errors import UsageProblem
from met_kg.filtering.hashes import MAX_DISTANCE, hash_values, near_pairs


@pytest.mark.parametrize("distance", [0, 1, 4, 6, 8, MAX_DISTANCE])
def test_exactly_the_pairs_that_comparing_all_finds(distance: int) -> None:
    rng = np.random.default_rng(distance)
    hashes = []
    for value in rng.integers(0, 2**63, 60, dtype=np.uint64):
        for _ in range(6):
            bits = rng.choice(64, size=int(rng.integers(0, 14)), replace=False)
            hashes.append(int(value) ^ sum(1 << int(bit) for bit in bits))
    bits = {(i, j): (a ^ b).bit_count() for i, a in enumerate(hashes) for j, b in enumerate(hashes) if i < j}
    wanted = [[i, j, d] for (i, j), d in sorted(bits.items()) if d <= distance]
    found = near_pairs(hash_values([f"{h:016x}" for h in hashes]), distance=distance)
    assert found.tolist() == wanted and (wanted or not distance)


def test_nothing_makes_no_pair() -> None:
    assert near_pairs(hash_values([]), distance=4).tolist() == []
    assert near_pairs(hash_values(["0" * 16]), distance=4).tolist() == []


def test_a_distance_that_is_too_large() -> None:
    with pytest.raises(UsageProblem, match="not between 0 and 12"):
        near_pairs(hash_values([]), distance=13)
