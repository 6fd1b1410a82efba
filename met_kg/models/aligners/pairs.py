"""What an aligner is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Aligned", "Aligner", "Fit", "Kin", "NodeFit", "Pairs", "deal"]


@dataclass(frozen=True, slots=True)
class Kin:
    """What the tree says of nodes: the name of each, its strict ancestors, and its siblings and cousins."""

    names: Mapping[str, str] = field(default_factory=dict)
    ancestors: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rivals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def line(self, node: str) -> frozenset[str]:
        """The node and its ancestors."""
        return self.ancestors.get(node, frozenset()) | {node}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Image-text pairs: how an image file is opened (mode L or RGB), files, captions, the group (patient, document) and
    the corpus of each, and the nodes that the text of each says the image shows."""

    open_image: Callable[[Path], Image.Image]
    images: Sequence[Path]
    captions: Sequence[str]
    groups: Sequence[str]
    corpora: Sequence[str]
    nodes: Sequence[tuple[str, ...]]
    kin: Kin

    def __len__(self) -> int:
        return len(self.images)

    def rivals(self, text: int) -> dict[str, tuple[str, ...]]:
        """Rivals of each node of a text; what the text says as well, with kin above and below, is no rival."""
        said = frozenset[str]().union(*(self.kin.line(node) for node in self.nodes[text]))
        mine = set(self.nodes[text])
        return {
            node: tuple(
                rival
                for rival in self.kin.rivals.get(node, ())
                if rival not in said and not mine & self.kin.ancestors.get(rival, frozenset())
            )
            for node in self.nodes[text]
        }


@dataclass(frozen=True, slots=True)
class NodeFit:
    """How well an image shows a node: score in deviations over images of other groups, and how far that is above the
    best of the node's rivals; None where the tree or the corpus has no rival to set against it."""

    node: str
    score: float
    margin: float | None = None
    rival: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a text fits its image.

    ``score`` is the raw similarity and ``margin`` how far it stands above wrong pairs; the probabilities are that this
    is a pair of the corpus, were as many put together wrongly: by the caption alone, and by all evidence.
    """

    score: float
    margin: float
    caption_probability: float
    probability: float
    nodes: tuple[NodeFit, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Aligned:
    """One fit for each pair, in order (None: not judged, ``reason`` says why), and those of pairs put together wrongly
    on purpose, which no curve was fitted on."""

    fits: Sequence[Fit | None]
    wrong: Sequence[Fit]
    reasons: Mapping[int, str] = field(default_factory=dict)


class Aligner(Protocol):
    """Anything that judges pairs."""

    name: str

    def fit(self, pairs: Pairs, *, seed: int) -> Aligned:
        """A judgement of each pair."""
        ...


def deal(groups: Sequence[str], folds: int, seed: int) -> NDArray[np.int_]:
    """A fold for each pair; a group lies in one fold. Large groups are dealt first, so that folds are of like size."""
    names, group, sizes = np.unique(np.asarray(groups, dtype=object), return_inverse=True, return_counts=True)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    load = np.zeros(min(folds, len(names)), dtype=int)
    fold_of = np.zeros(len(names), dtype=int)
    for name in sorted(shuffled, key=lambda i: -sizes[i]):
        fold_of[name] = int(load.argmin())
        load[fold_of[name]] += sizes[name]
    return np.asarray(fold_of[group])
