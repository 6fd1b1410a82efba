"""Which node a concept of a further source means: by its code, by codes they share, by name, by logical definition.

Everything is within one axis: a finding and a disease of one name are two nodes. Two concepts of one source are two
meanings, for the source says so. A name alone does not join what has different codes of one system.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from met_kg.literature.normalise import normal_form
from met_kg.records import Concept
from met_kg.tree.nodes import Conflict, Node

__all__ = ["MATCHING_SYSTEMS", "Meanings"]

#: Systems whose codes are fine enough for two concepts with the same code to be one meaning; ICD classifies.
MATCHING_SYSTEMS: Final = ("UMLS", "SNOMEDCT", "MESH", "NCIT", "OMIM", "ORDO", "FMA")


class Meanings:
    """An index over nodes, filled while sources are merged in order of precedence."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._codes: defaultdict[str, set[str]] = defaultdict(set)
        self._names: defaultdict[str, set[str]] = defaultdict(set)
        self._logical: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)

    def add(self, node: Node, concept: Concept, alias: Mapping[str, str]) -> None:
        """Register what a concept says of its node."""
        for code in (concept.curie, *concept.xrefs):
            self._codes[code].add(node.curie)
        for name in _names(concept):
            self._names[name].add(node.curie)
        if concept.logical:
            self._logical[_resolved(concept.logical, alias)].add(node.curie)

    def owners(self, code: str) -> set[str]:
        """Nodes that name a code."""
        return set(self._codes.get(code, ()))

    def find(self, concept: Concept, alias: Mapping[str, str]) -> tuple[str | None, str, list[Conflict]]:
        """The node that a concept means and by what (an SSSOM justification); None when no node or several may be."""
        conflicts: list[Conflict] = []
        named = self._live(self._names.get(name, ()) for name in _names(concept)[:1])
        owners = self._live([self._codes.get(concept.curie, ())])
        if owners := {o for o in owners if self._nodes[o].axis == concept.axis}:
            if namesake := self._namesake(concept, owners):
                said = ", ".join(f"{o} '{self._nodes[o].label}'" for o in sorted(owners))
                text = f"{concept.curie} is stated of {said}; its name '{concept.label}' is that of {namesake}"
                return namesake, "semapv:LexicalMatching", [Conflict("code-and-name-disagree", concept.curie, text)]
            if len(owners) == 1 or len(owners & named) == 1:
                return next(iter(owners if len(owners) == 1 else owners & named)), "semapv:UnspecifiedMatching", []
            which = ", ".join(sorted(owners))
            text = f"{concept.curie} '{concept.label}' is a code of {len(owners)} nodes: {which}"
            conflicts.append(Conflict("code-on-two-nodes", concept.curie, text))
            return None, "", conflicts
        shared = self._by_shared_codes(concept)
        if len(shared) == 1:
            return next(iter(shared)), "semapv:CompositeMatching", []
        if shared:
            which = ", ".join(f"{node} by {code}" for node, code in sorted(shared.items()))
            conflicts.append(Conflict("codes-disagree", concept.curie, f"codes of '{concept.label}' lead to {which}"))
            return None, "", conflicts
        if concept.logical:
            same = self._fitting(concept, [self._logical.get(_resolved(concept.logical, alias), ())])
            if len(same) == 1:
                return next(iter(same)), "semapv:LogicalReasoning", []
        same = self._fitting(concept, (self._names.get(name, ()) for name in _names(concept)[:1]))
        if len(same) > 1:  # the one that has it as its label is meant before those that have it as a synonym
            labelled = {node for node in same if normal_form(self._nodes[node].label) == normal_form(concept.label)}
            same = labelled or same
        if len(same) > 1:
            text = f"'{concept.label}' names {', '.join(sorted(same))}; kept apart"
            return None, "", [Conflict("ambiguous-name", concept.curie, text)]
        if not same:
            return None, "", []
        node = self._nodes[next(iter(same))]
        for system, theirs, ours in _contradictions(concept, node):
            text = (
                f"'{concept.label}' has {theirs}, and {node.curie} of the same name has {ours} in {system}; kept apart"
            )
            conflicts.append(Conflict("two-codes", concept.curie, text))
        return (None, "", conflicts) if conflicts else (node.curie, "semapv:LexicalMatching", [])

    def _namesake(self, concept: Concept, owners: set[str]) -> str | None:
        """The one node whose label is the concept's, when no owner of its code has such a name and it has no such code.

        Sources point at the nearest wider code where they know no exact one (avoidant personality disorder at MeSH's
        "Personality Disorders"): the class of that very name has more right to it.
        """
        name = _names(concept)[0]
        if self._names.get(name, set()) & owners:
            return None
        system = next(iter(_by_system([concept.curie])), "")
        same = [
            node
            for node in sorted(self._fitting(concept, [self._names.get(name, ())]))
            if normal_form(self._nodes[node].label) == name and system not in _by_system(self._nodes[node].xrefs)
        ]
        return same[0] if len(same) == 1 else None

    def _by_shared_codes(self, concept: Concept) -> dict[str, str]:
        """Nodes with a code of the concept that only they have, where both have one code of that system."""
        found: dict[str, str] = {}
        mine = _by_system(concept.xrefs)
        for system, codes in mine.items():
            if len(codes) > 1:
                continue
            for node in self._fitting(concept, [self._codes.get(codes[0], ())]):
                others = _by_system(self._nodes[node].xrefs).get(system, [])
                if len(self._codes[codes[0]]) == 1 and len(others) == 1:
                    found[node] = codes[0]
        return found

    def _fitting(self, concept: Concept, groups: Iterable[Iterable[str]]) -> set[str]:
        """Live nodes of the concept's axis that its source has not spoken of before, under codes of other systems."""
        system = concept.curie.partition(":")[0]
        return {
            node
            for node in self._live(groups)
            if self._nodes[node].axis == concept.axis
            and concept.source not in self._nodes[node].sources
            and node.partition(":")[0] != system
        }

    def _live(self, groups: Iterable[Iterable[str]]) -> set[str]:
        return {node for group in groups for node in group if not self._nodes[node].obsolete}


def _names(concept: Concept) -> list[str]:
    """Label and exact synonyms in compared form, the label first; abbreviations mean too much."""
    exact = (s.text for s in concept.synonyms if s.scope == "EXACT" and s.kind != "abbreviation")
    return list(dict.fromkeys(normal_form(text) for text in (concept.label, *exact)))


def _by_system(codes: Iterable[str]) -> dict[str, list[str]]:
    """Codes by system; MeSH descriptors (D) and supplementary records (C) apart, for records become descriptors."""
    found: dict[str, list[str]] = {}
    for code in sorted(codes):
        system = code.partition(":")[0]
        if system in MATCHING_SYSTEMS:
            found.setdefault(code[:6] if system == "MESH" else system, []).append(code)
    return found


def _contradictions(concept: Concept, node: Node) -> Iterator[tuple[str, str, str]]:
    mine = _by_system({concept.curie, *concept.xrefs})
    theirs = _by_system({node.curie, *node.xrefs})
    if any(set(codes) & set(theirs.get(system, ())) for system, codes in mine.items()):
        return
    for system in sorted(mine.keys() & theirs.keys()):
        yield system, ", ".join(mine[system]), ", ".join(theirs[system])


def _resolved(logical: tuple[str, ...], alias: Mapping[str, str]) -> tuple[str, ...]:
    """A logical definition in terms of merged nodes."""
    parts = ((prop, alias.get(target, target)) for prop, _, target in (part.rpartition(" ") for part in logical))
    return tuple(sorted(f"{prop} {target}".strip() for prop, target in parts))
