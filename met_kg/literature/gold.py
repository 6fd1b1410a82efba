"""How well links agree with people's: concepts found per document, as the NCBI disease corpus is scored.

Per document, a found concept is right when one of its codes is among those that people gave anywhere in it; a code of
theirs is found when some found concept has it. Precision counts concepts, recall codes (Leaman et al.
2013). Only mentions of the corpus's axis that have a code in the systems asked for count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from met_kg.literature.document import Annotation, Document

__all__ = ["Agreement", "Link", "agreement"]

_RESAMPLES: Final = 1000
_MOST_SHOWN: Final = 10


class Link(NamedTuple):
    """A mention with its codes in the systems asked for; ``counts``: people who marked the corpus would mark it."""

    start: int
    end: int
    text: str
    codes: frozenset[str]
    counts: bool = True


@dataclass(slots=True)
class _Faults:
    """Names by fault, and how often each kind of fault is."""

    invented: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)


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
    """Shares of 1, the 95 % interval of F1 over resampled documents, and the faults: by kind, and the commonest."""

    documents: int
    precision: float
    recall: float
    f1: float
    f1_low: float
    f1_high: float
    unseen_recall: float | None
    invented: list[tuple[str, int]] = field(default_factory=list)
    missed: list[tuple[str, int]] = field(default_factory=list)
    kinds: list[tuple[str, int]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        said = [
            f"{self.documents} documents: precision {self.precision:.3f}, recall {self.recall:.3f}, "
            f"F1 {self.f1:.3f} (95 %: {self.f1_low:.3f} to {self.f1_high:.3f})"
        ]
        if self.unseen_recall is not None:
            said.append(f"recall of codes that the training corpus does not have: {self.unseen_recall:.3f}")
        said += [f"{count:6d}  {kind}" for kind, count in self.kinds]
        for name, faults in (("not meant by people", self.invented), ("missed", self.missed)):
            said.append(f"{name}: " + ", ".join(f"{text} ({n})" for text, n in faults))
        return said


def agreement(
    documents: Sequence[Document],
    found: Sequence[Sequence[Link]],
    *,
    seen: frozenset[str] | None = None,
    seed: int = 13,
) -> Agreement:
    """Compare the links of documents with their annotations.

    Parameters
    ----------
    found
        for each document, its links, also those that do not count: they say why a code was missed.
    seen
        codes of a training corpus: the recall of all others is given apart.
    """
    faults = _Faults()
    counts = [_compare(d, links, seen, faults) for d, links in zip(documents, found, strict=True)]
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
        invented=_commonest(faults.invented)[:_MOST_SHOWN],
        missed=_commonest(faults.missed)[:_MOST_SHOWN],
        kinds=_commonest(faults.kinds),
    )


def _compare(document: Document, links: Sequence[Link], seen: frozenset[str] | None, faults: _Faults) -> _Counts:
    given: dict[str, Annotation] = {}
    for annotation in document.annotations:
        for code in annotation.codes:
            given.setdefault(code, annotation)
    counts = _Counts(given=len(given))
    hit: set[str] = set()
    concepts: set[frozenset[str]] = set()
    for link in links:
        if not link.counts or not link.codes or link.codes in concepts:
            continue
        concepts.add(link.codes)
        right = link.codes & given.keys()
        counts.found += 1
        counts.right += bool(right)
        hit |= right
        if not right:
            faults.invented[link.text.lower()] += 1
            is_marked = any(a.overlaps(link.start, link.end) for a in document.annotations)
            faults.kinds["invented: marked by people, with another code" if is_marked else "invented: not marked"] += 1
    for code in sorted(given.keys() - hit):
        faults.missed[given[code].text.lower()] += 1
        faults.kinds[f"missed: {_why(given[code], links)}"] += 1
    counts.hit = len(hit)
    if seen is not None:
        counts.unseen_given = len(given.keys() - seen)
        counts.unseen_hit = len(hit - seen)
    return counts


def _why(annotation: Annotation, links: Iterable[Link]) -> str:
    here = [link for link in links if annotation.overlaps(link.start, link.end)]
    if any(link.counts and link.codes for link in here):
        return "the words have another code here"
    if any(link.counts for link in here):
        return "the node has no code, nor any above it"
    return "only a part is found, on another axis" if here else "not found"


def _rates(sums: NDArray[np.float64]) -> tuple[float, float, float]:
    found, right, given, hit = (float(x) for x in sums[:4])
    precision = right / found if found else 0.0
    recall = hit / given if given else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _commonest(faults: Counter[str]) -> list[tuple[str, int]]:
    return sorted(faults.items(), key=lambda fault: (-fault[1], fault[0]))
