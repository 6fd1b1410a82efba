"""Search among 64-bit perceptual hashes within a number of bits, without comparing all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from met_kg.errors import UsageProblem

__all__ = ["MAX_DISTANCE", "HashIndex"]

_BANDS: Final = 4
#: Two hashes this far apart still agree in one band of 16 bits but for two.
MAX_DISTANCE: Final = 4 * 3 - 1


class HashIndex:
    """Hashes in four bands of 16 bits (multi-index hashing, Norouzi et al. 2012): exact, and quick for small distances.

    >>> index = HashIndex(["00000000000000ff", "ffffffff00000000"], distance=2)
    >>> index.near(["00000000000000fe", "0f0f0f0f0f0f0f0f"])
    [[(0, 1)], []]
    """

    def __init__(self, hashes: Sequence[str], *, distance: int) -> None:
        import faiss

        if not 0 <= distance <= MAX_DISTANCE:
            raise UsageProblem(f"a hash distance of {distance} is not between 0 and {MAX_DISTANCE}")
        self.distance = distance
        self._index = faiss.IndexBinaryMultiHash(64, _BANDS, 64 // _BANDS)
        # One of the bands differs in at most a quarter of the bits, rounded down.
        self._index.nflip = distance // _BANDS
        if hashes:
            self._index.add(_bytes(hashes))

    def near(self, hashes: Sequence[str]) -> list[list[tuple[int, int]]]:
        """For each hash, the places of the indexed hashes within the distance, with their distances, nearest first."""
        if not hashes or not self._index.ntotal:
            return [[] for _ in hashes]
        limits, distances, places = self._index.range_search(_bytes(hashes), self.distance + 1)
        found = []
        for start, end in pairwise(limits):
            pairs = {(int(distances[i]), int(places[i])) for i in range(int(start), int(end))}
            found.append([(place, d) for d, place in sorted(pairs) if d <= self.distance])
        return found


def _bytes(hashes: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex("".join(hashes)), dtype=np.uint8).reshape(len(hashes), 8).copy()
