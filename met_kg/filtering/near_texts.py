"""Pairs of texts that share most of their phrases, without comparing all pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from met_kg.filtering.phrases import words_of

__all__ = ["near_any", "near_texts"]

_RUN: Final = 3  # words of a phrase
_PERMUTATIONS: Final = 64
#: Bands are cut for a similarity so much lower, that few pairs above the one asked for are missed.
_BELOW: Final = 0.25
_CHUNK: Final = 4096
_SEED: Final = 1


def near_texts(texts: Sequence[str], *, similarity: float) -> list[tuple[int, int, float]]:
    """Pairs (earlier, later, similarity) of texts whose sets of three-word phrases have this Jaccard similarity.

    Candidates agree in a band of their MinHash signatures (Broder 1997; bands: Leskovec, Rajaraman and Ullman, "Mining
    of Massive Datasets", chapter 3); the similarity of each is then computed exactly. Missed is what no band shows: of
    pairs at just the similarity asked for, 0.8, one in 100. Of a text no more is held than its bands. Equal texts make
    pairs, too: of many copies of one, hand over one.

    >>> near_texts(["axial CT of the abdomen with contrast", "a cat", "Axial CT of the abdomen, with contrast."],
    ...            similarity=0.8)
    [(0, 2, 1.0)]
    """
    found: dict[tuple[int, int], float] = {}
    for one, other in _candidates(texts, similarity):
        if (one, other) not in found:
            a, b = _phrases(texts[one]), _phrases(texts[other])
            found[one, other] = len(a & b) / len(a | b)
    return [(one, other, value) for (one, other), value in sorted(found.items()) if value >= similarity]


def near_any(asked: Sequence[str], held: Sequence[str], *, similarity: float) -> list[int | None]:
    """For each text asked about the place of a text held that is near it, as :func:`near_texts` has it; else None.

    >>> held = ["a cat", "axial CT of the abdomen with contrast"]
    >>> near_any(["Axial CT of the abdomen, with contrast.", "a dog"], held, similarity=0.8)
    [1, None]
    """
    found: list[int | None] = [None] * len(asked)
    if not asked or not held:
        return found
    phrases = [_phrases(text) for text in asked]
    for band in _bands([*asked, *held], similarity):
        mine, theirs = band[: len(asked)], band[len(asked) :]
        order = np.argsort(theirs, kind="stable")
        first, last = (np.searchsorted(theirs[order], mine, side=side) for side in ("left", "right"))
        for place in np.flatnonzero(first < last).tolist():
            for other in order[first[place] : last[place]].tolist() if found[place] is None else ():
                theirs_phrases = _phrases(held[other])
                if len(phrases[place] & theirs_phrases) >= similarity * len(phrases[place] | theirs_phrases):
                    found[place] = other
                    break
    return found


def _candidates(texts: Sequence[str], similarity: float) -> Iterator[tuple[int, int]]:
    bands = _bands(texts, similarity)
    for band in bands:
        order = np.argsort(band, kind="stable")
        values = band[order]
        step, here = 1, np.flatnonzero(values[1:] == values[:-1])
        while len(here):
            yield from zip(order[here].tolist(), order[here + step].tolist(), strict=True)
            step += 1
            here = here[here + step < len(values)]
            here = here[values[here] == values[here + step]]


def _bands(texts: Sequence[str], similarity: float) -> NDArray[np.uint64]:
    """One row a band, one column a text: a hash of the part of its signature; texts without words never agree."""
    from datasketch import MinHash, MinHashLSH

    plan = MinHashLSH(threshold=max(0.1, similarity - _BELOW), num_perm=_PERMUTATIONS)
    bands = np.empty((plan.b, len(texts)), dtype=np.uint64)
    odd = np.random.default_rng(_SEED).integers(0, 2**63, plan.r, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    for start in range(0, len(texts), _CHUNK):
        phrases = [[p.encode() for p in _phrases(text)] for text in texts[start : start + _CHUNK]]
        made = MinHash.bulk(phrases, num_perm=_PERMUTATIONS, seed=_SEED)
        signatures = np.stack([one.hashvalues for one in made]).astype(np.uint64)
        for i in range(plan.b):
            part = signatures[:, i * plan.r : (i + 1) * plan.r]
            bands[i, start : start + len(made)] = (part * odd).sum(axis=1, dtype=np.uint64)
    return bands


def _phrases(text: str) -> set[str]:
    words = words_of(text)
    return {" ".join(words[i : i + _RUN]) for i in range(max(1, len(words) - _RUN + 1))}
