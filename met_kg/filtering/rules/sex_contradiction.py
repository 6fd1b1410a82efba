"""No organ of the other sex. The rule is the query filter/sex-contradiction."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.queries import pairs
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS: tuple[str, ...] = ()


def apply(samples: pd.DataFrame, context: Context) -> Iterator[Hit]:
    """Objects to samples that show an organ which a patient of the stated sex does not have."""
    sex = dict(zip(samples["sample_id"], samples["sex"], strict=True))
    for sample_id, said, organ in pairs(context, "filter/sex-contradiction", samples):
        where = said if said == organ else f"{said} of {organ}"
        yield Hit(sample_id, f"the text shows {where}, the metadata give the patient's sex as {sex[sample_id]}")
