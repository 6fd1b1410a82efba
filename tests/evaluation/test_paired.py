"""Paired statistics beside a second source, and where resampling cannot tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap, permutation_test

from met_kg.statistics import mcnemar, paired_difference, swapped_clusters


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
