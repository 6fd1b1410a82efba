"""Several rankings of samples -> one, by reciprocal rank fusion (Cormack 2009) with a weight for each ranking.

Samples of the same score share the best of their ranks. Weights are those of ``data/rankings.tsv``; where labels say
which samples are right for some nodes, they are learned from these by coordinate ascent (Metzler and Croft 2007): one
weight after the other is tried larger and smaller, and what finds most of the right samples, highest up, is kept. What
else was tried is in ``docs/experiments/retrieval.md``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Example", "Ranking", "Weights", "default_weights", "fuse", "halves", "learn", "quality", "ranks"]

Weights = Mapping[str, float]

#: What a weight is multiplied by, in turn; a weight of zero starts again from this.
_STEPS: Final = (0.0, 0.5, 0.75, 4 / 3, 2.0, 4.0)
_START: Final = 0.25
_PASSES: Final = 3
#: Less of a gain than this is chance.
_GAIN: Final = 2e-4
#: Only the best samples by the stated weights are looked at while learning.
_CANDIDATES: Final = 1500


@dataclass(frozen=True, slots=True)
class Ranking:
    """Samples (rows of the index) with a score above zero each, in no order."""

    rows: NDArray[np.int32]
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Example:
    """A node's rankings and the rows that are right, for :func:`learn`."""

    rankings: Mapping[str, Ranking]
    relevant: frozenset[int]


@lru_cache(maxsize=1)
def default_weights() -> Weights:
    """The weights of ``data/rankings.tsv``."""
    text = (resources.files("met_kg.retrieval.data") / "rankings.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return MappingProxyType({name: float(weight) for name, weight, _ in rows})


def ranks(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Rank of each score from 1, largest first; equal scores share the best rank.

    >>> ranks(np.array([0.5, 0.9, 0.5, 0.1], dtype=np.float32)).tolist()
    [2, 1, 2, 4]
    """
    rounded = -np.round(scores, 5)
    return np.searchsorted(np.sort(rounded), rounded, side="left") + 1


def fuse(rankings: Mapping[str, Ranking], weights: Weights, rank_constant: int) -> Ranking:
    """Every sample that a ranking has, with the sum of ``weight / (rank_constant + rank)`` over the rankings."""
    rows, values = _reciprocal(rankings, tuple(weights), rank_constant)
    scores = values @ np.array([weights[name] for name in weights], dtype=np.float32)
    kept = scores > 0
    return Ranking(rows[kept], scores[kept])


def halves(groups: Sequence[str], seed: int) -> NDArray[np.int64]:
    """0 or 1 for each item, so that items of a group are on one side and the sides are of much the same size."""
    sizes = Counter(groups)
    names = sorted(sizes)
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    side: dict[str, int] = {}
    totals = [0, 0]
    for group in sorted(order, key=lambda g: -sizes[g]):
        side[group] = int(totals[1] < totals[0])
        totals[side[group]] += sizes[group]
    return np.array([side[g] for g in groups], dtype=np.int64)


def quality(right: NDArray[np.bool_], relevant: int) -> dict[str, float]:
    """nDCG@10, recall@100 and average precision of a ranking, given as right or wrong from its top; 0 to 1 each.

    >>> quality(np.array([True, False, True]), 2)
    {'ndcg@10': 0.9197, 'recall@100': 1.0, 'ap': 0.8333}
    """
    discount = 1 / np.log2(np.arange(2, 12))
    places = np.flatnonzero(right)
    best = discount[: min(10, relevant)].sum()
    top = right[:10]
    found = {
        "ndcg@10": (top * discount[: len(top)]).sum() / best,
        "recall@100": right[:100].sum() / relevant,
        "ap": ((np.arange(len(places)) + 1) / (places + 1)).sum() / relevant,
    }
    return {name: round(float(value), 4) for name, value in found.items()}


def learn(examples: Iterable[Example], rank_constant: int, start: Weights | None = None) -> Weights:
    """The weights that make :func:`quality` (its three measures added up) largest, in the mean over the examples.

    A node without a right sample teaches nothing; without an example the weights stay as they are.
    """
    stated = start or default_weights()
    names = tuple(stated)
    weights = np.array([stated[name] for name in names], dtype=np.float32)
    tables = []
    for example in examples:
        rows, values = _reciprocal(example.rankings, names, rank_constant)
        if len(rows) and example.relevant:
            # A stable order by the stated weights: equal sums later on keep it, so that nothing hangs on memory layout.
            first = np.argsort(-np.round(values @ weights, 7), kind="stable")[:_CANDIDATES]
            right = np.isin(rows[first], np.array(sorted(example.relevant)))
            tables.append((values[first], right, len(example.relevant)))
    if not tables:
        return stated

    def value(of: NDArray[np.float32]) -> float:
        total = 0.0
        for values, right, relevant in tables:
            order = np.argsort(-np.round(values @ of, 7), kind="stable")
            total += sum(quality(right[order], relevant).values())
        return total / len(tables)

    best = value(weights)
    for _ in range(_PASSES):
        before = best
        for i in range(len(weights)):
            if not any(values[:, i].any() for values, _, _ in tables):
                continue
            ways = []
            for step in _STEPS:
                tried = weights.copy()
                tried[i] = (tried[i] or _START) * step
                ways.append((value(tried), step, tried))
            reached, _, tried = max(ways, key=lambda way: way[:2])
            if reached > best + _GAIN:
                best, weights = reached, tried
        if best - before < _GAIN:
            break
    return MappingProxyType({name: round(float(w), 4) for name, w in zip(names, weights, strict=True)})


def _reciprocal(
    rankings: Mapping[str, Ranking], names: Sequence[str], rank_constant: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """All rows that these rankings have, and ``1 / (rank_constant + rank)`` of each in each; 0 where it is not."""
    used = [(column, rankings[name]) for column, name in enumerate(names) if name in rankings]
    if not used:
        return np.empty(0, np.int32), np.empty((0, len(names)), np.float32)
    rows = np.unique(np.concatenate([ranking.rows for _, ranking in used]))
    values = np.zeros((len(rows), len(names)), np.float32)
    for column, ranking in used:
        values[np.searchsorted(rows, ranking.rows), column] = 1.0 / (rank_constant + ranks(ranking.scores))
    return rows, values
