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
    """Logistic regression with weights of at least 0, fitted on right pairs against wrong ones; each have half the weight.

    Where larger margins do not mean a better fit, all weights are 0 and every pair gets one half: the aligner has
    learnt nothing, and says so.

    Parameters
    ----------
    right, wrong
        margins, shape (pairs, margins).
    penalty
        on the squared weights, of margins in units of their deviation, beside the mean log loss.
    """

    def __init__(self, right: Matrix, wrong: Matrix, *, penalty: float = 0.003) -> None:
        from scipy.optimize import minimize

        values = np.concatenate([right, wrong])
        self._mean, self._spread = values.mean(axis=0), values.std(axis=0) + 1e-6
        given = self._scaled(values)
        label = np.concatenate([np.ones(len(right)), -np.ones(len(wrong))])
        weight = np.concatenate([np.full(len(right), 0.5 / len(right)), np.full(len(wrong), 0.5 / len(wrong))])

        def loss(at: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            signed = label * (given @ at[1:] + at[0])
            pull = -weight * label / (1 + np.exp(signed))
            total = float(weight @ np.logaddexp(0, -signed) + penalty * at[1:] @ at[1:])
            return total, np.concatenate([[pull.sum()], pull @ given + 2 * penalty * at[1:]])

        start = np.zeros(values.shape[1] + 1)
        bounds = [(None, None)] + [(0.0, None)] * values.shape[1]
        self._at = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
        self.weights = self._at[1:]

    def __call__(self, margins: Matrix) -> NDArray[np.float64]:
        """Probability that each pair belongs together."""
        return np.asarray(1 / (1 + np.exp(-(self._scaled(margins) @ self._at[1:] + self._at[0]))))

    def _scaled(self, margins: Matrix) -> NDArray[np.float64]:
        return np.clip((margins - self._mean) / self._spread, -_FAR, _FAR).astype(np.float64)
