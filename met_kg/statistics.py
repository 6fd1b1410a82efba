"""Intervals and comparisons: bootstrap clustered by image, McNemar's exact test, Holm's correction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["accuracy_interval", "clustered_interval", "exact_interval", "holm", "mcnemar", "paired_difference"]

#: Clusters drawn at a time by the bootstrap (32 MB an array).
_DRAWS: Final = 2**22


def _sums(
    values: Sequence[float], clusters: Sequence[str], weights: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each cluster, in order of appearance: the weighted sum of its values, and its weight."""
    names = {name: i for i, name in enumerate(dict.fromkeys(clusters))}
    where = np.array([names[c] for c in clusters], dtype=np.int64)
    weight = np.asarray(weights, dtype=np.float64)
    total = np.bincount(where, weights=weight * np.asarray(values, dtype=np.float64), minlength=len(names))
    size = np.bincount(where, weights=weight, minlength=len(names))
    return total.astype(np.float64), size.astype(np.float64)


def clustered_interval(
    values: Sequence[float | bool],
    clusters: Sequence[str],
    *,
    weights: Sequence[float] | None = None,
    rounds: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> list[float] | None:
    """Percentile bootstrap interval of the (weighted) mean, resampling whole clusters (images): questions on one image
    are no independent trials. None for no items.

    >>> clustered_interval([1, 1, 1], ["a", "b", "c"])
    [1.0, 1.0]
    """
    if not values:
        return None
    total, size = _sums([float(v) for v in values], clusters, weights if weights is not None else [1.0] * len(values))
    rng = np.random.default_rng(seed)
    means = np.empty(rounds)
    step = max(1, _DRAWS // len(size))  # a benchmark of 90,000 images is not drawn 2,000 times at once
    for start in range(0, rounds, step):
        drawn = rng.integers(0, len(size), size=(min(step, rounds - start), len(size)))
        means[start : start + step] = total[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return [round(float(low), 6), round(float(high), 6)]


def accuracy_interval(right: Sequence[bool], clusters: Sequence[str], *, level: float = 0.95) -> list[float] | None:
    """Interval of an accuracy: the clustered bootstrap, or, where all is right or all is wrong and resampling cannot
    tell, Clopper and Pearson's exact one with each cluster as one trial. None for no items.

    >>> accuracy_interval([False] * 4, ["a", "a", "b", "c"])
    [0.0, 0.707598]
    """
    if not right or len(set(right)) > 1:
        return clustered_interval(right, clusters, level=level)
    reach = round(1 - ((1 - level) / 2) ** (1 / len(set(clusters))), 6)
    return [round(1 - reach, 6), 1.0] if right[0] else [0.0, reach]


def exact_interval(right: Sequence[bool], clusters: Sequence[str], *, level: float = 0.95) -> list[float]:
    """Korn and Graubard's interval of an accuracy: Clopper and Pearson's exact one with as many trials as the clustered
    items are worth (accuracy times error over its variance between clusters; at most the items, and the clusters where
    all is right or all is wrong). Unlike the bootstrap it holds far out in the tails: for many looks at once.

    >>> exact_interval([True, False] * 10, [str(i) for i in range(20)])
    [0.266285, 0.733715]
    >>> exact_interval([True] * 10 + [False] * 10, ["a"] * 5 + ["b"] * 5 + ["c"] * 5 + ["d"] * 5)
    [0.038748, 0.961252]
    """
    from scipy.stats import beta

    total, size = _sums([float(r) for r in right], clusters, [1.0] * len(right))
    groups, items = len(size), len(right)
    share = float(total.sum()) / items
    spread = float(((total - share * size) ** 2).sum()) / items**2 * (groups / max(1, groups - 1))
    worth: float = groups
    if 0 < share < 1 and groups > 1:
        worth = min(items, share * (1 - share) / spread) if spread else items
    tail, hits = (1 - level) / 2, share * worth
    low = float(beta.ppf(tail, hits, worth - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, worth - hits)) if hits < worth else 1.0
    return [round(low, 6), round(high, 6)]


def paired_difference(
    first: Sequence[bool], second: Sequence[bool], clusters: Sequence[str], *, rounds: int = 2000, seed: int = 0
) -> dict[str, float]:
    """Mean difference second - first on the same items, with its clustered 95 % interval."""
    differences = [float(b) - float(a) for a, b in zip(first, second, strict=True)]
    interval = clustered_interval(differences, clusters, rounds=rounds, seed=seed) or [math.nan, math.nan]
    return {"difference": float(np.mean(differences)), "low": interval[0], "high": interval[1]}


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Exact two-sided p-value of McNemar's test on paired right/wrong answers.

    >>> round(mcnemar([True] * 5, [False] * 5), 4)
    0.0625
    """
    only_first = sum(a and not b for a, b in zip(first, second, strict=True))
    only_second = sum(b and not a for a, b in zip(first, second, strict=True))
    n, k = only_first + only_second, min(only_first, only_second)
    tail: float = sum(math.comb(n, i) for i in range(k + 1)) / 2**n
    return min(1.0, 2 * tail)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm-corrected p-values, in the given order.

    >>> holm([0.01, 0.04])
    [0.02, 0.04]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, running = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted
