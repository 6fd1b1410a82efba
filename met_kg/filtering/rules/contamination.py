"""No image of a benchmark."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.corpus.images import ImageProblem, open_image
from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("similarity", "candidates", "agreement")


def apply(
    samples: pd.DataFrame, context: Context, *, similarity: float, candidates: float, agreement: float
) -> Iterator[Hit]:
    """Objects to images with the bytes of a benchmark image, and to altered copies of one.

    A benchmark image whose coarse description is like the image's (cosine of ``similarity`` or more; the likest
    ``candidates`` of them) gets a second look; the two are the same when their fine structure agrees by ``agreement``.
    """
    benchmarks = context.benchmarks
    if not benchmarks.images:
        return
    columns = (samples[name] for name in ("sample_id", "image", "sha256", "phash"))
    for sample_id, image, sha256, phash in zip(*columns, strict=True):
        if sha256 in benchmarks.by_bytes:
            same = benchmarks.by_bytes[sha256]
            yield Hit(sample_id, f"the image is {same.name} of benchmark {same.benchmark}", 1)
            continue
        if not phash:  # it did not decode
            continue
        try:
            picture = open_image(context.path(image))
        except (ImageProblem, OSError) as problem:
            yield Hit(sample_id, f"the image could be read with the corpus and no longer can: {problem}")
            continue
        copies = benchmarks.copies(picture, similarity=similarity, candidates=int(candidates), least=agreement)
        found = next(copies, None)
        if found is not None:
            same, value = found
            said = f"the image is {same.name} of benchmark {same.benchmark}, altered"
            yield Hit(sample_id, f"{said}: their fine structure agrees by {value:.2f}", value)
