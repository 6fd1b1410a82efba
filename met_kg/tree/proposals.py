"""What literature proposes: new terms and relations as rows for review, and relations as an OWL module of their own.

No new term enters the tree by itself. Mined relations are annotations, not axioms: ``tree/met-mined.owl`` imports the
tree and says of a class that literature names it together with another, from which corpora, how often, how much more
often than chance. What a source asserts is a restriction in ``tree/met.owl``; the two cannot be taken for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import pyoxigraph as ox

from met_kg.literature.candidates import Candidate, NameIndex
from met_kg.literature.new_terms import NewTerm
from met_kg.literature.relations import MinedRelation, RelationKind
from met_kg.tree.review import ReviewRow, machine_ids
from met_kg.tree.write import annotated
from met_kg.vocabulary import expand

__all__ = ["MINED_AS", "mined_header", "mined_triples", "relation_rows", "term_rows"]

#: Kind of relation -> annotation property of the mined module, property that an accepted one gets.
MINED_AS: Final[dict[RelationKind, tuple[str, str]]] = {
    "location": ("met:minedLocation", "met:hasLocation"),
    "symptom": ("met:minedSymptom", "RO:0002452"),
    "imaging": ("met:minedImagedBy", "met:imagedBy"),
}
_DISEASE_LOCATION: Final = "RO:0004026"


def term_rows(terms: Iterable[NewTerm], index: NameIndex) -> list[ReviewRow]:
    """New terms as rows for review, the surest first, each with the names of the tree that are near its own."""
    found = sorted(terms, key=lambda t: (-t.confidence, t.label.lower(), t.label))
    ids = machine_ids([t.label for t in found])
    return [
        ReviewRow(
            ids[t.label],
            t.label,
            t.parent,
            "",
            t.definition,
            "new-term",
            f"{t.confidence:g}",
            f"by {', '.join(t.signs)}{_near(near)}. " + " / ".join(t.evidence),
        )
        for t, near in zip(found, index.near([t.label for t in found]), strict=True)
    ]


def _near(candidates: Iterable[Candidate]) -> str:
    """What a person should rule out before a term becomes a class: it may be one of these."""
    said = ", ".join(f"{c.name} {c.node} ({c.score:g})" for c in candidates)
    return f"; near: {said}" if said else ""


def relation_rows(
    relations: Iterable[MinedRelation], labels: Mapping[str, str], axes: Mapping[str, str]
) -> Iterator[ReviewRow]:
    """Mined relations as rows for review; the relation is what the class gets when a person accepts the row."""
    for r in relations:
        prop = MINED_AS[r.kind][1]
        if r.kind == "location" and axes.get(r.subject) == "disease":
            prop = _DISEASE_LOCATION
        said = f"{labels.get(r.target, r.target)}: {r.count} sentences, {r.stated} of them say so, q {r.q_value:g}. "
        said += " / ".join(f"{e.document}: {e.sentence}" for e in r.evidence[:2])
        relation = f"{prop} {r.target}"
        yield ReviewRow(
            r.subject, labels.get(r.subject, ""), "", relation, "", "relation", f"{1 - r.q_value:.3f}", said
        )


def mined_triples(relations: Iterable[MinedRelation]) -> Iterator[ox.Triple]:
    """One annotated annotation for each mined relation, in their order."""
    for r in relations:
        prop, target = MINED_AS[r.kind][0], ox.NamedNode(expand(r.target))
        yield ox.Triple(ox.NamedNode(expand(r.subject)), ox.NamedNode(expand(prop)), target)
        said: dict[str, list[ox.NamedNode | ox.Literal]] = {
            "dcterms:source": [ox.Literal(source) for source in r.sources],
            "met:evidenceCount": [ox.Literal(r.count)],
            "met:evidenceScore": [_decimal(r.score)],
            "met:evidenceQValue": [ox.Literal(f"{r.q_value:.3e}", datatype=ox.NamedNode(expand("xsd:double")))],
        }
        yield from annotated(r.subject, prop, target, said)


def mined_header(version: str, digest: str) -> Iterator[ox.Triple]:
    """The header of the mined module, which imports the tree, and the declarations of what it annotates with."""
    base = expand("met:").removesuffix("schema#")
    ontology, a = ox.NamedNode(f"{base}met-mined.owl"), ox.NamedNode(expand("rdf:type"))
    yield ox.Triple(ontology, a, ox.NamedNode(expand("owl:Ontology")))
    yield ox.Triple(ontology, ox.NamedNode(expand("owl:imports")), ox.NamedNode(f"{base}met.owl"))
    title = ox.Literal("Medical Entity Tree: relations mined from literature, not asserted", language="en")
    yield ox.Triple(ontology, ox.NamedNode(expand("dcterms:title")), title)
    told = ox.Literal(f"mined with the tree {version}, sha256 {digest}")
    yield ox.Triple(ontology, ox.NamedNode(expand("dcterms:description")), told)
    annotations = (*(prop for prop, _ in MINED_AS.values()), "met:evidenceCount", "met:evidenceScore")
    for prop in (*annotations, "met:evidenceQValue", "dcterms:source", "dcterms:title", "dcterms:description"):
        yield ox.Triple(ox.NamedNode(expand(prop)), a, ox.NamedNode(expand("owl:AnnotationProperty")))


def _decimal(value: float) -> ox.Literal:
    return ox.Literal(f"{value:.2f}", datatype=ox.NamedNode(expand("xsd:decimal")))
