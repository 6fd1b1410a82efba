"""Wrong answers that are wrong: relatives of the key that the sample neither shows, may show, nor names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Final

from met_kg.synthesis.index import CLOSENESS, Candidate, TreeIndex
from met_kg.synthesis.names import Names
from met_kg.synthesis.questions.base import QuestionType, Target, within
from met_kg.synthesis.sample import Sample

__all__ = ["WANTED", "Distractors"]

WANTED: Final = 3
#: How many of the best candidates the three are drawn from, so that a key does not always meet the same company.
_POOL: Final = 6
_LONG: Final = 6  # words


class Distractors:
    """Chooses distractors over one tree; ``usage`` counts how often the corpus anchors each node."""

    def __init__(self, tree: TreeIndex, names: Names, usage: Mapping[str, int], depth_span: int) -> None:
        self._tree, self._names, self._usage, self._span = tree, names, usage, depth_span

    def choose(self, kind: QuestionType, target: Target, sample: Sample, rng: Random) -> tuple[list[Candidate], str]:
        """Three distractors in random order, or none and the reason why there are too few."""
        left_out: Counter[str] = Counter()
        fit: list[Candidate] = []
        for candidate in self._tree.candidates(target.key):
            reason = self._unfit(candidate, kind, target, sample)
            if reason:
                left_out[reason] += 1
            else:
                fit.append(candidate)
        chosen: list[Candidate] = []
        names = {self._names[target.key].casefold()}
        pool = sorted(fit, key=lambda c: self._rank(c, target.key))
        front = pool[:_POOL]
        # The pool does not mix what people know with what they do not while there is enough of the former.
        tiers = [self._tier(c.node) for c in front]
        if len(tiers) > WANTED:
            front = [c for c, tier in zip(front, tiers, strict=True) if tier <= tiers[WANTED - 1]]
        rng.shuffle(front)
        for candidate in (*front, *pool):
            name = self._names[candidate.node].casefold()
            if name not in names:
                names.add(name)
                chosen.append(candidate)
            if len(chosen) == WANTED:
                return chosen, ""
        why = "; ".join(f"{n} {reason}" for reason, n in sorted(left_out.items()))
        return [], f"only {len(chosen)} distractors fit {target.key}" + (f" ({why})" if why else "")

    def _unfit(self, candidate: Candidate, kind: QuestionType, target: Target, sample: Sample) -> str:
        tree, node = self._tree, candidate.node
        if node in sample.barred:
            return "related to what the sample shows"
        if abs(tree.nodes[node].depth - tree.nodes[target.key].depth) > self._span:
            return "of another depth"
        if within(node, kind.outside, tree):
            return "of another kind"
        if target.claim in ("location", "symptom") and self._holds(target, node):
            return "right as well"
        if target.claim == "parent" and node in tree.lineage(target.subject):
            return "right as well"
        if sample.mentions(tree.terms(node)):
            return "named in the sample's text"
        return ""

    def _holds(self, target: Target, node: str) -> bool:
        """Whether the candidate is, or is related to, another place or symptom of the subject."""
        right = {link.target for link in self._tree.links(target.subject, target.claim)}
        return not right.isdisjoint(self._tree.lineage(node))

    def _tier(self, node: str) -> int:
        """0: anchored in this corpus; 1: own or defined and short; 2: the rest."""
        if self._usage.get(node):
            return 0
        known = node.startswith("MET:") or bool(self._tree.nodes[node].definition)
        return 1 if known and len(self._names[node].split()) <= _LONG else 2

    def _rank(self, candidate: Candidate, key: str) -> tuple[int, int, int, int, str]:
        here, there = self._tree.nodes[candidate.node], self._tree.nodes[key]
        length = abs(len(self._names[candidate.node].split()) - len(self._names[key].split()))
        return (
            self._tier(candidate.node),
            CLOSENESS[candidate.relation],
            abs(here.depth - there.depth),
            length,
            candidate.node,
        )
