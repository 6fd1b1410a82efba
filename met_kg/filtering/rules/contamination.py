"""No image of a benchmark."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.hashes import HashIndex
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("distance",)


def apply(samples: pd.DataFrame, context: Context, *, distance: float) -> Iterator[Hit]:
    """Objects to images with the bytes of a benchmark image, or a perceptual hash within ``distance`` bits of one."""
    exact = {b.sha256: b for b in context.benchmarks}
    hashed = [b for b in context.benchmarks if b.phash]
    near = HashIndex([b.phash for b in hashed], distance=int(distance)).near(
        [h for h in samples["phash"] if h] if hashed else []
    )
    hits = iter(near)
    for sample_id, sha256, phash in zip(samples["sample_id"], samples["sha256"], samples["phash"], strict=True):
        found = next(hits, []) if phash else []
        if sha256 and sha256 in exact:
            same = exact[sha256]
            yield Hit(sample_id, f"the image is {same.name} of benchmark {same.benchmark}", 0)
        elif found:
            place, bits = found[0]
            like = hashed[place]
            yield Hit(sample_id, f"the image is within {bits} bits of {like.name} of benchmark {like.benchmark}", bits)
