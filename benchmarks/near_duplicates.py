"""Near-duplicate images by perceptual hash: our banded index, and comparing every pair (faiss IndexBinaryFlat).

Run: ``python -m benchmarks.near_duplicates``. The size is the number of images (hashes of 64 bits).
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from benchmarks.measure import Measured, arguments, measure, report
from met_kg.filtering.hashes import HashIndex

SIZES = (1_000, 4_000, 16_000, 64_000)
#: Comparing all pairs is left out above this size.
MOST_PAIRWISE = 16_000
DISTANCE = 4


def hashes_of(count: int) -> list[str]:
    """Random hashes, of which every tenth is another one with two bits changed."""
    rng = random.Random(1)
    found: list[int] = []
    for i in range(count):
        near = found and i % 10 == 0
        found.append(
            rng.choice(found) ^ (1 << rng.randrange(64)) ^ (1 << rng.randrange(64)) if near else rng.getrandbits(64)
        )
    return [f"{h:016x}" for h in found]


def _banded(hashes: list[str]) -> int:
    return sum(len(near) - 1 for near in HashIndex(hashes, distance=DISTANCE).near(hashes))


def _pairwise(hashes: list[str]) -> int:
    import faiss

    values = np.frombuffer(bytes.fromhex("".join(hashes)), dtype=np.uint8).reshape(len(hashes), 8)
    index = faiss.IndexBinaryFlat(64)
    index.add(values)
    limits, _, _ = index.range_search(values, DISTANCE + 1)
    return int(limits[-1]) - len(hashes)


def run(sizes: list[int], out: Path) -> list[Measured]:
    """Measure all sizes; the work is pairs found, the same for both."""
    rows: list[Measured] = []
    for size in sizes:
        hashes = hashes_of(size)
        rows.append(measure("met-kg", size, _banded, hashes))
        if size <= MOST_PAIRWISE:
            rows.append(measure("faiss IndexBinaryFlat", size, _pairwise, hashes, repeats=1))
            assert rows[-1].work == rows[-2].work, "both find the same pairs"
    report("near_duplicates", "pairs", rows, out, ["faiss-cpu", "numpy"])
    return rows


if __name__ == "__main__":
    given = arguments(__doc__, SIZES)
    run(given.sizes, given.out)
