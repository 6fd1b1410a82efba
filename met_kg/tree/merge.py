"""One node per meaning: what several sources say of a concept becomes one node.

Two concepts are one node when they have the same CURIE, or when :mod:`met_kg.tree.meanings` finds that they mean the
same. The order of the sources is their precedence: the first one gives label, definition and identifier; the rest add
synonyms, parents, relations. Whatever does not fit together is reported as a
:class:`~met_kg.tree.nodes.Conflict`, not averaged away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from met_kg.records import Concept, Relation
from met_kg.tree.meanings import Meanings
from met_kg.tree.nodes import Conflict, Node
from met_kg.vocabulary import AXIS_ROOT, Axis

__all__ = ["merge"]


def merge(
    sources: Sequence[Iterable[Concept]], *, align_only: Collection[str] = ()
) -> tuple[dict[str, Node], list[Conflict]]:
    """Merge sources, given in order of precedence, into nodes by CURIE.

    Parameters
    ----------
    align_only
        names of sources that add names and codes to nodes and never a node of their own.

    Returns
    -------
    nodes, conflicts
        parents and relation targets already point at the merged nodes; those that point at nothing are conflicts.
    """
    nodes: dict[str, Node] = {}
    alias: dict[str, str] = {}  # CURIE of a concept -> CURIE of the node it became
    meanings = Meanings(nodes)
    conflicts: list[Conflict] = []
    ours: defaultdict[tuple[Axis | None, str], set[str]] = defaultdict(set)
    for rank, concepts in enumerate(sources):
        for concept in concepts:
            target, why = (concept.curie, "") if rank == 0 else _target(concept, nodes, meanings, alias, conflicts)
            node = nodes.get(target)
            if node is None:
                if concept.source in align_only:
                    continue
                node = nodes[target] = Node(target, concept.label, concept.axis, concept.definition)
                node.obsolete, node.replaced_by = concept.obsolete, set(concept.replaced_by)
            alias[concept.curie] = target
            if concept.obsolete and not node.obsolete:
                if concept.curie == target:
                    text = f"{concept.source} calls '{node.label}' obsolete; kept alive"
                    conflicts.append(Conflict("obsolete-used", target, text))
                continue
            # A code absorbed into a node of another hierarchy brings its names, not its place.
            node.absorb(concept, keep_parents=concept.curie == target and concept.source not in align_only)
            if why and concept.curie != target and why != _STATED:
                node.matched[concept.curie] = why
                for owner in meanings.owners(concept.curie) - {target}:
                    nodes[owner].wider[concept.curie] = target
            if not node.obsolete:
                if rank == 0:
                    conflicts += _code_twice(concept, nodes, meanings)
                    for text in (concept.label, *(s.text for s in concept.synonyms if s.scope == "EXACT")):
                        ours[node.axis, text.strip().lower()].add(target)
                meanings.add(node, concept, alias)
    _keep_our_names(nodes, ours)
    _redirect(nodes, alias, conflicts)
    return nodes, conflicts


def _keep_our_names(nodes: dict[str, Node], ours: Mapping[tuple[Axis | None, str], set[str]]) -> None:
    """A name that the project's own ontology gives a node is no exact synonym of another node of its axis."""
    for node in nodes.values():
        for (text, scope), synonym in list(node.synonyms.items()):
            owners = ours.get((node.axis, text), set()) if scope == "EXACT" and not node.obsolete else set()
            if owners and node.curie not in owners:
                del node.synonyms[text, scope]
                node.synonyms.setdefault((text, "RELATED"), replace(synonym, scope="RELATED"))


#: A source already states the code.
_STATED = "semapv:UnspecifiedMatching"


def _target(
    concept: Concept, nodes: dict[str, Node], meanings: Meanings, alias: dict[str, str], conflicts: list[Conflict]
) -> tuple[str, str]:
    if concept.curie in nodes or concept.obsolete:
        return concept.curie, ""
    found, why, problems = meanings.find(concept, alias)
    conflicts += problems
    return (found, why) if found else (concept.curie, "")


def _code_twice(concept: Concept, nodes: dict[str, Node], meanings: Meanings) -> Iterable[Conflict]:
    """The project's own ontology names a code once: it decides what later sources become."""
    for code in concept.xrefs:
        for other in sorted(meanings.owners(code) - {concept.curie}):
            yield Conflict("code-on-two-nodes", concept.curie, f"{code} is on {other} and on {concept.curie}")


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
