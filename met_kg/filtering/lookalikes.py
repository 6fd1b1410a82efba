"""Pictures by their coarse descriptions, found again when altered: an index for the first look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from met_kg.corpus.lookalike import CELLS, HELD_VIEWS, Affine, held_to_asked

__all__ = ["Candidate", "Lookalikes"]

_SIZE: Final = CELLS * CELLS
#: Up to so many descriptions are searched exactly; above, in the nearest of inverted lists (Sivic and Zisserman 2003).
_EXACT: Final = 65_536
_LISTS: Final = 64  # lists for each so many
_PROBES: Final = 8
_TRAINING: Final = 256  # descriptions for each list
_CHUNK: Final = 1024  # pictures added at a time


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture held that may be the one asked about: its place, how alike the likest views are, how it then lies."""

    place: int
    similarity: float
    guess: Affine


class Lookalikes:
    """Pictures held, by :func:`met_kg.corpus.lookalike.held`.

    Parameters
    ----------
    described
        for each picture its descriptions, (views, cells).
    """

    def __init__(self, described: Sequence[NDArray[np.float16]]) -> None:
        import faiss

        self._index = None
        if not described:
            return
        views = len(described) * len(HELD_VIEWS)
        lists = max(1, views // _EXACT * _LISTS)
        # Halves or bytes would take less memory and, in faiss-cpu, five times as long.
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(_SIZE), _SIZE, lists, faiss.METRIC_INNER_PRODUCT)
        index.cp.min_points_per_centroid = 1  # one list needs no more
        step = max(1, views // (lists * _TRAINING))
        index.train(np.concatenate(described[::step]).astype(np.float32))
        for start in range(0, len(described), _CHUNK):
            index.add(np.concatenate(described[start : start + _CHUNK]).astype(np.float32))
        index.nprobe = min(lists, _PROBES)
        self._index = index

    def candidates(self, asked: NDArray[np.float32], *, similarity: float, most: int) -> list[Candidate]:
        """The pictures with a view of at least this cosine to a view asked about, likest first, ``most`` at most."""
        if self._index is None:
            return []
        limits, likeness, found = self._index.range_search(asked, similarity)
        best: dict[int, tuple[float, int, int]] = {}
        for view in range(len(asked)):
            for i in range(int(limits[view]), int(limits[view + 1])):
                place, held_view = divmod(int(found[i]), len(HELD_VIEWS))
                best[place] = max(best.get(place, (-1.0, 0, 0)), (float(likeness[i]), held_view, view))
        ranked = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))[:most]
        return [Candidate(place, alike, held_to_asked(h, a)) for place, (alike, h, a) in ranked]
