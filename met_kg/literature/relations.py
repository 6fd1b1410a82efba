"""Relations that literature states: which structure, symptom or modality goes with a disease, finding or structure.

A pair is mined when two things hold. The two are named in one sentence more often than chance: a one-sided
hypergeometric test over all sentences, corrected for the number of pairs tested (Benjamini and Hochberg 1995). And at
least one sentence says so: what stands between the two names is one of the patterns in ``data/relation_patterns.tsv``.
Names found through a loose synonym, negated mentions and two names of the same words do not count.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Final, Literal

import numpy as np

from met_kg.errors import DataProblem
from met_kg.literature.document import Document
from met_kg.literature.sentences import sentences
from met_kg.records import Mention

__all__ = ["Evidence", "MinedRelation", "RelationKind", "RelationMiner", "benjamini_hochberg"]

RelationKind = Literal["location", "symptom", "imaging"]

#: Axes of subject and object -> what the object is to the subject.
_KINDS: Final[dict[tuple[str, str], RelationKind]] = {
    ("disease", "anatomy"): "location",
    ("finding", "anatomy"): "location",
    ("disease", "finding"): "symptom",
    ("disease", "modality"): "imaging",
    ("finding", "modality"): "imaging",
    ("anatomy", "modality"): "imaging",
}
#: Mentions less sure than a narrow synonym are no evidence.
_SURE: Final = 0.84
_THERE: Final = frozenset({"positive", "uncertain", "historical"})
#: A pattern reaches no further than this many characters.
_REACH: Final = 120
_MOST_EVIDENCE: Final = 5
_DETERMINERS: Final = (
    r"(?:the |a |an |one |both |his |her |their |its |left |right |upper |lower |bilateral |entire |whole |human )*"
)
_ITEMS: Final = r"(?:[\w-]+(?: [\w-]+){0,3}(?:, | and | or |, and |, or ))*"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that states a relation."""

    document: str
    source: str
    sentence: str


@dataclass(frozen=True, slots=True)
class MinedRelation:
    """One relation with what speaks for it.

    ``count`` is the number of sentences that name both, ``stated`` of those in which a pattern holds; ``score`` is the
    pointwise mutual information in bits, ``q_value`` the false discovery rate.
    """

    subject: str
    kind: RelationKind
    target: str
    count: int
    stated: int
    score: float
    q_value: float
    evidence: tuple[Evidence, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The corpora of the evidence, in order."""
        return tuple(sorted({e.source for e in self.evidence}))


@dataclass(slots=True)
class _Pair:
    count: int = 0
    stated: int = 0
    evidence: list[Evidence] = field(default_factory=list)


class RelationMiner:
    """Counts pairs document by document, then tells which are more than chance."""

    def __init__(self, wanted: Callable[[str], bool] = lambda node: True) -> None:
        self._wanted = wanted
        self._sentences = 0
        self._nodes: Counter[str] = Counter()
        self._pairs: defaultdict[tuple[str, RelationKind, str], _Pair] = defaultdict(_Pair)

    def add(self, document: Document, mentions: Sequence[Mention]) -> None:
        """Count what one document names together."""
        spans = sentences(document.text)
        starts = [start for start, _ in spans]
        inside: defaultdict[int, list[Mention]] = defaultdict(list)
        for m in mentions:
            if m.score > _SURE and m.assertion in _THERE and self._wanted(m.node):
                inside[bisect_right(starts, m.start) - 1].append(m)
        for index, found in sorted(inside.items()):
            self._sentence(document, spans[max(index, 0)], found)

    def _sentence(self, document: Document, span: tuple[int, int], found: list[Mention]) -> None:
        self._sentences += 1
        for node in {m.node for m in found}:
            self._nodes[node] += 1
        stated: dict[tuple[str, RelationKind, str], bool] = {}
        for subject in found:
            for target in found:
                kind = _KINDS.get((subject.axis, target.axis))
                if kind is None or (subject.start < target.end and target.start < subject.end):
                    continue
                key = (subject.node, kind, target.node)
                stated[key] = stated.get(key, False) or _states(document.text, kind, subject, target)
        for key, is_stated in stated.items():
            pair = self._pairs[key]
            pair.count += 1
            if is_stated:
                pair.stated += 1
                if len(pair.evidence) < _MOST_EVIDENCE:
                    sentence = " ".join(document.text[slice(*span)].split())
                    pair.evidence.append(Evidence(document.id, document.source, sentence))

    def mined(
        self, *, alpha: float = 0.05, known: Mapping[str, Iterable[str]] | None = None
    ) -> Iterator[MinedRelation]:
        """Relations that hold at a false discovery rate of ``alpha``, in order of subject, kind and target.

        Parameters
        ----------
        known
            node -> targets that the tree already relates it to: those are tested and not given.
        """
        from scipy.stats import hypergeom

        told = {node: set(targets) for node, targets in (known or {}).items()}
        for kind in ("location", "symptom", "imaging"):
            keys = sorted(key for key in self._pairs if key[1] == kind)
            if not keys:
                continue
            both = np.array([self._pairs[key].count for key in keys])
            one = np.array([self._nodes[key[0]] for key in keys])
            other = np.array([self._nodes[key[2]] for key in keys])
            chance = hypergeom.sf(both - 1, self._sentences, one, other)
            rates = benjamini_hochberg(chance)
            bits = np.log2(both * self._sentences / (one * other))
            for key, rate, bit in zip(keys, rates, bits, strict=True):
                subject, kind, target = key
                pair = self._pairs[key]
                if rate <= alpha and pair.stated and target not in told.get(subject, ()):
                    yield MinedRelation(
                        subject,
                        kind,
                        target,
                        pair.count,
                        pair.stated,
                        round(float(bit), 2),
                        float(f"{rate:.3g}"),
                        tuple(pair.evidence),
                    )


def benjamini_hochberg(p_values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    """False discovery rates (q-values) of p-values, in their order.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5]))
    [0.04, 0.05333333333333334, 0.05333333333333334, 0.5]
    """
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * len(p_values) / np.arange(1, len(p_values) + 1)
    q_values = np.empty(len(p_values))
    q_values[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return [float(q) for q in q_values]


def _states(text: str, kind: RelationKind, subject: Mention, target: Mention) -> bool:
    order: Literal["forward", "backward"] = "forward" if subject.end <= target.start else "backward"
    first, second = (subject, target) if order == "forward" else (target, subject)
    between = text[first.end : second.start]
    return len(between) <= _REACH and any(p.fullmatch(between) for p in _patterns()[kind, order])


@lru_cache(maxsize=1)
def _patterns() -> dict[tuple[str, str], list[re.Pattern[str]]]:
    file = "relation_patterns.tsv"
    text = (resources.files("met_kg.literature.data") / file).read_text(encoding="utf-8")
    found: dict[tuple[str, str], list[re.Pattern[str]]] = {(k, o): [] for k in _KINDS.values() for o in _ORDERS}
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 3 or (fields[0], fields[1]) not in found:
            raise DataProblem(
                "a pattern is three columns: relation, order, what stands between", where=f"{file}:{number}"
            )
        pattern = fields[2].replace("{det}", _DETERMINERS).replace("{list}", _ITEMS)
        found[fields[0], fields[1]].append(re.compile(pattern.replace(" ", r"\s"), re.IGNORECASE))
    return found


_ORDERS: Final = ("forward", "backward")
