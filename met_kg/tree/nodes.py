"""A node of the tree in the making, and what is said when things do not fit together."""

from __future__ import annotations

from dataclasses import dataclass, field

from met_kg.records import Concept, Relation, Synonym
from met_kg.vocabulary import Axis

__all__ = ["Conflict", "Node"]


@dataclass(slots=True)
class Node:
    """A node of the tree in the making.

    ``matched`` holds the codes that joined the node in this build, with the SSSOM justification; codes that a source
    states are in ``xrefs`` alone. ``wider`` holds stated codes whose own name is the label of another node, with that
    node. ``placed`` holds the parents that no source states, with how each was found.
    """

    curie: str
    label: str
    axis: Axis | None
    definition: str = ""
    synonyms: dict[tuple[str, str], Synonym] = field(default_factory=dict)  # (lower-case text, scope)
    parents: set[str] = field(default_factory=set)
    relations: set[Relation] = field(default_factory=set)
    xrefs: set[str] = field(default_factory=set)
    obsolete: bool = False
    replaced_by: set[str] = field(default_factory=set)
    sources: list[str] = field(default_factory=list)
    tree_parent: str | None = None
    semantic_types: set[str] = field(default_factory=set)
    matched: dict[str, str] = field(default_factory=dict)
    wider: dict[str, str] = field(default_factory=dict)
    placed: dict[str, str] = field(default_factory=dict)

    def absorb(self, concept: Concept, *, keep_parents: bool = True) -> None:
        """Add what a further source says; its label becomes a synonym when it differs."""
        self.axis = self.axis or concept.axis
        self.label = self.label or concept.label
        self.definition = self.definition or concept.definition
        if concept.label.lower() != self.label.lower():
            self.add_synonym(Synonym(concept.label))
        for synonym in concept.synonyms:
            self.add_synonym(synonym)
        if keep_parents:
            self.parents.update(concept.parents)
        self.relations.update(concept.relations)
        self.xrefs.update(concept.xrefs)
        self.semantic_types.update(concept.semantic_types)
        if concept.curie != self.curie:
            self.xrefs.add(concept.curie)
        if concept.source not in self.sources:
            self.sources.append(concept.source)

    def add_synonym(self, synonym: Synonym) -> None:
        """Add a further name; the label is none."""
        text = synonym.text.strip()
        if not text or text.lower() == self.label.lower():
            return
        key = (text.lower(), synonym.scope)
        known = self.synonyms.get(key)
        # A source that says what kind of synonym it is (abbreviation, layperson) wins over one that does not.
        if known is None or (synonym.kind and not known.kind):
            self.synonyms[key] = Synonym(text, synonym.scope, synonym.kind)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that does not fit together: what kind, which node, one sentence, and the parent it was given if any."""

    kind: str
    node: str
    message: str
    parent: str = ""
