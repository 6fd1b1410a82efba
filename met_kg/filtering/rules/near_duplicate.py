"""No image that looks like another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd

from met_kg.corpus.images import ImageProblem, open_image
from met_kg.corpus.lookalike import Grey, grey
from met_kg.filtering import second_look
from met_kg.filtering.context import Context
from met_kg.filtering.hashes import hash_values, near_pairs
from met_kg.filtering.queries import by_worth
from met_kg.filtering.rules import Hit

__all__ = ["COLUMNS", "PARAMETERS", "apply"]

PARAMETERS = ("distance", "agreement")
COLUMNS = ("sample_id", "image", "phash", "caption")

_REMEMBERED: Final = 64  # pictures, a quarter of a megabyte each


def apply(samples: pd.DataFrame, context: Context, *, distance: float, agreement: float) -> Iterator[Hit]:
    """Objects to images with the perceptual hash of a better sample's that is kept, or a near one and the same picture.

    Near is within ``distance`` bits. Different pictures can be that near, too: the two are laid over each other, and
    are the same when their fine structure agrees by ``agreement``. Equal hashes are taken at their word. Better is who
    has the longer, or else the earlier caption. Samples are kept greedily, so that of a chain of images, each like the
    next, not all but one are lost.
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
    pictures = _Pictures(dict(zip(samples["sample_id"], samples["image"], strict=True)), context)
    instead: dict[int, int] = {}  # place of a hash -> place of the one that is kept
    for place in sorted(better):
        for bits, one in sorted(better[place]):
            if one in instead:
                continue
            value = pictures.agreement(ids[one], ids[place])
            if value >= agreement:
                instead[place] = one
                said = f"the image is within {bits} bits of that of sample {ids[one]}"
                yield Hit(ids[place], f"{said}, and their fine structure agrees by {value:.2f}", bits)
                break
    yield from pictures.unread.values()
    places = {phash: place for place, phash in enumerate(hashes)}
    for sample_id, phash in copies:
        same = places[phash]
        kept = f", which is that of sample {ids[instead[same]]}, altered" if same in instead else ""
        yield Hit(sample_id, f"the image has the perceptual hash of that of sample {ids[same]}{kept}", 0)


class _Pictures:
    """The samples' pictures, read when they are compared; ``unread`` are objections to those that cannot be."""

    def __init__(self, images: dict[str, str], context: Context) -> None:
        self._images, self._context = images, context
        self._square = lru_cache(maxsize=_REMEMBERED)(self._read)
        self.unread: dict[str, Hit] = {}

    def agreement(self, one: str, other: str) -> float:
        """How well the fine structure of two samples' pictures agrees; 0 when one cannot be read."""
        held, asked = self._square(one), self._square(other)
        return 0.0 if held is None or asked is None else second_look.agreement(held, asked, np.eye(3))

    def _read(self, sample_id: str) -> Grey | None:
        try:
            return grey(open_image(self._context.path(self._images[sample_id])), second_look.SIDE)
        except (ImageProblem, OSError) as problem:
            said = f"the image could be read with the corpus and no longer can: {problem}"
            self.unread[sample_id] = Hit(sample_id, said)
            return None
