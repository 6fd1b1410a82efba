"""The aligner that needs no download: a small dual encoder trained on the corpus itself, cross-fitted and calibrated.

The pairs are dealt into folds by group. Those of a fold are judged by an encoder *and* a curve learnt from the other
folds alone (words, weights, centres and all); within these the curve is fitted on pairs that an inner encoder has not
seen. What is judged has taught its judges nothing.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from met_kg.models.aligners.curve import Curve
from met_kg.models.aligners.kernels import DualEncoder
from met_kg.models.aligners.margins import Measures, Standings, fits
from met_kg.models.aligners.pairs import Aligned, Fit, Pairs, deal
from met_kg.models.aligners.pixels import image_features

__all__ = ["BuiltInAligner", "looks"]

Indices = NDArray[np.int_]
Margins = NDArray[np.floating[Any]]
#: Pairs of a fold that a curve is fitted on, and that are put together wrongly to measure it, at most.
_ENOUGH: Final = 1500


class BuiltInAligner:
    """See the module.

    Parameters
    ----------
    folds
        outer folds; within the rest of each there is one fewer.
    doubt
        share of the pairs learnt from that fit worst when an inner encoder judges them: the final encoder and curve are
        learnt without these, so that wrong pairs teach little.
    """

    name = "built-in aligner"

    def __init__(self, *, folds: int = 5, doubt: float = 0.15) -> None:
        self.folds, self.doubt = folds, doubt

    def fit(self, pairs: Pairs, *, seed: int) -> Aligned:
        """See :class:`met_kg.models.aligners.pairs.Aligner`."""
        return self.judge(pairs, looks(pairs), seed=seed)

    def judge(self, pairs: Pairs, seen: NDArray[np.float32], *, seed: int) -> Aligned:
        """As :meth:`fit`, with the features of the images at hand."""
        found: list[Fit | None] = [None] * len(pairs)
        wrong: list[Fit] = []
        fold_of = deal(pairs.groups, self.folds, seed)
        for fold in np.unique(fold_of):
            held, rest = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
            whole, caption, trusted = self._curves(pairs, seen, rest, seed)
            standings = Standings(DualEncoder(pairs, seen, trusted, seed=seed), pairs, held, seed=seed)
            for i, fit in zip(held, fits(standings.measure(held, held), whole, caption), strict=True):
                found[i] = fit
            images, texts, hard = standings.wrong(held[:_ENOUGH])
            wrong += fits(standings.measure(images[hard], texts[hard]), whole, caption)
        return Aligned(found, wrong)

    def _curves(
        self, pairs: Pairs, seen: NDArray[np.float32], rest: Indices, seed: int
    ) -> tuple[Curve, Curve, Indices]:
        """Curves of all margins and of the caption's, and the pairs worth learning from."""
        inner = deal([pairs.groups[i] for i in rest], max(2, self.folds - 1), seed + 1)
        trusted = np.ones(len(rest), dtype=bool)
        if self.doubt:
            right, measured, wrong, hard = self._measured(pairs, seen, rest, inner, trusted, seed)
            probability = Curve(right, wrong, np.ones(len(right), dtype=bool), hard)(right)
            trusted[measured] = probability >= np.quantile(probability, self.doubt)
        right, measured, wrong, hard = self._measured(pairs, seen, rest, inner, trusted, seed)
        looks_right, caption = trusted[measured], slice(0, -Measures.OF_NODES)
        return (
            Curve(right, wrong, looks_right, hard),
            Curve(right[:, caption], wrong[:, caption], looks_right, hard),
            rest[trusted],
        )

    @staticmethod
    def _measured(
        pairs: Pairs,
        seen: NDArray[np.float32],
        rest: Indices,
        inner: Indices,
        trusted: NDArray[np.bool_],
        seed: int,
    ) -> tuple[Margins, Indices, Margins, NDArray[np.bool_]]:
        """Margins of pairs by encoders that learnt from the trusted ones of the other inner folds, the places of these
        pairs in ``rest``, margins of pairs put together wrongly, and which of these are hard."""
        right, places, wrong, hard = [], [], [], []
        for fold in np.unique(inner):
            mine = np.flatnonzero(inner == fold)
            encoder = DualEncoder(pairs, seen, rest[(inner != fold) & trusted], seed=seed)
            standings = Standings(encoder, pairs, rest[mine], seed=seed)
            some = mine[:_ENOUGH]
            places.append(some)
            right.append(standings.measure(rest[some], rest[some]).margins)
            images, texts, within = standings.wrong(rest[some])
            wrong.append(standings.measure(images, texts).margins)
            hard.append(within)
        return np.concatenate(right), np.concatenate(places), np.concatenate(wrong), np.concatenate(hard)


def looks(pairs: Pairs) -> NDArray[np.float32]:
    """Features of all images, one opened at a time."""
    return np.stack([image_features(pairs.open_image(path)) for path in pairs.images])
