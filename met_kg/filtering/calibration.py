"""How far the probabilities of stage 2 can be trusted, and the thresholds that a target precision asks for.

The yardstick is pairs put together wrongly on purpose, within a corpus, against the corpus's own pairs, by curves that
were fitted on neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from met_kg.models.aligners import Aligned, Fit

__all__ = ["Thresholds", "calibration", "expected_error", "thresholds", "wrong_chance"]

Numbers = NDArray[np.float64]
_BINS: Final = 10
#: So few pairs are no reason for a threshold.
_FEW: Final = 5
#: Thresholds at which the table of precision is drawn.
_GRID: Final = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities below which a pair is dropped or reviewed, and from which on it surely fits; None: no probability
    gives the precision that is asked for."""

    drop: float | None
    review: float | None
    sure: float | None


def wrong_chance(probability: Numbers, share: float) -> Numbers:
    """Chance that a pair is wrong if ``share`` of the corpus is, and wrong pairs are like planted ones.

    A probability p is that of an own pair against a planted one. So p / (1 - p) is how much denser own pairs are here,
    and of these ``share`` times the planted density are wrong (Elkan and Noto 2008: own pairs are a mixture).

    >>> wrong_chance(np.array([0.9, 0.5, 0.2, 0.01]), 0.1).round(2).tolist()
    [0.01, 0.1, 0.4, 1.0]
    """
    return np.asarray(np.minimum(1.0, share * (1 - probability) / np.maximum(probability, 1e-9)))


def thresholds(aligned: Aligned, precision: float, review_precision: float, share: float) -> Thresholds:
    """The thresholds of a corpus for two target precisions, if ``share`` of its pairs are wrong.

    Of the pairs below a threshold as many are expected to be wrong as the mean of :func:`wrong_chance` says. A pair is
    sure where its own chance to be right is as large as ``precision``.
    """
    own = np.sort([fit.probability for fit in aligned.fits if fit is not None])
    if not len(own) or not len(aligned.wrong):
        return Thresholds(None, None, None)
    wrong = wrong_chance(own, share)
    sure = share / max(share + 1 - precision, 1e-9)
    return Thresholds(_below(own, wrong, precision), _below(own, wrong, review_precision), sure)


def _below(own: Numbers, wrong: Numbers, precision: float) -> float | None:
    """The probability up to which pairs can be taken, lowest first; None when not the first few can."""
    reached = np.flatnonzero(np.cumsum(wrong) / np.arange(1, len(own) + 1) >= precision)
    if not len(reached) or reached[-1] + 1 < min(_FEW, len(own)):
        return None
    return float(np.nextafter(own[reached[-1]], 1.0))


def expected_error(probability: Numbers, right: NDArray[np.bool_]) -> float:
    """Expected calibration error over ten bins; right and wrong pairs weigh half each.

    >>> expected_error(np.array([0.95, 0.05]), np.array([True, False]))
    0.05
    """
    return round(sum(abs(b["right"] - b["probability"]) * b["weight"] for b in _bins(probability, right)), 4)


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
    chance = wrong_chance(own_p, asked["wrong_share"])
    return {
        "aligner": aligner,
        "pairs": len(own),
        "not_judged": len(aligned.fits) - len(own),
        "planted": len(aligned.wrong),
        "asked": dict(asked),
        "thresholds": {
            n: None if (at := getattr(found, n)) is None else round(at, 4) for n in ("drop", "review", "sure")
        },
        "auroc": {name: _auroc(p[right], p[~right]) for name, p in kinds.items()},
        "expected_calibration_error": {name: expected_error(p, right) for name, p in kinds.items() if len(own)},
        "reliability": {name: _bins(p, right) for name, p in kinds.items()},
        "precision": [
            {
                "below": at,
                "own": round(float(np.mean(own_p < at)), 4),
                "planted": round(float(np.mean(wrong_p < at)), 4),
                "precision": round(float(chance[own_p < at].mean()), 4),
            }
            for at in _GRID
            if (own_p < at).any() and len(aligned.wrong)
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
