"""The image shows something."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from PIL import ImageStat

from met_kg.corpus.images import ImageProblem, open_image
from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("minimum",)


def apply(samples: pd.DataFrame, context: Context, *, minimum: float) -> Iterator[Hit]:
    """Objects to images whose grey levels deviate by less than ``minimum`` (0 to 127) from their mean."""
    seen = samples[samples["phash"] != ""]
    for sample_id, image in context.log.track(
        list(zip(seen["sample_id"], seen["image"], strict=True)), "looking for blank images"
    ):
        try:
            deviation = ImageStat.Stat(open_image(context.path(image)).convert("L")).stddev[0]
        except (ImageProblem, OSError) as problem:
            yield Hit(sample_id, f"the image could be read with the corpus and no longer can: {problem}")
            continue
        if deviation < minimum:
            yield Hit(sample_id, f"the image is nearly uniform (deviation {deviation:.1f} grey levels)", deviation)
