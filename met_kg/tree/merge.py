"""One node per meaning: what several sources say of a concept becomes one node.

Two concepts are one node when they have the same CURIE, when a node of the project's own ontology names the other's
code as its cross-reference, or, among findings, when their labels or exact synonyms agree. The order of the sources
is their precedence: the first one gives label, definition and identifier; the rest add synonyms, parents, relations.
Whatever does not fit together is reported as a :class:`Conflict`, not averaged away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from met_kg.records import Concept, Relation, Synonym
from met_kg.vocabulary import AXIS_ROOT, Axis

__all__ = ["Conflict", "Node", "merge", "normal_term"]


@dataclass(slots=True)
class Node:
    """A node of the tree in the making."""

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

    def absorb(self, concept: Concept, *, keep_parents: bool = True) -> None:
        """Add what a further source says; its label becomes a synonym when it differs."""
        self.axis = self.axis or concept.axis
        self.label = self.label or concept.label
        self.definition = self.definition or concept.definition
        if concept.label.lower() != self.label.lower():
            self._add(Synonym(concept.label))
        for synonym in concept.synonyms:
            self._add(synonym)
        if keep_parents:
            self.parents.update(concept.parents)
        self.relations.update(concept.relations)
        self.xrefs.update(concept.xrefs)
        if concept.curie != self.curie:
            self.xrefs.add(concept.curie)
        if concept.source not in self.sources:
            self.sources.append(concept.source)

    def _add(self, synonym: Synonym) -> None:
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
    """Something that does not fit together: what kind, which node, one sentence."""

    kind: str
    node: str
    message: str


def normal_term(text: str) -> str:
    """A term as it is compared within an axis: case, hyphens and repeated blanks do not count.

    >>> normal_term("Ground-Glass  opacity")
    'ground glass opacity'
    """
    return " ".join(text.lower().replace("-", " ").split())


def merge(sources: Sequence[Iterable[Concept]]) -> tuple[dict[str, Node], list[Conflict]]:
    """Merge sources, given in order of precedence, into nodes by CURIE.

    Returns
    -------
    nodes, conflicts
        parents and relation targets already point at the merged nodes; those that point at nothing are conflicts.
    """
    nodes: dict[str, Node] = {}
    alias: dict[str, str] = {}  # CURIE of a concept -> CURIE of the node it became
    code_owner: dict[str, str] = {}  # code named by the project's own ontology -> node
    finding_term: dict[str, str] = {}
    conflicts: list[Conflict] = []
    for rank, concepts in enumerate(sources):
        for concept in concepts:
            target = _target(concept, nodes, code_owner, finding_term)
            alias[concept.curie] = target
            node = nodes.get(target)
            if node is None:
                node = nodes[target] = Node(target, concept.label, concept.axis, concept.definition)
                node.obsolete, node.replaced_by = concept.obsolete, set(concept.replaced_by)
            elif concept.obsolete:
                if concept.curie == target and not node.obsolete:
                    conflicts.append(
                        Conflict("obsolete-used", target, f"{concept.source} calls '{node.label}' obsolete; kept alive")
                    )
                continue
            # A code absorbed into a node of another hierarchy brings its names, not its place.
            node.absorb(concept, keep_parents=concept.curie == target)
            if node.obsolete:
                continue
            if rank == 0:
                for code in concept.xrefs:
                    other = code_owner.setdefault(code, target)
                    if other != target:
                        conflicts.append(Conflict("code-on-two-nodes", target, f"{code} is on {other} and on {target}"))
            if node.axis == "finding":
                exact = (s.text for s in concept.synonyms if s.scope == "EXACT" and not s.kind)
                for term in (concept.label, *exact):
                    finding_term.setdefault(normal_term(term), target)
    _redirect(nodes, alias, conflicts)
    return nodes, conflicts


def _target(concept: Concept, nodes: dict[str, Node], code_owner: dict[str, str], finding_term: dict[str, str]) -> str:
    if concept.curie in nodes:
        return concept.curie
    owner = code_owner.get(concept.curie)
    if owner is not None and nodes[owner].axis == concept.axis:
        return owner
    if concept.axis == "finding" and not concept.obsolete:
        return finding_term.get(normal_term(concept.label), concept.curie)
    return concept.curie


def _redirect(nodes: dict[str, Node], alias: dict[str, str], conflicts: list[Conflict]) -> None:
    """Point parents and relations at merged nodes; drop and report what points at nothing or at an obsolete node."""
    roots = set(AXIS_ROOT.values())
    for node in nodes.values():
        parents: set[str] = set()
        for parent in sorted(node.parents):
            to = alias.get(parent, parent)
            if to == node.curie:
                conflicts.append(Conflict("self-parent", node.curie, f"'{node.label}' is its own parent; dropped"))
            elif to not in nodes:
                if node.curie not in roots:
                    conflicts.append(Conflict("dangling-parent", node.curie, f"parent {parent} is in no source"))
            elif nodes[to].obsolete and not node.obsolete:
                conflicts.append(Conflict("obsolete-parent", node.curie, f"parent {parent} is obsolete; dropped"))
            else:
                parents.add(to)
        node.parents = parents
        relations: set[Relation] = set()
        for relation in sorted(node.relations, key=lambda r: (r.property, r.target)):
            to = alias.get(relation.target, relation.target)
            if to in nodes and not nodes[to].obsolete and to != node.curie:
                relations.add(Relation(relation.property, to))
            else:
                conflicts.append(
                    Conflict("dangling-relation", node.curie, f"{relation.property} {relation.target} is dropped")
                )
        node.relations = relations
