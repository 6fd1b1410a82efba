"""No caption twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pandas as pd

from met_kg.filtering.context import Context
from met_kg.filtering.near_texts import near_texts
from met_kg.filtering.phrases import words_of
from met_kg.filtering.queries import by_worth
from met_kg.filtering.rules import Hit

__all__ = ["COLUMNS", "PARAMETERS", "apply"]

PARAMETERS = ("similarity", "shortest")
COLUMNS = ("sample_id", "caption")


def apply(samples: pd.DataFrame, context: Context, *, similarity: float, shortest: float) -> Iterator[Hit]:
    """Objects to captions of ``shortest`` words or more that say what a better sample's caption says.

    That is: the same words in the same order, or phrases of three words shared by ``similarity`` (Jaccard) or more.
    Better is who has the longer, or else the earlier caption; captions are kept greedily.
    """
    first: dict[str, str] = {}  # the words of a caption and the best sample that has it, best first
    copies: list[tuple[str, str]] = []
    for sample_id, caption in by_worth(samples, "caption"):
        words = words_of(caption)
        if len(words) >= shortest:
            said = " ".join(words)
            if said in first:
                copies.append((sample_id, said))
            else:
                first[said] = sample_id
    texts, ids = list(first), list(first.values())
    better: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for one, other, value in near_texts(texts, similarity=similarity):
        better[other].append((-value, one))
    instead: dict[int, tuple[float, int]] = {}  # place of a text -> less the likeness, place of the one that is kept
    for place in sorted(better):
        kept = [(value, one) for value, one in better[place] if one not in instead]
        if kept:
            value, one = instead[place] = min(kept)
            shared = f"the caption shares {-value:.0%} of its three-word phrases with that of sample {ids[one]}"
            yield Hit(ids[place], shared, -value)
    for sample_id, said in copies:
        yield Hit(sample_id, f"the caption says what that of sample {first[said]} says, word by word", 1)
