"""A small dual encoder of images and texts, learnt from pairs by kernel ridge regression.

An image is encoded by how much each pair learnt from speaks for it; a text by how like it is to the text of each. Their
product is what ridge regression from images to texts gives, in closed form, without a rate or a number of epochs. Two
views of a text are kept: its words (TF-IDF), and the nodes that it says together with all their ancestors, so that two
texts about kinds of pneumonia are alike without a word in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from met_kg.models.aligners.pairs import Pairs
from met_kg.models.aligners.pixels import BLOCKS

__all__ = ["DualEncoder", "Indices"]

Indices = NDArray[np.int_]
Matrix = NDArray[np.float32]
#: Pairs that an encoder learns from, at most: its work grows with their square and its inverse with their cube.
_MOST: Final = 3000
#: An ancestor that a text only implies counts so much of a node that it says.
_IMPLIED: Final = 0.7


class DualEncoder:
    """Encoders of images and texts, and of nodes, learnt from some pairs; the rest of the corpus is not looked at.

    Parameters
    ----------
    looks
        float32, shape (pairs, sum of ``BLOCKS``): :func:`met_kg.models.aligners.pixels.image_features` of all pairs.
    seen
        which pairs are learnt from.
    strength
        ridge penalty, in units of an image's mean similarity to itself.
    least
        pairs that must say a node, or something below it, for the node to have a head.
    """

    def __init__(
        self,
        pairs: Pairs,
        looks: Matrix,
        seen: Indices,
        *,
        seed: int,
        strength: float = 2.0,
        least: int = 3,
    ) -> None:
        if len(seen) > _MOST:
            seen = np.sort(np.random.default_rng(seed).choice(seen, size=_MOST, replace=False))
        self._pairs, self._looks = pairs, looks
        self._images = _ImageKernel(looks[seen])
        inverse = np.linalg.inv(self._images.own + strength * np.eye(len(seen)))
        self._weights = inverse.astype(np.float32)
        self._words, self._said = _Words([pairs.captions[i] for i in seen]), _Nodes(pairs, seen)
        self.columns, heads = self._said.heads(least)
        self._heads = np.asarray(heads, dtype=np.float32)

    def images(self, index: Indices) -> Matrix:
        """Codes of images, shape (len(index), pairs learnt from)."""
        return np.asarray(self._images(self._looks[index]) @ self._weights)

    def texts(self, index: Indices) -> list[Matrix]:
        """Codes of texts in each view, of the same shape."""
        return [self._words([self._pairs.captions[i] for i in index]), self._said(index)]

    def nodes(self, codes: Matrix) -> Matrix:
        """Scores of images (codes) for each node of ``columns``: ridge regression of one against all."""
        return np.asarray(codes @ self._heads)


class _ImageKernel:
    """The mean, over blocks of features, of Gaussian kernels with the median squared distance as width; centred."""

    def __init__(self, seen: Matrix) -> None:
        self._mean, self._spread = seen.mean(axis=0), seen.std(axis=0) + 1e-4
        self._seen = self._scaled(seen)
        self._widths = [float(np.median(_distances(b, b))) + 1e-6 for b in self._seen]
        raw = self._raw(self._seen)
        self._columns, self._middle = raw.mean(axis=0), raw.mean()
        centred = raw - self._columns[None, :] - self._columns[:, None] + self._middle
        self._unit = float(np.diag(centred).mean()) + 1e-9
        self.own = centred / self._unit

    def __call__(self, looks: Matrix) -> Matrix:
        raw = self._raw(self._scaled(looks))
        return np.asarray((raw - raw.mean(axis=1, keepdims=True) - self._columns + self._middle) / self._unit)

    def _scaled(self, looks: Matrix) -> list[Matrix]:
        ends = np.cumsum(list(BLOCKS.values()))[:-1]
        return np.split(np.clip((looks - self._mean) / self._spread, -5, 5), ends, axis=1)

    def _raw(self, blocks: list[Matrix]) -> Matrix:
        near = [np.exp(-_distances(b, s) / w) for b, s, w in zip(blocks, self._seen, self._widths, strict=True)]
        return np.asarray(np.mean(near, axis=0), dtype=np.float32)


def _distances(one: Matrix, two: Matrix) -> Matrix:
    """Squared, of all rows of one to all of two, a dimension's mean."""
    squares = (one**2).sum(axis=1)[:, None] + (two**2).sum(axis=1)[None, :] - 2 * one @ two.T
    return np.asarray(np.maximum(squares, 0) / one.shape[1])


