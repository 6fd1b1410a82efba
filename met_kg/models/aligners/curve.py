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
    """Logistic regression with weights of at least 0: own pairs against wrong ones, half of the weight each.

    Where larger margins do not mean a better fit, all weights are 0 and every pair gets one half: the aligner has
    learnt nothing, and says so.

    Parameters
    ----------
    own, wrong
        margins, shape (pairs, margins).
    trusted, hard
        which own pairs look right, and which of the wrong ones are as hard to tell as those to be found. The weights
        are fitted on the trusted against all wrong ones, which teach most; level and slope on all own pairs against the
        hard ones, or the probability would promise too much.
    penalty
        on the squared weights, of margins in units of their deviation, beside the mean log loss.
    """

    def __init__(
        self,
        own: Matrix,
        wrong: Matrix,
        trusted: NDArray[np.bool_],
        hard: NDArray[np.bool_],
        *,
        penalty: float = 0.003,
    ) -> None:
        values = np.concatenate([own, wrong])
        self._mean, self._spread = values.mean(axis=0), values.std(axis=0) + 1e-6
        self.weights = _logistic(self._scaled(own[trusted]), self._scaled(wrong), penalty)[1:]
        level, slope = _logistic(self._sum(own), self._sum(wrong[hard]), 0.0)
        self._level, self._slope = float(level), float(slope)

    def __call__(self, margins: Matrix) -> NDArray[np.float64]:
        """Probability that each pair is one of the corpus's own and not one put together wrongly."""
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
