"""How far the probabilities of stage 2 can be trusted, and the thresholds that a target precision asks for.

The yardstick is pairs put together wrongly on purpose, against the corpus's own pairs. No curve was fitted on either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from met_kg.models.aligners import Aligned, Fit

__all__ = ["Thresholds", "calibration", "expected_error", "precision_below", "threshold"]

Numbers = NDArray[np.float64]
_BINS: Final = 10
#: Thresholds at which the table of precision is drawn.
_GRID: Final = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities below which a pair is dropped or reviewed, and from which on it surely fits; None: no probability
    gives the precision asked for."""

    drop: float | None
    review: float | None
    sure: float | None


def precision_below(at: float, own: Numbers, wrong: Numbers, share: float) -> float:
    """Share of the corpus's pairs below a probability that are wrong, if ``share`` of all are and look like planted ones.

    That is ``share`` times the part of planted pairs below, by the part of own pairs below (one more counted, so that a
    tail of two pairs promises nothing).

    >>> own, wrong = np.linspace(0.5, 1, 99), np.linspace(0, 0.5, 100)
    >>> round(precision_below(0.5, own, wrong, 0.1), 2)
    1.0
    """
    below = (np.count_nonzero(own < at) + 1) / (len(own) + 1)
    return float(min(1.0, share * np.mean(wrong < at) / below))


def threshold(own: Numbers, wrong: Numbers, precision: float, share: float) -> float | None:
    """The largest probability below which the precision is reached; None where none reaches it."""
    for at in sorted({*own.tolist(), *wrong.tolist(), 1.0}, reverse=True):
        if np.mean(wrong < at) > 0 and precision_below(at, own, wrong, share) >= precision:
            return float(at)
    return None


def thresholds(aligned: Aligned, precision: float, review_precision: float, share: float) -> Thresholds:
    """The thresholds of a corpus for two target precisions."""
    own = np.array([fit.probability for fit in aligned.fits if fit is not None])
    wrong = np.array([fit.probability for fit in aligned.wrong])
    if not len(own) or not len(wrong):
        return Thresholds(None, None, None)
    sure = None
    for at in sorted(set(own.tolist())):
        above = np.mean(own >= at)
        if share * np.mean(wrong >= at) / above <= 1 - precision:
            sure = float(at)
            break
    return Thresholds(threshold(own, wrong, precision, share), threshold(own, wrong, review_precision, share), sure)


def expected_error(probability: Numbers, right: NDArray[np.bool_]) -> float:
    """Expected calibration error over ten bins; right and wrong pairs weigh half each.

    >>> expected_error(np.array([0.95, 0.05]), np.array([True, False]))
    0.05
    """
    return round(sum(abs(b["right"] - b["probability"]) * b["weight"] for b in _bins(probability, right)), 6)


def calibration(aligner: str, aligned: Aligned, found: Thresholds, asked: Mapping[str, float]) -> dict[str, Any]:
    """What the report draws: reliability before and after calibration, and precision by threshold. Plain numbers.

    Parameters
    ----------
    asked
        the target precisions and the share of wrong pairs that was taken.
    """
    own = [fit for fit in aligned.fits if fit is not None]
    right = np.array([True] * len(own) + [False] * len(aligned.wrong))
    every = [*own, *aligned.wrong]
    after, before = _column(every, "probability"), 1 / (1 + np.exp(-_column(every, "margin")))
    kinds = {"margin, uncalibrated": before, "caption": _column(every, "caption_probability"), "all": after}
    own_p, wrong_p = after[right], after[~right]
    return {
        "aligner": aligner,
        "pairs": len(own),
        "not_judged": len(aligned.fits) - len(own),
        "planted": len(aligned.wrong),
        "asked": dict(asked),
        "thresholds": {"drop": found.drop, "review": found.review, "sure": found.sure},
        "auroc": {name: _auroc(p[right], p[~right]) for name, p in kinds.items()},
        "expected_calibration_error": {name: expected_error(p, right) for name, p in kinds.items() if len(own)},
        "reliability": {name: _bins(p, right) for name, p in kinds.items()},
        "precision": [
            {
                "below": at,
                "own": round(float(np.mean(own_p < at)), 4),
                "planted": round(float(np.mean(wrong_p < at)), 4),
                "precision": round(precision_below(at, own_p, wrong_p, asked["wrong_share"]), 4),
            }
            for at in _GRID
            if len(own) and len(aligned.wrong)
        ],
    }


def _column(fits: Sequence[Fit], name: str) -> Numbers:
    return np.array([getattr(fit, name) for fit in fits], dtype=np.float64)


def _bins(probability: Numbers, right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Of each bin that is not empty: mean probability, share right, and its share of the weight."""
    weight = np.where(right, 0.5 / max(1, right.sum()), 0.5 / max(1, (~right).sum()))
    place = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    found = []
    for b in range(_BINS):
        mine = place == b
        if total := float(weight[mine].sum()):
            mean, share = weight[mine] @ probability[mine] / total, weight[mine] @ right[mine] / total
            found.append(
                {"probability": round(float(mean), 4), "right": round(float(share), 4), "weight": round(total, 4)}
            )
    return found


def _auroc(right: Numbers, wrong: Numbers) -> float | None:
    """Chance that a right pair stands above a wrong one; ties count half."""
    if not len(right) or not len(wrong):
        return None
    order = np.sort(wrong)
    below, upto = np.searchsorted(order, right, side="left"), np.searchsorted(order, right, side="right")
    return round(float((below + upto).mean() / 2 / len(wrong)), 4)
