"""Wrong answers that are wrong: relatives of the key that the sample neither shows, may show, nor names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from random import Random
from typing import Final

from met_kg.synthesis.index import CLOSENESS, PREDICATE, Candidate, TreeIndex
from met_kg.synthesis.names import Names
from met_kg.synthesis.questions.base import QuestionType, Target, within
from met_kg.synthesis.sample import Sample

__all__ = ["WANTED", "Distractors"]

WANTED: Final = 3
#: How many of the best candidates the three are drawn from, so that a key does not always meet the same company.
_POOL: Final = 6
_LONG: Final = 6  # words


class Distractors:
    """Chooses distractors over one tree.

    ``usage`` counts how often the corpus anchors each node; ``together`` holds the pairs (in order of their CURIEs)
    that one sample shows: what goes together in life is no safe alternative.
    """

    def __init__(
        self,
        tree: TreeIndex,
        names: Names,
        *,
        usage: Mapping[str, int],
        together: Set[tuple[str, str]],
        depth_span: int,
    ) -> None:
        self._tree, self._names, self._usage, self._together, self._span = tree, names, usage, together, depth_span
        self._ranked: dict[tuple[str, str], tuple[list[Candidate], Counter[str]]] = {}

    def choose(self, kind: QuestionType, target: Target, sample: Sample, rng: Random) -> tuple[list[Candidate], str]:
        """Three distractors in random order, or none and the reason why there are too few."""
        ranked, unsuited = self._candidates(kind, target.key)
        left_out = Counter(unsuited)
        shown = [target.key, *(a.node for a in sample.anchors if a.polarity == "positive")]
        names = {self._names[target.key].casefold()}
        front: list[Candidate] = []
        for candidate in ranked:
            # The pool does not mix what people know with what they do not once there is enough of the former.
            if len(front) >= WANTED and self._tier(candidate.node) > self._tier(front[-1].node):
                break
            reason = self._unfit(candidate.node, target, sample, shown)
            name = self._names[candidate.node].casefold()
            if reason or name in names:
                left_out[reason or "of the same name"] += 1
                continue
            names.add(name)
            front.append(candidate)
            if len(front) == _POOL:
                break
        rng.shuffle(front)
        chosen: list[Candidate] = []
        for candidate in front:
            # Two options of which one is a kind of the other would both be out at a glance.
            if not any(candidate.node in self._tree.lineage(other.node) for other in chosen):
                chosen.append(candidate)
        if len(chosen) >= WANTED:
            return chosen[:WANTED], ""
        left_out["related to another option"] += len(front) - len(chosen)
        why = "; ".join(f"{n} {reason}" for reason, n in sorted(left_out.items()))
        return [], f"only {len(chosen)} distractors fit {target.key}" + (f" ({why})" if why else "")

    def _candidates(self, kind: QuestionType, key: str) -> tuple[list[Candidate], Counter[str]]:
        """Candidates for a key in order of preference, and how many no sample can use, by reason."""
        if (kind.name, key) not in self._ranked:
            unsuited: Counter[str] = Counter()
            suited = []
            for candidate in (*self._tree.candidates(key), *self._same_axis(key)):
                if candidate.relation != "same-axis" and self._apart(candidate.node, key) > self._span:
                    unsuited["of another depth"] += 1
                elif within(candidate.node, kind.outside, self._tree) or (
                    kind.inside and not within(candidate.node, kind.inside, self._tree)
                ):
                    unsuited["of another kind"] += 1
                else:
                    suited.append(candidate)
            self._ranked[kind.name, key] = sorted(suited, key=lambda c: self._rank(c, key)), unsuited
        return self._ranked[kind.name, key]

    def _same_axis(self, key: str) -> Iterator[Candidate]:
        """For a structure, the other structures of this corpus: their is-a kin are mostly unknown to clinicians."""
        if self._tree.nodes[key].axis != "anatomy":
            return
        barred = self._tree.lineage(key) | {c.node for c in self._tree.candidates(key)}
        for node in sorted(self._usage):
            if node not in barred and node in self._tree.nodes and self._tree.nodes[node].axis == "anatomy":
                yield Candidate(node, "same-axis", "", "")

    def _apart(self, node: str, key: str) -> int:
        return abs(self._tree.nodes[node].depth - self._tree.nodes[key].depth)

    def _unfit(self, node: str, target: Target, sample: Sample, shown: Sequence[str]) -> str:
        if node in sample.barred:
            return "related to what the sample shows"
        if target.claim == "depicts" and self._tree.nodes[node].axis != "modality":
            # A pleural effusion often goes with pneumonia, even where the record does not name it.
            if any((min(node, other), max(node, other)) in self._together for other in shown):
                return "seen together with it elsewhere"
        elif self._holds(target, node):
            return "right as well"
        if sample.mentions(self._tree.terms(node)):
            return "named in the sample's text"
        return ""

    def _holds(self, target: Target, node: str) -> bool:
        """Whether the candidate is, or is related to, another parent, place, symptom or modality of the subject.

        Kin of a disease share symptoms and modalities that the tree states of one of them only.
        """
        if target.claim not in PREDICATE:
            return target.claim == "parent" and node in self._tree.lineage(target.subject)
        right = {link.target for link in self._tree.links(target.subject, target.claim)}
        if target.claim != "location":
            right |= self._tree.kin_links(target.subject, target.claim)
        return not right.isdisjoint(self._tree.lineage(node))

    def _tier(self, node: str) -> int:
        """0: anchored in this corpus; 1: own or defined and short; 2: the rest."""
        if self._usage.get(node):
            return 0
        known = node.startswith("MET:") or bool(self._tree.nodes[node].definition)
        return 1 if known and len(self._names[node].split()) <= _LONG else 2

    def _rank(self, candidate: Candidate, key: str) -> tuple[int, int, int, int, int, str]:
        length = abs(len(self._names[candidate.node].split()) - len(self._names[key].split()))
        return (
            self._tier(candidate.node),
            abs(self._tree.generality(candidate.node) - self._tree.generality(key)) // 3,
            CLOSENESS[candidate.relation],
            self._apart(candidate.node, key),
            length,
            candidate.node,
        )
