"""What people decided, applied to every build: accepted, rejected, moved, merged, taken as a synonym.

Decisions are rows of a review table (:mod:`met_kg.tree.review`) whose column ``decision`` is filled in. They come from
``ontology/decisions.tsv``, from tables that a recipe names, and from the run's own ``tree/review.tsv``, whose
decisions are kept in ``decisions.tsv`` of the run before the next build writes a new queue. Of two on one matter the
later counts.

=========  ==========================================================================================
accept     a new term enters the tree; a placement, relation or mapping holds as if a source said it
reject     it is not proposed again; a rejected mapping leaves as SSSOM with ``predicate_modifier: Not``
synonym    the new term is an exact synonym of the class in ``parent``
move       the class hangs from the classes in ``parent``, and from no other
merge      the class is the one in ``parent``: names, codes and children go there, the class is obsolete
=========  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from met_kg.errors import DataProblem
from met_kg.records import Relation, Synonym
from met_kg.tree.nodes import Conflict, Node
from met_kg.tree.review import ReviewRow, read_review, write_review
from met_kg.vocabulary import is_curie

__all__ = ["Decisions", "apply_decisions", "keep_decisions", "lost_decisions", "read_decisions"]

VERBS: Final = ("accept", "reject", "synonym", "move", "merge")
#: The source that a node names for what people decided.
SOURCE: Final = "review"
_MAPPING: Final = "mapping"


@dataclass(slots=True)
class Decisions:
    """Decisions by matter: class, kind and relation."""

    rows: dict[tuple[str, str, str], ReviewRow] = field(default_factory=dict)

    def add(self, row: ReviewRow) -> None:
        """Take a decision over; an earlier one on the same matter is forgotten."""
        self.rows.pop(_matter(row), None)
        self.rows[_matter(row)] = row

    def decided(self, row: ReviewRow) -> bool:
        """Whether people have decided the matter of this row."""
        return _matter(row) in self.rows

    def rejected(self, node: str, kind: str, relation: str = "") -> bool:
        """Whether people said no to this."""
        row = self.rows.get((node, kind, relation))
        return row is not None and row.decision == "reject"

    def of(self, *verbs: str) -> list[ReviewRow]:
        """Decisions of these kinds, in the order they were given."""
        return [row for row in self.rows.values() if row.decision in verbs]


def _matter(row: ReviewRow) -> tuple[str, str, str]:
    return row.id, row.kind, row.relation


def read_decisions(paths: Iterable[Path]) -> Decisions:
    """All decisions of the tables, later ones before earlier ones.

    Raises
    ------
    MissingData
        when a table is not there.
    DataProblem
        when a decision is not one of the five, or cannot be understood: the file and line are named.
    """
    found = Decisions()
    for path in paths:
        for line, row in read_review(path):
            if row.decision:
                found.add(_checked(row, f"{path}:{line}"))
    return found


def _checked(row: ReviewRow, where: str) -> ReviewRow:
    verb = row.decision.lower()
    if verb not in VERBS:
        raise DataProblem(f"decision '{row.decision}' is unknown", where=where, hint=f"one of {', '.join(VERBS)}")
    for cell in (row.id, *_parents(row)):
        if not is_curie(cell):
            raise DataProblem(f"'{cell}' is no identifier", where=where, hint="write one such as DOID:2841")
    if verb in ("synonym", "move", "merge") and not row.parent:
        raise DataProblem(f"'{verb}' needs a class in the column parent", where=where)
    if verb in ("synonym", "merge") and len(_parents(row)) > 1:
        raise DataProblem(f"'{verb}' needs one class in the column parent", where=where)
    if row.relation and (len(row.relation.split()) != 2 or not all(map(is_curie, row.relation.split()))):
        raise DataProblem(f"'{row.relation}' is not 'property target'", where=where)
    return ReviewRow(**{**{k: getattr(row, k) for k in row.__slots__}, "decision": verb})


def _parents(row: ReviewRow) -> list[str]:
    return [cell.strip() for cell in row.parent.split("|") if cell.strip()]


def apply_decisions(nodes: dict[str, Node], decisions: Decisions) -> list[Conflict]:
    """Change merged nodes as people decided, before they are placed; what cannot be done is a conflict."""
    conflicts: list[Conflict] = []
    for row in decisions.rows.values():
        missing = [p for p in _parents(row) if p not in nodes or nodes[p].obsolete]
        if missing and row.decision != "reject":
            text = f"'{row.decision}' names {missing[0]}, which is no live class of this tree"
            conflicts.append(Conflict("decision-not-possible", row.id, text))
            continue
        problem = _apply(row, nodes)
        if problem:
            conflicts.append(Conflict("decision-not-possible", row.id, f"'{row.decision}': {problem}"))
    return conflicts


def _apply(row: ReviewRow, nodes: dict[str, Node]) -> str:
    """Do what one row says; why not, if not."""
    verb, node = row.decision, nodes.get(row.id)
    if row.kind == "new-term" and verb in ("accept", "synonym"):
        return _new_term(row, nodes)
    if row.kind == "new-term":
        return ""  # rejected: it is not proposed again
    if node is None or node.obsolete:
        return "it is no live class of this tree"
    if verb == "synonym" or verb == "merge":
        _merge(node, nodes[_parents(row)[0]], nodes)
    elif row.relation:
        return _relation(row, node, nodes)
    elif verb == "move" or (verb == "accept" and row.parent):
        node.parents = set(_parents(row))
        _said_by_people(node)
    return ""


def _new_term(row: ReviewRow, nodes: dict[str, Node]) -> str:
    if row.decision == "synonym":
        nodes[_parents(row)[0]].add_synonym(Synonym(row.label))
        _said_by_people(nodes[_parents(row)[0]])
        return ""
    if not row.parent or not row.label:
        return "a new term needs a label and a parent"
    if row.id in nodes:
        return f"{row.id} is '{nodes[row.id].label}' already"
    axis = nodes[_parents(row)[0]].axis
    nodes[row.id] = Node(row.id, row.label, axis, row.definition, parents=set(_parents(row)), sources=[SOURCE])
    return ""


def _relation(row: ReviewRow, node: Node, nodes: dict[str, Node]) -> str:
    prop, target = row.relation.split()
    if row.kind == _MAPPING:
        if row.decision == "accept":
            node.xrefs.add(target)
            node.matched[target] = "semapv:ManualMappingCuration"
        elif row.decision == "reject":
            node.xrefs.discard(target)
            node.matched.pop(target, None)
    elif row.decision == "accept":
        if target not in nodes or nodes[target].obsolete:
            return f"{target} is no live class of this tree"
        node.relations.add(Relation(prop, target))
    elif row.decision == "reject":
        node.relations.discard(Relation(prop, target))
    _said_by_people(node)
    return ""


def _merge(node: Node, target: Node, nodes: dict[str, Node]) -> None:
    """One class becomes another."""
    target.add_synonym(Synonym(node.label))
    for synonym in node.synonyms.values():
        target.add_synonym(synonym)
    target.definition = target.definition or node.definition
    target.xrefs |= (node.xrefs | {node.curie}) - {target.curie}
    target.relations |= {r for r in node.relations if r.target != target.curie}
    _said_by_people(target)
    for other in nodes.values():
        if node.curie in other.parents:
            other.parents.discard(node.curie)
            if other is not target:
                other.parents.add(target.curie)
        for relation in [r for r in other.relations if r.target == node.curie]:
            other.relations.discard(relation)
            if other is not target:
                other.relations.add(Relation(relation.property, target.curie))
    node.obsolete, node.replaced_by = True, {target.curie}
    node.parents, node.relations = set(), set()


def _said_by_people(node: Node) -> None:
    if SOURCE not in node.sources:
        node.sources.append(SOURCE)


def lost_decisions(nodes: Mapping[str, Node], decisions: Decisions) -> list[Conflict]:
    """Places that people gave and that the placed tree does not have: the tree would have a cycle or cross axes."""
    lost = []
    for row in decisions.of("accept", "move"):
        node = nodes.get(row.id)
        if node is None or row.relation or not row.parent or node.obsolete:
            continue
        for parent in sorted(set(_parents(row)) - node.parents):
            text = f"people placed it below {parent}, which would close a cycle, cross axes, or join disjoint classes"
            lost.append(Conflict("decision-not-possible", row.id, text))
    return lost


def keep_decisions(run: Path) -> None:
    """Save what people wrote into a run's review table into the run's ``decisions.tsv``, before a build replaces it.

    Raises
    ------
    DataProblem
        when a decision cannot be understood.
    """
    review, kept = run / "tree" / "review.tsv", run / "decisions.tsv"
    if not review.is_file():
        return
    fresh = read_decisions([review])
    if not fresh.rows:
        return
    known = read_decisions([kept] if kept.is_file() else [])
    before = dict(known.rows)
    for row in fresh.rows.values():
        known.add(row)
    if known.rows != before:
        written = kept.with_suffix(".tsv.new")
        write_review(sorted(known.rows.values(), key=lambda r: (r.kind, r.id, r.relation)), written)
        written.replace(kept)
