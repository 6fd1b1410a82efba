from __future__ import annotations

import json

import numpy as np
import pytest

from met_kg.filtering.calibration import calibration, expected_error, thresholds, wrong_chance
from met_kg.models.aligners import Aligned, Fit

ASKED = {"precision": 0.95, "review_precision": 0.6, "wrong_share": 0.2}


def corpus(n: int = 1000, share: float = 0.2, apart: float = 3.0, seed: int = 0) -> tuple[Aligned, np.ndarray]:
    """A corpus of which a share is wrong, and as many planted pairs; probabilities are exact."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(n) < share
    margin = rng.normal(np.where(wrong, 0, apart), 1)
    planted = rng.normal(0, 1, n)

    def fits(values: np.ndarray) -> list[Fit | None]:
        denser = (1 - share) * np.exp(apart * (values - apart / 2)) + share
        p = denser / (1 + denser)
        return [Fit(0.1, float(m), float(q), float(q)) for m, q in zip(values, p, strict=True)]

    return Aligned(fits(margin), [f for f in fits(planted) if f is not None]), wrong


@pytest.mark.parametrize("precision", [0.6, 0.8, 0.95])
def test_what_is_dropped_is_as_often_wrong_as_was_asked(precision: float) -> None:
    dropped = wrong_of_them = 0
    for seed in range(5):
        aligned, wrong = corpus(seed=seed)
        at = thresholds(aligned, precision, 0.5, 0.2).drop
        assert at is not None
        below = np.array([f.probability < at for f in aligned.fits if f is not None])
        dropped, wrong_of_them = dropped + below.sum(), wrong_of_them + (below & wrong).sum()
    assert dropped > 300 and wrong_of_them / dropped == pytest.approx(precision, abs=0.04)


def test_sure_pairs_are_right(precision: float = 0.98) -> None:
    aligned, wrong = corpus(apart=2.0)
    sure = thresholds(aligned, precision, 0.5, 0.2).sure
    assert sure is not None
    above = np.array([f.probability >= sure for f in aligned.fits if f is not None])
    assert above.sum() > 100 and (~wrong[above]).mean() > precision - 0.02


def test_an_aligner_that_cannot_tell_drops_nothing() -> None:
    aligned, _ = corpus(apart=0.0)
    found = thresholds(aligned, 0.95, 0.6, 0.2)
    assert found.drop is None and found.review is None
    few = Aligned([Fit(0, 0, 0.5, p) for p in (0.001, *[0.9] * 30)], [Fit(0, 0, 0.5, 0.1)])
    assert thresholds(few, 0.95, 0.95, 0.2).drop is None, "one pair is no reason for a threshold"
    assert thresholds(Aligned([None], []), 0.95, 0.6, 0.1).drop is None


def test_a_clean_corpus_loses_little() -> None:
    aligned, _ = corpus(share=0.0)
    at = thresholds(aligned, 0.95, 0.6, 0.05).drop
    assert at is None or np.mean([f.probability < at for f in aligned.fits if f is not None]) < 0.06


def test_expected_error_is_the_gap_of_the_bins() -> None:
    right = np.array([True] * 10 + [False] * 10)
    assert expected_error(np.array([0.85] * 10 + [0.15] * 10), right) == pytest.approx(0.15)
    assert expected_error(np.full(20, 0.55), right) == pytest.approx(0.05)
    # Half of the weight is the wrong pairs', however few they are.
    assert expected_error(np.full(12, 0.55), np.array([True] * 10 + [False] * 2)) == pytest.approx(0.05)


def test_the_report_gets_plain_numbers() -> None:
    aligned, _ = corpus()
    found = calibration("a", aligned, thresholds(aligned, 0.95, 0.6, 0.2), ASKED)
    assert json.loads(json.dumps(found)) == found
    assert found["pairs"] == 1000 and found["planted"] == 1000 and found["asked"] == ASKED
    assert set(found["reliability"]) == {"margin, uncalibrated", "caption", "all"}
    for bins in found["reliability"].values():
        assert sum(b["weight"] for b in bins) == pytest.approx(1, abs=0.01)
        assert all(0 <= b["right"] <= 1 and 0 <= b["probability"] <= 1 for b in bins)
    error = found["expected_calibration_error"]
    assert error["all"] < error["margin, uncalibrated"] and found["auroc"]["all"] > 0.85
    own = np.array([f.probability for f in aligned.fits if f is not None])
    row = next(r for r in found["precision"] if r["below"] == 0.2)
    assert row["own"] == pytest.approx(np.mean(own < 0.2), abs=1e-4)
    assert row["precision"] == pytest.approx(wrong_chance(own[own < 0.2], 0.2).mean(), abs=1e-4)
