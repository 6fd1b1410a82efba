"""The image is no logo, icon or clip art."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.queries import measured
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("flat", "shaded")


def apply(samples: pd.DataFrame, context: Context, *, flat: float, shaded: float) -> Iterator[Hit]:
    """Objects to images with at least this share of flat areas and at most this share of shaded ones."""
    for sample_id, share, shading in measured(samples, "flat_share", "shaded_share"):
        if share >= flat and shading <= shaded:
            reason = f"the image is a logo or icon: {share:.0%} flat areas, {shading:.1%} shading"
            yield Hit(sample_id, reason, shading)
