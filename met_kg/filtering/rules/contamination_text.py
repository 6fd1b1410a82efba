"""No text of a benchmark."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.rules import Hit

__all__ = ["PARAMETERS", "apply"]

PARAMETERS = ("shortest", "longest", "common")


def apply(samples: pd.DataFrame, context: Context, *, shortest: float, longest: float, common: float) -> Iterator[Hit]:
    """Objects to captions and contexts that share a phrase with a benchmark's question, answer or caption.

    A phrase is ``longest`` words in a row, or a whole text of at least ``shortest``; phrases that stand in more than
    ``common`` different texts of benchmarks are templates and do not count.
    """
    texts = context.benchmarks.texts
    phrases = context.benchmarks.phrases(shortest=int(shortest), longest=int(longest), common=int(common))
    found: dict[int, str] = {}
    for column in ("caption", "context"):
        for shared in phrases.shared(samples[column].tolist()):
            held = texts[shared.held]
            said = f"the {column} says '{shared.phrase}', as {held.where} of benchmark {held.benchmark} does"
            found.setdefault(shared.asked, said)
    ids = samples["sample_id"].tolist()
    for place in sorted(found):
        yield Hit(ids[place], found[place])
