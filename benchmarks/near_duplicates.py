"""Near-duplicate images by perceptual hash: ours (sorted blocks), the banded index of faiss, and every pair.

Run: ``python -m benchmarks.near_duplicates``. The size is the number of images (hashes of 64 bits). Every tenth image
is a near duplicate of another; a third of them differ in more bits than are asked for. At each size a sample is
compared with all others, bit by bit, and must find the same pairs. Peak memory is of the whole program.
"""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Measured, arguments, measure, report
from met_kg.filtering.hashes import near_pairs

SIZES = (1_000, 10_000, 100_000, 1_000_000)
#: Comparing all pairs, and faiss' index, are left out above these sizes.
MOST_PAIRWISE = 10_000
MOST_BANDED = 100_000
DISTANCE = 4
CHECKED = 500


def hashes_of(count: int) -> NDArray[np.uint64]:
    """Random hashes, of which every tenth is another one with 1 to 6 bits changed."""
    rng = np.random.default_rng(1)
    values = rng.integers(0, 2**64, count, dtype=np.uint64)
    copies = np.arange(9, count, 10)
    values[copies] = values[rng.integers(0, 9, len(copies)) + copies - 9]
    for bits in range(6):
        some = copies[rng.integers(1, 7, len(copies)) > bits]
        values[some] ^= np.uint64(1) << rng.integers(0, 64, len(some), dtype=np.uint64)
    return values


def _blocks(values: NDArray[np.uint64]) -> int:
    return len(near_pairs(values, distance=DISTANCE))


def _bytes(values: NDArray[np.uint64]) -> NDArray[np.uint8]:
    return values.view(np.uint8).reshape(-1, 8)


def _banded(values: NDArray[np.uint64]) -> int:
    import faiss

    index = faiss.IndexBinaryMultiHash(64, 3, 21)
    index.nflip = 1
    index.add(_bytes(values))
    return _pairs(index, values)


def _pairwise(values: NDArray[np.uint64]) -> int:
    import faiss

    index = faiss.IndexBinaryFlat(64)
    index.add(_bytes(values))
    return _pairs(index, values)


def _pairs(index: object, values: NDArray[np.uint64]) -> int:
    limits, _, _ = index.range_search(_bytes(values), DISTANCE + 1)  # type: ignore[attr-defined]
    return (int(limits[-1]) - len(values)) // 2


def check(values: NDArray[np.uint64]) -> None:
    """Compare a sample with all others."""
    import faiss

    index = faiss.IndexBinaryFlat(64)
    index.add(_bytes(values))
    sample = np.linspace(9, len(values) - 1, min(CHECKED, len(values)), dtype=np.int64)
    limits, bits, places = index.range_search(_bytes(values[sample]), DISTANCE + 1)
    wanted = {
        (min(int(one), int(other)), max(int(one), int(other)), int(bit))
        for one, start, end in zip(sample, limits[:-1], limits[1:], strict=True)
        for other, bit in zip(places[start:end], bits[start:end], strict=True)
        if one != other
    }
    asked = set(sample.tolist())
    found = {(a, b, d) for a, b, d in near_pairs(values, distance=DISTANCE).tolist() if a in asked or b in asked}
    assert found == wanted, f"{len(found ^ wanted)} pairs differ"


def run(sizes: list[int], out: Path) -> list[Measured]:
    """Measure all sizes; the work is pairs found, the same for all."""
    rows: list[Measured] = []
    for size in sizes:
        values = hashes_of(size)
        rows.append(measure("met-kg", size, _blocks, values))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{size:,}: {rows[-1].seconds:.2f} s, peak of the program so far {peak} MiB")
        if size <= MOST_BANDED:
            rows.append(measure("faiss IndexBinaryMultiHash", size, _banded, values, repeats=1))
        if size <= MOST_PAIRWISE:
            rows.append(measure("faiss IndexBinaryFlat", size, _pairwise, values, repeats=1))
        check(values)
    report("near_duplicates", "pairs", rows, out, ["faiss-cpu", "numpy"])
    return rows


if __name__ == "__main__":
    given = arguments(__doc__, SIZES)
    run(given.sizes, given.out)
