"""Margins: how far a pair stands above wrong ones. They, and not the raw similarity, say whether a pair fits.

An image's similarity to its text is set against its similarities to texts of other groups, and the text's against
other images, each over the whole corpus and over the corpus that the pair is from: there the rivals are harder. The
node-contrastive margin sets each node that the text says against its siblings and cousins on the same image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from met_kg.errors import UsageProblem
from met_kg.models.aligners.curve import Curve
from met_kg.models.aligners.pairs import Fit, NodeFit, Pairs

__all__ = ["Encoder", "Measures", "Standings", "fits", "node_columns"]

Indices = NDArray[np.int_]
Matrix = NDArray[np.floating[Any]]
#: Pairs that a pair is compared with, at most.
_RIVALS: Final = 512
#: Fewer rivals of the same corpus than this are no measure.
_FEW: Final = 5
#: Pairs measured at a time.
_BLOCK: Final = 1024


class Encoder(Protocol):
    """Codes of images and texts whose inner product is a similarity; texts in one or more views."""

    @property
    def columns(self) -> Mapping[str, int]:
        """Node -> its place in what :meth:`nodes` gives."""
        ...

    def images(self, index: Indices) -> Matrix:
        """Shape (len(index), d)."""
        ...

    def texts(self, index: Indices) -> list[Matrix]:
        """One array of shape (len(index), d) for each view."""
        ...

    def nodes(self, codes: Matrix) -> Matrix:
        """Scores of images, by their codes, for each node of ``columns``."""
        ...


@dataclass(frozen=True, slots=True)
class Measures:
    """Of some pairs: the raw similarity (mean over views), margins (two to four for each view, then those of nodes: the
    mean score, the mean and the least margin; 0 where there is none), and what each node of the text gets."""

    score: Matrix
    margins: Matrix
    nodes: list[tuple[NodeFit, ...]]

    #: Columns of ``margins`` that are about nodes, at the end.
    OF_NODES = 3

    @property
    def caption(self) -> Matrix:
        """The margins of the caption alone."""
        return self.margins[:, : -self.OF_NODES]

    def of(self, index: Indices) -> Measures:
        """Those of some of the pairs."""
        return Measures(self.score[index], self.margins[index], [self.nodes[i] for i in index])


class Standings:
    """Measures pairs that an encoder has not seen against each other.

    Parameters
    ----------
    index
        the pairs that rivals are drawn from; those measured must be among them.

    Raises
    ------
    UsageProblem
        when a pair has no rival of another group.
    """

    def __init__(self, encoder: Encoder, pairs: Pairs, index: Indices, *, seed: int) -> None:
        self._encoder, self._pairs, self._rng = encoder, pairs, np.random.default_rng(seed)
        self._group = np.unique(np.asarray(pairs.groups, dtype=object), return_inverse=True)[1]
        self._corpus = np.unique(np.asarray(pairs.corpora, dtype=object), return_inverse=True)[1]
        if len(np.unique(self._group[index])) < 2:
            raise UsageProblem("alignment needs pairs of at least two groups", hint="filter.align.enabled: false")
        size = min(len(index), _RIVALS)
        self.rivals = np.sort(self._rng.choice(index, size=size, replace=False))
        while len(np.unique(self._group[self.rivals])) < 2:
            self.rivals = np.sort(self._rng.choice(index, size=size, replace=False))
        self._images, self._texts = encoder.images(self.rivals), encoder.texts(self.rivals)
        scores = encoder.nodes(self._images)
        self._node_mean, self._node_spread = scores.mean(axis=0), scores.std(axis=0) + 1e-6

    def measure(self, images: Indices, texts: Indices) -> Measures:
        """Measures of image ``images[k]`` with text ``texts[k]``."""
        parts = [
            self._block(images[start : start + _BLOCK], texts[start : start + _BLOCK])
            for start in range(0, len(images), _BLOCK)
        ]
        return Measures(
            np.concatenate([p.score for p in parts]),
            np.concatenate([p.margins for p in parts]),
            [fits for p in parts for fits in p.nodes],
        )

    def wrong(self, images: Indices) -> tuple[Indices, Indices, NDArray[np.bool_]]:
        """Pairs put together wrongly: each image with a text of another group, with one of its own corpus, and with one
        that says a rival of a node of the image's own text; as far as there are such among the rivals.

        Third, which of them are within a corpus, as real mistakes are (all, where no corpus has two groups)."""
        one, two = [], []
        says: dict[str, set[int]] = {}
        for k, text in enumerate(self.rivals):
            for node in self._pairs.nodes[text]:
                says.setdefault(node, set()).add(k)
        for image in images:
            other = self._group[self.rivals] != self._group[image]
            kin = np.zeros(len(self.rivals), dtype=bool)
            for rivals in self._pairs.rivals(image).values():
                kin[[k for rival in rivals for k in sorted(says.get(rival, ()))]] = True
            for wanted in (other, other & (self._corpus[self.rivals] == self._corpus[image]), other & kin):
                found = np.flatnonzero(wanted)
                if len(found):
                    one.append(int(image))
                    two.append(int(self.rivals[self._rng.choice(found)]))
        chosen, given = np.array(one, dtype=int), np.array(two, dtype=int)
        hard = self._corpus[chosen] == self._corpus[given]
        return chosen, given, hard if hard.any() else np.ones_like(hard)

    def _block(self, images: Indices, texts: Indices) -> Measures:
        codes, views = self._encoder.images(images), self._encoder.texts(texts)
        drawn = self.rivals[None, :] != texts[:, None]
        against_texts = (self._group[self.rivals][None, :] != self._group[images][:, None]) & drawn
        against_images = (self._group[self.rivals][None, :] != self._group[texts][:, None]) & drawn
        at_home = self._corpus[self.rivals][None, :]
        home_texts = _enough(against_texts & (at_home == self._corpus[images][:, None]), against_texts)
        home_images = _enough(against_images & (at_home == self._corpus[texts][:, None]), against_images)
        raw, columns = [], []
        for view, rival_texts in zip(views, self._texts, strict=True):
            own = (codes * view).sum(axis=1)
            of_image, of_text = codes @ rival_texts.T, view @ self._images.T
            raw.append(own)
            columns += [_margin(own, of_image, mask) for mask in (against_texts, home_texts)]
            columns += [_margin(own, of_text, mask) for mask in (against_images, home_images)]
        scores = (self._encoder.nodes(codes) - self._node_mean) / self._node_spread
        nodes = [self._nodes(row, int(text)) for row, text in zip(scores, texts, strict=True)]
        return Measures(np.mean(raw, axis=0), np.stack([*columns, *node_columns(nodes)], axis=1), nodes)

    def _nodes(self, scores: Matrix, text: int) -> tuple[NodeFit, ...]:
        fits = []
        for node, rivals in self._pairs.rivals(text).items():
            if node not in self._encoder.columns:
                continue
            score = float(scores[self._encoder.columns[node]])
            known = [(float(scores[self._encoder.columns[r]]), r) for r in rivals if r in self._encoder.columns]
            best, rival = max(known, default=(None, ""))
            fits.append(NodeFit(node, score, None if best is None else score - best, rival))
        return tuple(fits)


def fits(measures: Measures, whole: Curve, caption: Curve) -> list[Fit]:
    """Judgements of measured pairs by a curve of all margins and one of the caption's."""
    together: Any = measures.caption.mean(axis=1)
    return [
        Fit(float(score), float(margin), float(c), float(p), nodes)
        for score, margin, c, p, nodes in zip(
            measures.score, together, caption(measures.caption), whole(measures.margins), measures.nodes, strict=True
        )
    ]


def _margin(own: Matrix, others: Matrix, mask: NDArray[np.bool_]) -> Matrix:
    """How far a value stands above the others of its row where the mask holds, in their deviations."""
    count = np.maximum(mask.sum(axis=1), 1)
    mean = np.where(mask, others, 0).sum(axis=1) / count
    spread = np.sqrt(np.where(mask, (others - mean[:, None]) ** 2, 0).sum(axis=1) / count)
    return np.asarray((own - mean) / (spread + 1e-6))


def _enough(mask: NDArray[np.bool_], instead: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.where((mask.sum(axis=1) >= _FEW)[:, None], mask, instead)


def node_columns(nodes: list[tuple[NodeFit, ...]]) -> Matrix:
    """Mean score, mean margin and least margin of each text's nodes, shape (3, texts)."""
    found = np.zeros((Measures.OF_NODES, len(nodes)))
    for k, fits in enumerate(nodes):
        margins = [f.margin for f in fits if f.margin is not None]
        if fits:
            found[0, k] = np.mean([f.score for f in fits])
        if margins:
            found[1:, k] = np.mean(margins), min(margins)
    return found
