"""Aligners with trained encoders: what they make of images, captions and names of nodes, and a curve fitted on it.

The encoder has seen nothing of the corpus, or all of it for all anyone knows; the curve of a pair is fitted on pairs of
other groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from met_kg.models.aligners.curve import Curve
from met_kg.models.aligners.margins import Measures, Standings, fits
from met_kg.models.aligners.pairs import Aligned, Fit, Pairs, deal

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Embedder", "PretrainedAligner", "cross_fitted"]

Vectors = NDArray[np.float32]
#: Pairs that a curve is fitted on, and that are put together wrongly to measure it, at most.
_ENOUGH: Final = 4000


class Embedder(Protocol):
    """A trained pair of encoders into one space."""

    name: str

    def images(self, pictures: Sequence[Image.Image]) -> Vectors:
        """Shape (pictures, d)."""
        ...

    def texts(self, texts: Sequence[str]) -> Vectors:
        """Shape (texts, d); a text that is too long is cut."""
        ...


class PretrainedAligner:
    """See the module.

    Parameters
    ----------
    prompt
        how a node is put into words, with ``{}`` for its name.
    """

    def __init__(
        self, embedder: Embedder, *, folds: int = 5, batch_size: int = 16, prompt: str = "an image of {}"
    ) -> None:
        self.name = embedder.name
        self._embedder, self._folds, self._batch, self._prompt = embedder, folds, batch_size, prompt

    def fit(self, pairs: Pairs, *, seed: int) -> Aligned:
        """See :class:`met_kg.models.aligners.pairs.Aligner`."""
        every = np.arange(len(pairs))
        standings = Standings(self._embed(pairs), pairs, every, seed=seed)
        right = standings.measure(every, every)
        tried = np.sort(np.random.default_rng(seed).permutation(every)[:_ENOUGH])
        images, texts, hard = standings.wrong(tried)
        wrong = standings.measure(images[hard], texts[hard])
        theirs = [pairs.groups[i] for i in images[hard]]
        return Aligned(*cross_fitted(right, pairs.groups, wrong, theirs, folds=self._folds, seed=seed))

    def _embed(self, pairs: Pairs) -> _Embedded:
        images = _unit(
            self._embedder.images([pairs.open_image(path) for path in part])
            for part in _parts(pairs.images, self._batch)
        )
        texts = _unit(self._embedder.texts(part) for part in _parts(pairs.captions, self._batch))
        said = {node for nodes in pairs.nodes for node in nodes}
        nodes = sorted(said | {rival for node in said for rival in pairs.kin.rivals.get(node, ())})
        names = [self._prompt.format(pairs.kin.names.get(node, node)) for node in nodes]
        heads = _unit(self._embedder.texts(part) for part in _parts(names, self._batch)) if nodes else images[:0]
        return _Embedded(images, texts, heads, {node: k for k, node in enumerate(nodes)})


def cross_fitted(
    right: Measures, groups: Sequence[str], wrong: Measures, wrong_groups: Sequence[str], *, folds: int, seed: int
) -> tuple[list[Fit | None], list[Fit]]:
    """Judgements of measured pairs and of pairs put together wrongly, each by curves fitted on other groups.

    Parameters
    ----------
    groups, wrong_groups
        the group of each pair, and of the image of each wrong one.
    """
    dealt = deal([*groups, *wrong_groups], folds, seed)
    fold_of, theirs = dealt[: len(groups)], dealt[len(groups) :]
    found: list[Fit | None] = [None] * len(groups)
    planted: list[Fit] = []
    for fold in np.unique(dealt):
        held, seen = np.flatnonzero(fold_of == fold), fold_of != fold
        if not seen.any() or (theirs == fold).all():
            continue  # hardly more than one group: nothing else to learn from
        rest = theirs != fold
        all_own, all_wrong = np.ones(int(seen.sum()), dtype=bool), np.ones(int(rest.sum()), dtype=bool)
        whole = Curve(right.margins[seen], wrong.margins[rest], all_own, all_wrong)
        caption = Curve(right.caption[seen], wrong.caption[rest], all_own, all_wrong)
        for i, fit in zip(held, fits(right.of(held), whole, caption), strict=True):
            found[i] = fit
        planted += fits(wrong.of(np.flatnonzero(theirs == fold)), whole, caption)
    return found, planted


class _Embedded:
    """Vectors of all pairs at hand, as :class:`met_kg.models.aligners.margins.Encoder`."""

    def __init__(self, images: Vectors, texts: Vectors, nodes: Vectors, columns: Mapping[str, int]) -> None:
        self._images, self._texts, self._nodes, self.columns = images, texts, nodes, columns

    def images(self, index: NDArray[np.int_]) -> Vectors:
        return np.asarray(self._images[index])

    def texts(self, index: NDArray[np.int_]) -> list[Vectors]:
        return [self._texts[index]]

    def nodes(self, codes: Vectors) -> Vectors:
        return np.asarray(codes @ self._nodes.T)


def _parts(values: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _unit(parts: Iterable[Vectors]) -> Vectors:
    rows = np.concatenate([np.asarray(p, dtype=np.float32) for p in parts])
    return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9))
