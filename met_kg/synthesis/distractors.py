"""Wrong answers that are wrong: relatives of the key that the sample neither shows, may show, nor names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from met_kg.synthesis.claims import CLAIMS
from met_kg.synthesis.index import CLOSENESS, PREDICATE, Candidate, TreeIndex
from met_kg.synthesis.names import Names
from met_kg.synthesis.questions.base import QuestionType, Target
from met_kg.synthesis.sample import Sample

__all__ = ["WANTED", "Distractors", "unrelated"]

WANTED: Final = 3
#: Of relatives that are no key of the type anywhere in the corpus, so many of the best are looked at.
_FRESH: Final = 30
#: So many fitting candidates are enough to choose from.
_ENOUGH: Final = 40
#: A node that is so large a share of a type's keys is always looked at: it needs many turns as a wrong answer.
_HEAVY: Final = 0.02
_LONG: Final = 6  # words
#: Down to this depth nodes of one parent have little in common.
_ALONE: Final = 2
#: What is shown in so many of the samples that show a thing may be in any of them without being named.
_OFTEN: Final = 0.02
#: Whose company counts: a finding may come with a disease or another finding, a disease with a disease.
_KEEPS: Final = {"disease": ("disease",), "finding": ("finding", "disease"), "anatomy": ("anatomy",), "modality": ()}


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What may not stand beside a sample's key: what goes with the things it shows, their places in the body, and the
    divisions of the body that may be in the picture, or at its edge."""

    company: frozenset[str]
    places: frozenset[str]
    divisions: frozenset[str]
    edges: frozenset[str]


