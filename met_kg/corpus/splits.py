"""Train, validation and test: by group, and never the same picture on two sides."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from met_kg.corpus.readers import Shares

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Splitter"]

#: When one bundle holds records of several given splits, the strictest holds for all of it.
_STRICTEST: Final = ("test", "validation", "train")


class Splitter:
    """Gives every sample its split: first :meth:`see` them all, in frames, then :meth:`assign` in the same order.

    Records that share a group (patient, document), the bytes of their image or its perceptual hash stay together. Such
    a bundle falls by a seeded hash of its first group name, so that adding records moves no other bundle. Of a sample
    no more is held than three numbers and the name of its group.

    Parameters
    ----------
    shares
        corpus name -> shares; a bundle over several corpora goes by the corpus of its first group name.
    """

    def __init__(self, shares: Mapping[str, Shares], *, seed: int) -> None:
        self._shares, self._seed = shares, seed
        self._keys: tuple[array[int], ...] = (array("q"), array("q"), array("q"))
        self._groups: dict[str, tuple[int, str]] = {}
        self._given: dict[int, set[str]] = {}
        self._splits: list[str] | None = None

    def see(self, samples: pd.DataFrame) -> None:
        """Take note of samples (their columns group_id, sha256, phash, source, split)."""
        columns = (samples[name] for name in ("group_id", "sha256", "phash", "source", "split"))
        for group, sha256, phash, source, split in zip(*columns, strict=True):
            number, _ = self._groups.setdefault(group, (len(self._groups), source))
            if split:
                self._given.setdefault(number, set()).add(split)
            for held, key in zip(self._keys, (number, _number(sha256), _number(phash)), strict=True):
                held.append(key)

    def assign(self, samples: pd.DataFrame) -> pd.DataFrame:
        """The samples with column 'split' filled."""
        if self._splits is None:
            self._splits = self._draw_all()
        splits = [self._splits[self._groups[group][0]] for group in samples["group_id"]]
        return samples.assign(split=splits)

    @property
    def groups(self) -> int:
        """How many groups were seen."""
        return len(self._groups)

    def _draw_all(self) -> list[str]:
        """The split of each group, by its number."""
        bundle = self._bundles()
        first: dict[int, tuple[str, str]] = {}
        given: dict[int, set[str]] = {}
        for group, (number, source) in self._groups.items():
            root = int(bundle[number])
            first[root] = min(first.get(root, (group, source)), (group, source))
            given.setdefault(root, set()).update(self._given.get(number, ()))
        drawn = {
            root: next((s for s in _STRICTEST if s in given[root]), "") or self._draw(group, self._shares[source])
            for root, (group, source) in first.items()
        }
        return [drawn[int(root)] for root in bundle]

    def _bundles(self) -> np.ndarray[Any, Any]:
        """The bundle of each group: a component of the graph of groups and the pictures that they share."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        group, *pictures = (np.frombuffer(held, dtype=np.int64) for held in self._keys)
        ends, size = [], len(self._groups)
        for hashes in pictures:
            known, place = np.unique(hashes, return_inverse=True)
            having = hashes != 0
            ends.append((group[having], place[having] + size))
            size += len(known)
        rows, columns = (np.concatenate(side) for side in zip(*ends, strict=True))
        links = coo_matrix((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(size, size))
        found: np.ndarray[Any, Any] = connected_components(links, directed=False)[1]
        return found[: len(self._groups)]

    def _draw(self, group: str, shares: Shares) -> str:
        digest = hashlib.sha256(f"{self._seed}|split|{group}".encode()).digest()
        point = int.from_bytes(digest[:8], "big") / 2**64
        if point < shares.train:
            return "train"
        return "validation" if point < shares.train + shares.validation else "test"


def _number(digest: str) -> int:
    """The first 64 bits of a hash in hex as a signed number; 0 for none."""
    return int(digest[:16], 16) - 2**63 if digest else 0
