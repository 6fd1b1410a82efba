"""Train, validation and test: by group, and never the same picture on two sides."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from met_kg.corpus.readers import Shares

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["assign_splits"]

# When one group holds records of several given splits, the strictest holds for all of it.
_STRICTEST: Final = ("test", "validation", "train")


def assign_splits(samples: pd.DataFrame, shares: Mapping[str, Shares], *, seed: int) -> pd.DataFrame:
    """The samples with column 'split' filled.

    Records that share a group (patient, document), the bytes of their image or its perceptual hash stay together.
    A bundle falls by a seeded hash of its first group name, so that adding records moves no other bundle.

    Parameters
    ----------
    shares
        corpus name -> shares; a bundle over several corpora goes by the corpus of its first group name.
    """
    bundles = _Bundles()
    columns = zip(samples["group_id"], samples["sha256"], samples["phash"], strict=True)
    for group, sha256, phash in columns:
        bundles.join(f"g:{group}", f"g:{group}")
        for key in (sha256 and f"s:{sha256}", phash and f"p:{phash}"):
            if key:
                bundles.join(f"g:{group}", key)
    roots = [bundles.root(f"g:{group}") for group in samples["group_id"]]
    first: dict[str, tuple[str, str]] = {}
    given: dict[str, set[str]] = defaultdict(set)
    for root, group, source, split in zip(roots, samples["group_id"], samples["source"], samples["split"], strict=True):
        first[root] = min(first.get(root, (group, source)), (group, source))
        if split:
            given[root].add(split)
    of_bundle = {
        root: next((s for s in _STRICTEST if s in given[root]), "") or _draw(group, shares[source], seed)
        for root, (group, source) in first.items()
    }
    return samples.assign(split=[of_bundle[root] for root in roots])


def _draw(group: str, shares: Shares, seed: int) -> str:
    digest = hashlib.sha256(f"{seed}|split|{group}".encode()).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64
    if point < shares.train:
        return "train"
    return "validation" if point < shares.train + shares.validation else "test"


class _Bundles:
    """Disjoint sets with path halving."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}

    def root(self, key: str) -> str:
        parent = self.parent
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    def join(self, one: str, other: str) -> None:
        a, b = self.root(one), self.root(other)
        if a != b:
            self.parent[max(a, b)] = min(a, b)