class Distractors:
    """Finds what can stand beside a key, over one tree.

    ``keys`` counts the possible keys of each type; ``shown`` holds what each sample shows: what goes together in life
    is no safe alternative.
    """

    def __init__(
        self,
        tree: TreeIndex,
        names: Names,
        *,
        keys: Mapping[str, Mapping[str, int]],
        shown: Mapping[str, Set[str]],
        depth_span: int,
    ) -> None:
        self._tree, self._names, self._keys, self._shown, self._span = tree, names, keys, shown, depth_span
        self._usage = Counter(node for nodes in shown.values() for node in nodes)
        self._beside: dict[str, Counter[str]] = {}
        for nodes in shown.values():
            for node in nodes:
                self._beside.setdefault(node, Counter()).update(nodes)
        self._company: dict[str, frozenset[str]] = {}
        self._around: dict[str, _Surroundings] = {}
        self._ranked: dict[tuple[str, str], tuple[list[Candidate], Counter[str]]] = {}
        self._rights: dict[tuple[str, str], frozenset[str]] = {}
        self._words: dict[str, int] = {}

    def fitting(self, kind: QuestionType, target: Target, sample: Sample) -> tuple[list[Candidate], str]:
        """Candidates that are wrong here, the best first, or none and the reason why there are too few."""
        ranked, unsuited = self._candidates(kind, target)
        left_out = Counter(unsuited)
        names = {self._names[target.key].casefold()}
        found: list[Candidate] = []
        for candidate in ranked:
            reason = self._unfit(candidate, kind, target, sample)
            name = self._names[candidate.node].casefold()
            if reason or name in names:
                left_out[reason or "of the same name"] += 1
                continue
            names.add(name)
            found.append(candidate)
            if len(found) == _ENOUGH:
                break
        if len(apart := unrelated(found, self._tree)) >= WANTED:
            return found, ""
        left_out["related to another option"] += len(found) - len(apart)
        why = "; ".join(f"{n} {reason}" for reason, n in sorted(left_out.items()) if n)
        return [], f"only {len(apart)} distractors fit {target.key}" + (f" ({why})" if why else "")

    def _candidates(self, kind: QuestionType, target: Target) -> tuple[list[Candidate], Counter[str]]:
        """Candidates for a key in order of preference, and how many no sample can use, by reason."""
        if target.beside is not None:
            return [Candidate(node, relation, "", via) for node, relation, via in target.beside], Counter()
        key = target.key
        if (kind.name, key) not in self._ranked:
            unsuited: Counter[str] = Counter()
            suited = []
            possible, keys = self._tree.answers(kind.answers), self._keys[kind.name]
            for candidate in (*self._tree.candidates(key), *self._same_axis(kind, key)):
                if candidate.node not in possible:
                    unsuited["of another kind"] += 1
                elif candidate.relation != "same-axis" and self._apart(candidate.node, key) > self._span:
                    unsuited["of another depth"] += 1
                else:
                    suited.append(candidate)
            suited.sort(key=lambda c: self._rank(c, key))
            enough = _HEAVY * sum(keys.values())
            heavy = [c for c in suited if keys.get(c.node, 0) > enough]
            other = [c for c in suited if 0 < keys.get(c.node, 0) <= enough]
            fresh = [c for c in suited if c.node not in keys][:_FRESH]
            self._ranked[kind.name, key] = [*heavy, *other, *fresh], unsuited
        return self._ranked[kind.name, key]

    def _same_axis(self, kind: QuestionType, key: str) -> Iterator[Candidate]:
        """The other keys of the type, and all answers where there are few (modalities, regions, sides)."""
        possible = self._tree.answers(kind.answers)
        others = possible if len(possible) <= _FRESH else self._keys[kind.name].keys() & possible
        barred = self._tree.lineage(key) | {c.node for c in self._tree.candidates(key)}
        for node in sorted(others - barred):
            yield Candidate(node, "same-axis", "", "")

    def _apart(self, node: str, key: str) -> int:
        return abs(self._tree.nodes[node].depth - self._tree.nodes[key].depth)

    def _surroundings(self, sample: Sample) -> _Surroundings:
        if sample.sample_id not in self._around:
            shown, body = self._shown[sample.sample_id], self._tree.body
            divisions = frozenset().union(*(body.divisions(node) for node in shown))
            self._around[sample.sample_id] = _Surroundings(
                frozenset().union(*(self._keeps(node) for node in shown)),
                frozenset().union(*(body.places(node) for node in shown)),
                body.nearby(divisions),
                body.nearby(divisions, edges=True),
            )
        return self._around[sample.sample_id]

    def _keeps(self, node: str) -> frozenset[str]:
        """What this corpus often shows together with a node."""
        if node not in self._company:
            mine, nodes = self._beside[node], self._tree.nodes
            self._company[node] = frozenset(
                other
                for other, n in mine.items()
                if n >= _OFTEN * mine[node] and other in nodes and nodes[node].axis in _KEEPS[nodes[other].axis]
            )
        return self._company[node]

    def _unfit(self, candidate: Candidate, kind: QuestionType, target: Target, sample: Sample) -> str:
        node = candidate.node
        if candidate.relation == "shown":
            return "related to the key" if node in self._tree.lineage(target.key) else ""
        if node in sample.barred:
            return "related to what the sample shows"
        # One region is meant, and the next may be in the picture.
        if kind.answers == "region" and not self._elsewhere(node, self._surroundings(sample).edges):
            return "perhaps in the picture as well"
        # A slice may have its scout film in the corner, and a frontal film lies in a coronal plane.
        if kind.answers == "view" and self._tree.path(node)[-3] != self._tree.path(target.key)[-3]:
            return "a plane beside a projection"
        # High-resolution CT may be a chest CT: the one says how, the other of what.
        shows = self._tree.body.parts_shown
        if kind.answers == "technique" and bool(shows(node)) != bool(shows(target.key)):
            return "of a part of the body beside a technique"
        if self._tree.nodes[node].axis == "disease" and self._tree.named_for(target.key, node):
            return "named for the key, or the key for it"
        if target.claim == "depicts" and not kind.single:
            around = self._surroundings(sample)
            # A pleural effusion often goes with pneumonia, even where the record does not name it.
            if node in around.company:
                return "seen together with it elsewhere"
            # A structure of the same part or system of the body may be in the picture without being named.
            if self._tree.nodes[node].axis == "anatomy":
                if not around.places.isdisjoint(self._tree.body.places(node)):
                    return "in the same place as what the sample shows"
                # Of a picture of a part of the body only what is known to lie far from it is missing for sure.
                if not self._elsewhere(node, around.divisions):
                    return "perhaps in the picture as well"
            group = kind.answers == "disease" and self._tree.children(node)  # 'pneumonia' beside SARS
            if (group or target.subject != target.key) and self._holds_too(node, target.subject):
                return "right as well"
        elif target.claim != "depicts" and self._right(target, node):
            return "right as well"
        if sample.mentions(self._tree.terms(node)):
            return "named in the sample's text"
        return ""

    def _elsewhere(self, node: str, divisions: Set[str]) -> bool:
        own = self._tree.body.divisions(node)
        return bool(own) and own.isdisjoint(divisions)

    def _right(self, target: Target, node: str) -> bool:
        """Whether the candidate is, or is related to, another right answer.

        Kin of a disease share symptoms and modalities that the tree states of one of them only.
        """
        claim, lineage = target.claim, self._tree.lineage(node)
        if claim == "parent":
            return node in self._tree.lineage(target.subject) or self._holds_too(node, target.subject)
        if claim == "sibling":
            # The question does not say which group is meant: none may hold both.
            if target.carrier in lineage or not self._tree.grouping.apart(target.subject, node):
                return True
            # Sarcoidosis, of the immune system to the tree, is seen on chest films as pneumonia is.
            seen = {link.target for link in self._tree.links(target.subject, "imaging")}
            too = {link.target for link in self._tree.links(node, "imaging")}
            return any(self._tree.body.parts_shown(examination) for examination in seen & too)
        if claim == "seat-imaging" and not self._tree.body.looks_away(node, target.subject):
            return True
        if claim not in ("shared-symptom", "seat-imaging") and (claim not in PREDICATE or CLAIMS[claim].right is None):
            return False
        right = self._right_answers(claim, target.subject)
        # Fast breathing beside shortness of breath; a CT beside a CT of the chest.
        if claim == "symptom" and self._has_sibling(node, right):
            return True
        if claim in ("imaging", "seat-imaging") and self._may_show(node, right):
            return True
        return not right.isdisjoint(lineage)

    def _right_answers(self, claim: str, subject: str) -> frozenset[str]:
        """All right answers to a claim about a subject, as far as the tree states them of it or of its kin."""
        if (claim, subject) not in self._rights:
            if claim in PREDICATE:
                right = {link.target for link in self._tree.links(subject, claim)}
                if claim != "location":
                    right |= self._tree.kin_links(subject, claim)
            else:
                right = {link.target for link in self._tree.two_steps(subject, claim)}
                if claim == "seat-imaging":
                    right |= {link.target for link in self._tree.links(subject, "imaging")}
            self._rights[claim, subject] = frozenset(right)
        return self._rights[claim, subject]

    def _holds_too(self, group: str, subject: str) -> bool:
        """Whether a group holds a disease by the organ system, or sits itself where the disease does.

        A disease of the lung is a respiratory disease in people's eyes, wherever the tree has it.
        """
        if self._tree.grouping.fits_beside(subject, group):
            return True
        own = {link.target for link in self._tree.links(group, "location") if link.carrier == group}
        sits = {link.target for link in self._tree.links(subject, "location")}
        return any(not own.isdisjoint(self._tree.lineage(place)) for place in sits)

    def _may_show(self, node: str, right: Set[str]) -> bool:
        """Whether it is of the family of a right examination and of no other part, or of the same part of the body."""
        parts = self._tree.body.parts_shown(node)
        family = self._tree.path(node)[-2:][0]
        for other in right & self._tree.nodes.keys():
            if not parts.isdisjoint(self._tree.body.parts_shown(other)):
                return True
            if not parts and self._tree.path(other)[-2:][0] == family:
                return True
        return False

    def _has_sibling(self, node: str, others: Set[str]) -> bool:
        """Whether one of the others has the same tree parent, far enough down for that to mean something."""
        facts = self._tree.nodes[node]
        return facts.depth > _ALONE and not others.isdisjoint(self._tree.children(facts.parent))

    def _tier(self, node: str) -> int:
        """0: anchored in this corpus; 1: own or defined and short; 2: the rest."""
        if self._usage.get(node):
            return 0
        known = node.startswith("MET:") or bool(self._tree.nodes[node].definition)
        return 1 if known and self._length(node) <= _LONG else 2

    def _length(self, node: str) -> int:
        """Words of a node's name."""
        if node not in self._words:
            self._words[node] = len(self._names[node].split())
        return self._words[node]

    def _rank(self, candidate: Candidate, key: str) -> tuple[int, int, int, int, int, str]:
        return (
            self._tier(candidate.node),
            CLOSENESS[candidate.relation],
            abs(self._tree.generality(candidate.node) - self._tree.generality(key)) // 3,
            self._apart(candidate.node, key),
            abs(self._length(candidate.node) - self._length(key)),
            candidate.node,
        )


def unrelated(candidates: Sequence[Candidate], tree: TreeIndex, most: int = WANTED) -> list[Candidate]:
    """The first candidates of which none is a kind or part of another: two such would both be out at a glance."""
    chosen: list[Candidate] = []
    for candidate in candidates:
        if not any(candidate.node in tree.lineage(other.node) for other in chosen):
            chosen.append(candidate)
            if len(chosen) == most:
                break
    return chosen