class _Linear:
    """Products of rows of unit length with those learnt from; centred."""

    def __init__(self, seen: Any) -> None:
        self._seen = seen
        raw = _dense(seen @ seen.T)
        self._columns, self._middle = raw.mean(axis=0), raw.mean()
        self._unit = float(raw.diagonal().mean() - self._middle) + 1e-9

    def product(self, rows: Any) -> Matrix:
        """Shape (rows, rows learnt from)."""
        raw = _dense(rows @ self._seen.T)
        return np.asarray((raw - raw.mean(axis=1, keepdims=True) - self._columns + self._middle) / self._unit)


class _Words(_Linear):
    """TF-IDF of words and word pairs."""

    def __init__(self, seen: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._counts = TfidfVectorizer(
            sublinear_tf=True, ngram_range=(1, 2), min_df=1 if len(seen) < 100 else 2, dtype=np.float32,
            stop_words="english",
        )  # fmt: skip
        try:
            rows = self._counts.fit_transform(seen)
        except ValueError:  # not a word in any caption
            self._counts = None
            rows = np.zeros((len(seen), 1), dtype=np.float32)
        super().__init__(rows)

    def __call__(self, captions: Sequence[str]) -> Matrix:
        empty = np.zeros((len(captions), 1), dtype=np.float32)
        return self.product(empty if self._counts is None else self._counts.transform(captions))


class _Nodes(_Linear):
    """Nodes and their ancestors, weighted by how few pairs say them."""

    def __init__(self, pairs: Pairs, seen: Indices) -> None:
        self._pairs = pairs
        said = [self._bag(i) for i in seen]
        count = Counter(node for bag in said for node in bag)
        self._place = {node: k for k, node in enumerate(sorted(count))}
        self._count = np.array([count[node] for node in self._place], dtype=np.float64)
        self._rarity = np.log((1 + len(seen)) / self._count)
        self._bags = self._rows(said)
        super().__init__(_unit(self._bags * self._rarity))

    def __call__(self, index: Indices) -> Matrix:
        return self.product(_unit(self._rows([self._bag(i) for i in index]) * self._rarity))

    def heads(self, least: int) -> tuple[dict[str, int], NDArray[np.float64]]:
        """Nodes said often enough, and for each a centred column: which pairs learnt from say it or something below."""
        names = list(self._place)
        often = np.flatnonzero((self._count >= least) & (self._count < len(self._bags)))
        says = (self._bags[:, often] > 0).astype(np.float64)
        return {names[k]: column for column, k in enumerate(often)}, says - says.mean(axis=0)

    def _bag(self, i: int) -> dict[str, float]:
        nodes = self._pairs.nodes[i]
        implied = (up for node in nodes for up in self._pairs.kin.ancestors.get(node, ()))
        return dict.fromkeys(implied, _IMPLIED) | dict.fromkeys(nodes, 1.0)

    def _rows(self, bags: list[dict[str, float]]) -> NDArray[np.float64]:
        rows = np.zeros((len(bags), len(self._place)))
        for row, bag in zip(rows, bags, strict=True):
            for node, weight in bag.items():
                if node in self._place:
                    row[self._place[node]] = weight
        return rows


def _dense(values: Any) -> NDArray[np.float64]:
    return np.asarray(values.todense() if hasattr(values, "todense") else values, dtype=np.float64)


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))
