"""From margins to a probability: a logistic curve that never says less for a larger margin."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve"]

Matrix = NDArray[np.floating[Any]]
#: Margins beyond this say no more.
_FAR: Final = 4.0


class Curve:
    """Logistic regression with weights of at least 0, fitted on right pairs against wrong ones, which weigh half each.

    Where larger margins do not mean a better fit, all weights are 0 and every pair gets one half: the aligner has
    learnt nothing, and says so.

    Parameters
    ----------
    right, wrong
        margins, shape (pairs, margins).
    hard
        which of the wrong pairs are as hard to tell as those to be found. The weights are fitted on all of them, so
        that easy ones are known, too; level and slope of the probability on these alone, or it would be too sure.
    penalty
        on the squared weights, of margins in units of their deviation, beside the mean log loss.
    """

    def __init__(self, right: Matrix, wrong: Matrix, hard: NDArray[np.bool_], *, penalty: float = 0.003) -> None:
        values = np.concatenate([right, wrong])
        self._mean, self._spread = values.mean(axis=0), values.std(axis=0) + 1e-6
        self.weights = _logistic(self._scaled(right), self._scaled(wrong), penalty)[1:]
        level, slope = _logistic(self._sum(right), self._sum(wrong[hard]), 0.0)
        self._level, self._slope = float(level), float(slope)

    def __call__(self, margins: Matrix) -> NDArray[np.float64]:
        """Probability that each pair belongs together."""
        return np.asarray(1 / (1 + np.exp(-(self._level + self._slope * self._sum(margins)[:, 0]))))

    def _sum(self, margins: Matrix) -> NDArray[np.float64]:
        return np.asarray(self._scaled(margins) @ self.weights[:, None])

    def _scaled(self, margins: Matrix) -> NDArray[np.float64]:
        return np.asarray(np.clip((margins - self._mean) / self._spread, -_FAR, _FAR), dtype=np.float64)


def _logistic(right: NDArray[np.float64], wrong: NDArray[np.float64], penalty: float) -> NDArray[np.float64]:
    """Level and weights (at least 0) of the least log loss, right and wrong weighing half each."""
    from scipy.optimize import minimize

    given = np.concatenate([right, wrong])
    label = np.concatenate([np.ones(len(right)), -np.ones(len(wrong))])
    weight = np.concatenate([np.full(len(right), 0.5 / len(right)), np.full(len(wrong), 0.5 / len(wrong))])

    def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        signed = label * (given @ at[1:] + at[0])
        pull = -weight * label / (1 + np.exp(signed))
        total = float(weight @ np.logaddexp(0, -signed) + penalty * at[1:] @ at[1:])
        return total, np.concatenate([[pull.sum()], pull @ given + 2 * penalty * at[1:]])

    bounds = [(None, None)] + [(0.0, None)] * given.shape[1]
    found: Any = minimize(loss, np.zeros(given.shape[1] + 1), jac=True, bounds=bounds, method="L-BFGS-B")
    return np.asarray(found.x)
