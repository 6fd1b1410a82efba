"""Intervals and comparisons: bootstrap clustered by image, McNemar's exact test, Holm's correction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "accuracy_interval",
    "clustered_interval",
    "clustered_intervals",
    "crossed_interval",
    "exact_interval",
    "exact_intervals",
    "holm",
    "mcnemar",
    "paired_difference",
    "swapped_clusters",
]

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
    found = clustered_intervals([values], clusters, weights=weights, rounds=rounds, seed=seed, level=level)
    return found[0] if found else None


def clustered_intervals(
    rows: Sequence[Sequence[float | bool]],
    clusters: Sequence[str],
    *,
    weights: Sequence[float] | None = None,
    rounds: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> list[list[float]]:
    """:func:`clustered_interval` of several measures of the same items: clusters are drawn once for all of them.
    Empty for no items.

    >>> clustered_intervals([[1, 1], [0, 0]], ["a", "b"])
    [[1.0, 1.0], [0.0, 0.0]]
    """
    if not clusters:
        return []
    same = weights if weights is not None else [1.0] * len(clusters)
    sums = [_sums([float(v) for v in values], clusters, same) for values in rows]
    size = sums[0][1] if sums else np.empty(0)
    rng = np.random.default_rng(seed)
    means = np.empty((len(sums), rounds))
    step = max(1, _DRAWS // len(set(clusters)))  # a benchmark of 90,000 images is not drawn 2,000 times at once
    for start in range(0, rounds if sums else 0, step):
        drawn = rng.integers(0, len(size), size=(min(step, rounds - start), len(size)))
        items = size[drawn].sum(axis=1)
        for row, (total, _) in enumerate(sums):
            means[row, start : start + step] = total[drawn].sum(axis=1) / items
    ends = [np.quantile(row, [(1 - level) / 2, (1 + level) / 2]) for row in means]
    return [[round(float(low), 6), round(float(high), 6)] for low, high in ends]


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
    return exact_intervals(right, clusters, [range(len(right))], level=level)[0]


def exact_intervals(
    right: Sequence[bool], clusters: Sequence[str], sets: Sequence[Sequence[int]], *, level: float = 0.95
) -> list[list[float]]:
    """:func:`exact_interval` of each of many sets of items, given as their places, none of them empty.

    >>> exact_intervals([True, False] * 10, [str(i) for i in range(20)], [range(20), [0, 2]])
    [[0.266285, 0.733715], [0.158114, 1.0]]
    """
    from scipy.stats import beta

    names = {name: i for i, name in enumerate(dict.fromkeys(clusters))}
    where, hit = np.array([names[c] for c in clusters], dtype=np.int64), np.asarray(right, dtype=np.float64)
    hits, worth = np.empty(len(sets)), np.empty(len(sets))
    for place, items in enumerate(sets):
        at = np.asarray(items, dtype=np.int64)
        _, group = np.unique(where[at], return_inverse=True)
        total, size = np.bincount(group, weights=hit[at]), np.bincount(group)
        groups, count = len(size), len(at)
        share = float(total.sum()) / count
        spread = float(((total - share * size) ** 2).sum()) / count**2 * (groups / max(1, groups - 1))
        worth[place] = groups
        if 0 < share < 1 and groups > 1:
            worth[place] = min(count, share * (1 - share) / spread) if spread else count
        hits[place] = share * worth[place]
    tail = (1 - level) / 2
    low = np.where(hits > 0, beta.ppf(tail, hits, worth - hits + 1), 0.0)
    high = np.where(hits < worth, beta.ppf(1 - tail, hits + 1, worth - hits), 1.0)
    return [[round(float(a), 6), round(float(b), 6)] for a, b in zip(low, high, strict=True)]


def paired_difference(
    first: Sequence[bool], second: Sequence[bool], clusters: Sequence[str], *, rounds: int = 2000, seed: int = 0
) -> dict[str, float]:
    """Mean difference second - first on the same items, with its clustered 95 % interval.

    Where all differences are the same (two models that agree everywhere) resampling cannot tell how far the truth may
    be: then the interval goes as far as one cluster in so many could be otherwise (Clopper and Pearson).

    Raises
    ------
    ValueError
        when there are no items.

    >>> paired_difference([True, False, True], [True, False, True], ["a", "b", "c"])
    {'difference': 0.0, 'low': -0.707598, 'high': 0.707598}
    """
    if not first:
        raise ValueError("no items to compare")
    differences = [float(b) - float(a) for a, b in zip(first, second, strict=True)]
    mean = float(np.mean(differences))
    if len(set(differences)) == 1:
        low, high = _all_alike(mean, clusters)
        return {"difference": mean, "low": low, "high": high}
    low, high = clustered_interval(differences, clusters, rounds=rounds, seed=seed) or (math.nan, math.nan)
    return {"difference": mean, "low": low, "high": high}


def _all_alike(mean: float, clusters: Sequence[str]) -> tuple[float, float]:
    """How far the truth may be from a difference that is the same on all items."""
    # Some of the share that may be otherwise could even differ the other way round.
    _, reach = accuracy_interval([False] * len(clusters), clusters) or (0.0, 1.0)
    reach *= 1 + abs(mean)
    return max(-1.0, mean - reach), min(1.0, mean + reach)


def crossed_interval(
    values: Sequence[Sequence[float | bool]], clusters: Sequence[str], *, rounds: int = 9999, seed: int = 0
) -> dict[str, float]:
    """Mean over seeds and items with its 95 % interval, for another draw of seeds and of clusters (images, patients).

    Both are resampled, each by itself, in every round: the pigeonhole bootstrap (Owen 2007, arXiv 0712.1111), which
    errs on the wide side for clusters. Of n seeds, as of any n, a percentile bootstrap sees (n - 1) / n of the
    variance: with five seeds that part of the interval is a tenth too short. Where all values are the same it goes as
    far as in :func:`paired_difference`.

    Parameters
    ----------
    values
        a row for each seed, with a value (right or wrong, or a difference of the two) for each item.
    clusters
        of the items.

    Raises
    ------
    ValueError
        when there is no seed or no item.

    >>> crossed_interval([[0, 0], [1, 1]], ["a", "b"])  # nothing but the seeds differ
    {'mean': 0.5, 'low': 0.0, 'high': 1.0}
    >>> crossed_interval([[0, 0, 0], [0, 0, 0]], ["a", "b", "c"])
    {'mean': 0.0, 'low': -0.707598, 'high': 0.707598}
    """
    if not values or not clusters:
        raise ValueError("no items to compare")
    rows = [_sums([float(v) for v in row], clusters, [1.0] * len(clusters)) for row in values]
    total, size = np.array([sums for sums, _ in rows]), rows[0][1]
    mean = round(float(total.sum() / (len(rows) * size.sum())), 6)
    if len({float(v) for row in values for v in row}) == 1:
        low, high = _all_alike(mean, clusters)
        return {"mean": mean, "low": round(low, 6), "high": round(high, 6)}
    rng = np.random.default_rng(seed)
    means = np.empty(rounds)
    step = max(1, _DRAWS // len(size))
    for start in range(0, rounds, step):
        part = min(step, rounds - start)
        seeds = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=part)
        drawn = rng.multinomial(len(size), np.full(len(size), 1 / len(size)), size=part)
        hits = ((seeds @ total) * drawn).sum(axis=1)
        means[start : start + part] = hits / (len(rows) * (drawn @ size))
    low, high = np.quantile(means, [0.025, 0.975])
    return {"mean": mean, "low": round(float(low), 6), "high": round(float(high), 6)}


def swapped_clusters(
    first: Sequence[float | bool],
    second: Sequence[float | bool],
    clusters: Sequence[str],
    *,
    rounds: int = 9999,
    seed: int = 0,
) -> float:
    """Two-sided p-value of a randomisation test: if neither of two models were better, the two could change places on
    any image, all of its questions together. Unlike McNemar's test it holds where questions on one image go together.

    Counts of right answers over several trainings may stand in place of right and wrong: whole numbers, so that equally
    extreme orders are found equal. Monte Carlo with the observed order counted in, so that it is never 0 (Phipson and
    Smyth 2010).

    >>> swapped_clusters([True] * 6, [False] * 6, ["a", "a", "b", "b", "c", "c"])  # exact: 0.25
    0.2441
    """
    gaps = [float(b) - float(a) for a, b in zip(first, second, strict=True)]
    total, _ = _sums(gaps, clusters, [1.0] * len(gaps))
    total = total[total != 0]
    rng = np.random.default_rng(seed)
    as_far, step = 0, max(1, _DRAWS // max(1, len(total)))
    for start in range(0, rounds, step):
        signs = rng.integers(0, 2, size=(min(step, rounds - start), len(total))) * 2 - 1
        as_far += int((np.abs(signs @ total) >= abs(total.sum())).sum())
    return round((1 + as_far) / (1 + rounds), 6)


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
