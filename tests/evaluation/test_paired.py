"""Paired statistics beside a second source, and where resampling cannot tell."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap, permutation_test

from met_kg.statistics import crossed_interval, mcnemar, paired_difference, swapped_clusters


def test_statistics_agree_with_scipy() -> None:
    rng = np.random.default_rng(3)
    first, second = ((rng.random(300) < p).tolist() for p in (0.5, 0.6))
    only = sum(a and not b for a, b in zip(first, second, strict=True))
    both = only + sum(b and not a for a, b in zip(first, second, strict=True))
    assert mcnemar(first, second) == pytest.approx(binomtest(only, both, 0.5).pvalue)
    found = paired_difference(first, second, [str(i) for i in range(300)], rounds=4000)
    differences = np.array(second, float) - np.array(first, float)
    theirs = bootstrap((differences,), np.mean, method="percentile", n_resamples=4000, rng=1).confidence_interval
    assert (found["low"], found["high"]) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_agreement_everywhere_is_no_proof_of_equality() -> None:
    found = paired_difference([True] * 20, [True] * 20, [str(i) for i in range(20)])
    reach = binomtest(0, 20).proportion_ci(0.95, "exact").high
    assert list(found.values()) == pytest.approx([0, -reach, reach], abs=1e-6)
    with pytest.raises(ValueError, match="no items"):
        paired_difference([], [], [])


def test_models_change_places_on_whole_images() -> None:
    rng = np.random.default_rng(8)
    first, second = ((rng.random(36) < p) for p in (0.4, 0.6))
    clusters = [str(i // 3) for i in range(36)]
    sums = (second.astype(float) - first).reshape(12, 3).sum(axis=1)
    theirs = permutation_test((sums, -sums), lambda a, b: (a - b).sum(), permutation_type="samples", n_resamples=np.inf)
    assert swapped_clusters(first.tolist(), second.tolist(), clusters) == pytest.approx(theirs.pvalue, abs=0.02)
    together = [True] * 15 + [False] * 15
    apart = [not x for x in together[:15]] + together[15:]
    assert mcnemar(together, apart) < 0.001, "fifteen questions"
    assert swapped_clusters(together, apart, [str(i // 5) for i in range(30)]) > 0.2, "on three images"
    assert swapped_clusters(together, together, clusters[:30]) == 1


def test_seeds_and_images_are_resampled_together() -> None:
    # Two seeds, three images of 1, 2 and 1 questions: all 4 x 27 draws are equally likely.
    values = [[1, 0, 1, 0], [1, 1, 1, -1]]
    clusters = ["a", "b", "b", "c"]
    sums, sizes = np.array([[1, 1, 0], [1, 2, -1]]), np.array([1, 2, 1])
    draws = [
        sum(sums[s, c] for s in seeds for c in images) / (2 * sum(sizes[c] for c in images))
        for seeds in product(range(2), repeat=2)
        for images in product(range(3), repeat=3)
    ]
    found = crossed_interval(values, clusters, rounds=50_000)
    assert found["mean"] == 0.5
    low, high = np.quantile(np.repeat(draws, 500), [0.025, 0.975])
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=1e-6)


def test_one_seed_is_the_bootstrap_of_images_alone() -> None:
    rng = np.random.default_rng(5)
    right = (rng.random(200) < 0.3).astype(float)
    found = crossed_interval([right.tolist()], [str(i) for i in range(200)])
    theirs = bootstrap((right,), np.mean, method="percentile", rng=2).confidence_interval
    assert (found["low"], found["high"]) == pytest.approx((theirs.low, theirs.high), abs=0.011)


def test_another_draw_of_seeds_may_be_otherwise() -> None:
    # Right everywhere or nowhere, by seed: images alone would leave no doubt.
    found = crossed_interval([[1] * 40, [0] * 40, [1] * 40], [str(i) for i in range(40)])
    assert (round(found["mean"], 3), found["low"], found["high"]) == (0.667, 0.0, 1.0)
    with pytest.raises(ValueError, match="no items"):
        crossed_interval([], [])


def test_counts_over_seeds_change_places_on_whole_images() -> None:
    rng = np.random.default_rng(4)
    first, second = (rng.binomial(5, p, 24) for p in (0.4, 0.5))
    clusters = [str(i // 2) for i in range(24)]
    sums = (second - first).reshape(12, 2).sum(axis=1)
    # All 2^12 choices of signs.
    flipped = np.array([np.dot(signs, sums) for signs in product((-1, 1), repeat=12)])
    exact = float((np.abs(flipped) >= abs(sums.sum())).mean())
    assert swapped_clusters(first.tolist(), second.tolist(), clusters) == pytest.approx(exact, abs=0.015)
