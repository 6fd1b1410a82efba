"""Options are of about the same length."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import pandas as pd

from met_kg.synthesis.quality.context import Context, key_option, records
from met_kg.synthesis.quality.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("ratio", "least")


def apply(items: pd.DataFrame, context: Context, *, ratio: float, least: float) -> Iterator[Hit]:
    """Objects where the key is longer or shorter than the distractors' median by ``ratio`` and by ``least`` letters."""
    for item in records(items):
        key = key_option(item)
        if key < 0 or len(item["options"]) < 2:
            continue
        lengths = [len(str(o)) for o in item["options"]]
        others = median(lengths[:key] + lengths[key + 1 :])
        larger, smaller = max(lengths[key], others), max(1, min(lengths[key], others))
        if larger / smaller >= ratio and larger - smaller >= least:
            said = "longer" if lengths[key] > others else "shorter"
            name = item["options"][key]
            reason = f"the answer '{name}' is {larger / smaller:.1f} times {said} than the wrong options"
            yield Hit(item["item_id"], reason, round(larger / smaller, 2))
