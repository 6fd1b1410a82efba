"""How well links agree with people's: concepts found per document, as the NCBI disease corpus is scored.

Per document, a found concept is right when one of its codes is among those that people gave anywhere in it; a code of
theirs is found when some found concept has it. Precision counts concepts, recall codes (Leaman et al.
2013). Only mentions of the corpus's axis that have a code in the systems asked for count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from met_kg.literature.document import Document

__all__ = ["Agreement", "agreement"]

_RESAMPLES: Final = 1000
_MOST_SHOWN: Final = 10


@dataclass(slots=True)
class _Counts:
    """What one document adds: concepts found and right, codes given and found."""

    found: int = 0
    right: int = 0
    given: int = 0
    hit: int = 0
    unseen_given: int = 0
    unseen_hit: int = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares of 1, the 95 % interval of F1 over resampled documents, and the commonest faults with their counts."""

    documents: int
    precision: float
    recall: float
    f1: float
    f1_low: float
    f1_high: float
    unseen_recall: float | None
    invented: list[tuple[str, int]] = field(default_factory=list)
    missed: list[tuple[str, int]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        said = [
            f"{self.documents} documents: precision {self.precision:.3f}, recall {self.recall:.3f}, "
            f"F1 {self.f1:.3f} (95 %: {self.f1_low:.3f} to {self.f1_high:.3f})"
        ]
        if self.unseen_recall is not None:
            said.append(f"recall of codes that the training corpus does not have: {self.unseen_recall:.3f}")
        for name, faults in (("not meant by people", self.invented), ("missed", self.missed)):
            said.append(f"{name}: " + ", ".join(f"{text} ({n})" for text, n in faults))
        return said


def agreement(
    documents: Sequence[Document],
    found: Sequence[Iterable[tuple[str, frozenset[str]]]],
    *,
    seen: frozenset[str] | None = None,
    seed: int = 13,
) -> Agreement:
    """Compare the links of documents with their annotations.

    Parameters
    ----------
    found
        for each document, the words and the codes of every mention that counts.
    seen
        codes of a training corpus: the recall of all others is given apart.
    """
    invented: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    counts = [_compare(d, links, seen, invented, missed) for d, links in zip(documents, found, strict=True)]
    table = np.array([[c.found, c.right, c.given, c.hit, c.unseen_given, c.unseen_hit] for c in counts], dtype=float)
    precision, recall, f1 = _rates(table.sum(axis=0))
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(counts), (_RESAMPLES, len(counts)))
    low, high = np.percentile([_rates(table[draw].sum(axis=0))[2] for draw in draws], [2.5, 97.5])
    unseen, hit = table[:, 4].sum(), table[:, 5].sum()
    return Agreement(
        documents=len(documents),
        precision=precision,
        recall=recall,
        f1=f1,
        f1_low=float(low),
        f1_high=float(high),
        unseen_recall=float(hit / unseen) if seen is not None and unseen else None,
        invented=_commonest(invented),
        missed=_commonest(missed),
    )


def _compare(
    document: Document,
    links: Iterable[tuple[str, frozenset[str]]],
    seen: frozenset[str] | None,
    invented: Counter[str],
    missed: Counter[str],
) -> _Counts:
    given: dict[str, str] = {}
    for annotation in document.annotations:
        for code in annotation.codes:
            given.setdefault(code, annotation.text)
    counts = _Counts(given=len(given))
    hit: set[str] = set()
    concepts: set[frozenset[str]] = set()
    for text, codes in links:
        if codes in concepts:
            continue
        concepts.add(codes)
        right = codes & given.keys()
        counts.found += 1
        counts.right += bool(right)
        hit |= right
        if not right:
            invented[text.lower()] += 1
    for code in sorted(given.keys() - hit):
        missed[given[code].lower()] += 1
    counts.hit = len(hit)
    if seen is not None:
        counts.unseen_given = len(given.keys() - seen)
        counts.unseen_hit = len(hit - seen)
    return counts


def _rates(sums: NDArray[np.float64]) -> tuple[float, float, float]:
    found, right, given, hit = (float(x) for x in sums[:4])
    precision = right / found if found else 0.0
    recall = hit / given if given else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _commonest(faults: Counter[str]) -> list[tuple[str, int]]:
    return sorted(faults.items(), key=lambda fault: (-fault[1], fault[0]))[:_MOST_SHOWN]
