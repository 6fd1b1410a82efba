"""Nodes become OWL: triples for the store, RDF/XML for Protégé, SSSOM for the mappings.

One ``rdfs:label``, one ``IAO:0000115``, ``oboInOwl:has*Synonym`` (typed synonyms through annotated axioms),
``oboInOwl:hasDbXref``, ``skos:exactMatch`` where a code and a node name each other alone, ``subClassOf`` for is-a,
existential restrictions for every other relation. Obsolete nodes are kept, deprecated, with their replacement.
Blank nodes are named by the content they stand for, so that the same tree gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from met_kg.tree.nodes import Node
from met_kg.vocabulary import contract, expand

__all__ = [
    "MATCHED_SYSTEMS",
    "SYNONYM_TYPE",
    "annotated",
    "content_hash",
    "missing_declarations",
    "node_triples",
    "ontology_header",
    "rdf_xml",
    "sole_codes",
    "write_owl",
]

#: Kind of synonym -> OMO synonym type (obofoundry.org/ontology/omo).
SYNONYM_TYPE: Final = {
    "abbreviation": "OMO:0003000",
    "layperson": "OMO:0003003",
    "plural": "OMO:0003004",
    "latin": "OMO:0003010",
}
_SCOPE: Final = {
    "EXACT": "oboInOwl:hasExactSynonym",
    "NARROW": "oboInOwl:hasNarrowSynonym",
    "BROAD": "oboInOwl:hasBroadSynonym",
    "RELATED": "oboInOwl:hasRelatedSynonym",
}
#: Code systems whose unambiguous cross-references become skos:exactMatch.
MATCHED_SYSTEMS: Final = ("UMLS", "SNOMEDCT", "MESH", "NCIT", "ICD10CM")

_A: Final = ox.NamedNode(expand("rdf:type"))
_SUB: Final = ox.NamedNode(expand("rdfs:subClassOf"))


def _iri(curie: str) -> ox.NamedNode:
    return ox.NamedNode(expand(curie))


def _blank(*parts: str) -> ox.BlankNode:
    return ox.BlankNode("b" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24])


def node_triples(nodes: Iterable[Node]) -> Iterator[ox.Triple]:
    """The triples of all nodes, in CURIE order."""
    ordered = sorted(nodes, key=lambda n: n.curie)
    sole = sole_codes(ordered)
    for node in ordered:
        yield from _one(node, sole)


def sole_codes(nodes: list[Node]) -> set[tuple[str, str]]:
    """(node, code) pairs where the node has one code of the system and the code is on one node, wider codes aside."""
    per_node: Counter[tuple[str, str]] = Counter()
    per_code: Counter[str] = Counter()
    pairs = []
    for node in nodes:
        if node.obsolete:
            continue
        for code in node.xrefs:
            system = code.partition(":")[0]
            if system in MATCHED_SYSTEMS and code not in node.wider:
                per_node[node.curie, system] += 1
                per_code[code] += 1
                pairs.append((node.curie, code, system))
    return {(n, code) for n, code, system in pairs if per_node[n, system] == 1 and per_code[code] == 1}


def _one(node: Node, sole: set[tuple[str, str]]) -> Iterator[ox.Triple]:
    subject = _iri(node.curie)

    def say(predicate: str, value: ox.NamedNode | ox.BlankNode | ox.Literal) -> ox.Triple:
        return ox.Triple(subject, _iri(predicate), value)

    yield ox.Triple(subject, _A, _iri("owl:Class"))
    label = node.label
    if node.obsolete and not label.startswith("obsolete "):
        label = f"obsolete {label}"
    yield say("rdfs:label", ox.Literal(label, language="en"))
    for source in sorted(node.sources):
        yield say("dcterms:source", ox.Literal(source))
    if node.definition:
        yield say("IAO:0000115", ox.Literal(node.definition, language="en"))
    for (_, scope), synonym in sorted(node.synonyms.items()):
        yield say(_SCOPE[scope], ox.Literal(synonym.text))
        if synonym.kind in SYNONYM_TYPE:
            kind = _iri(SYNONYM_TYPE[synonym.kind])
            yield from annotated(
                node.curie, _SCOPE[scope], ox.Literal(synonym.text), {"oboInOwl:hasSynonymType": [kind]}
            )
    for code in sorted(node.xrefs):
        yield say("oboInOwl:hasDbXref", ox.Literal(code))
        if (node.curie, code) in sole:
            yield say("skos:exactMatch", _iri(code))
    for tui in sorted(node.semantic_types):
        yield say("met:semanticType", _iri(tui))
    if node.obsolete:
        yield say("owl:deprecated", ox.Literal(True))
        for replacement in sorted(node.replaced_by):
            yield say("IAO:0100001", _iri(replacement))
        return
    for parent in sorted(node.parents):
        yield ox.Triple(subject, _SUB, _iri(parent))
        if parent in node.placed:
            yield from annotated(
                node.curie, "rdfs:subClassOf", _iri(parent), {"met:placedBy": [ox.Literal(node.placed[parent])]}
            )
    if node.tree_parent:
        yield say("met:treeParent", _iri(node.tree_parent))
    for relation in sorted(node.relations, key=lambda r: (r.property, r.target)):
        restriction = _blank("some", node.curie, relation.property, relation.target)
        yield ox.Triple(subject, _SUB, restriction)
        yield ox.Triple(restriction, _A, _iri("owl:Restriction"))
        yield ox.Triple(restriction, _iri("owl:onProperty"), _iri(relation.property))
        yield ox.Triple(restriction, _iri("owl:someValuesFrom"), _iri(relation.target))


def annotated(
    subject: str, prop: str, target: ox.NamedNode | ox.Literal, said: Mapping[str, Sequence[ox.NamedNode | ox.Literal]]
) -> Iterator[ox.Triple]:
    """The annotation of an axiom ``subject prop target``; its node is named by what it annotates."""
    axiom = _blank("axiom", subject, prop, str(target))
    yield ox.Triple(axiom, _A, _iri("owl:Axiom"))
    yield ox.Triple(axiom, _iri("owl:annotatedSource"), _iri(subject))
    yield ox.Triple(axiom, _iri("owl:annotatedProperty"), _iri(prop))
    yield ox.Triple(axiom, _iri("owl:annotatedTarget"), target)
    for name, values in said.items():
        for value in values:
            yield ox.Triple(axiom, _iri(name), value)


def missing_declarations(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Declarations of annotation properties that are used and not declared: OWL 2 DL wants every one declared."""
    used: set[ox.NamedNode] = set()
    declared: set[object] = set()
    for triple in triples:
        used.add(triple.predicate)
        if triple.predicate == _A:
            declared.add(triple.subject)
    built_in = tuple(expand(f"{prefix}:") for prefix in ("rdf", "rdfs", "owl"))
    missing = sorted(p.value for p in used if p not in declared and not p.value.startswith(built_in))
    return [ox.Triple(ox.NamedNode(iri), _A, _iri("owl:AnnotationProperty")) for iri in missing]


def content_hash(triples: Iterable[ox.Triple]) -> str:
    """sha256 of the sorted N-Triples lines: the identity of a graph whatever file holds it."""
    digest = hashlib.sha256()
    for line in sorted(f"{t} ." for t in triples):
        digest.update(line.encode())
        digest.update(b"\n")
    return digest.hexdigest()


def ontology_header(version: str, digest: str, sources: Sequence[tuple[str, str, str]]) -> list[ox.Triple]:
    """The header of the built ontology; its version IRI carries date of the edit file and content hash.

    Parameters
    ----------
    sources
        (name, version, licence) of everything that was merged.
    """
    ontology = ox.NamedNode(expand("met:").removesuffix("schema#") + "met.owl")
    release = ox.NamedNode(f"{ontology.value.removesuffix('met.owl')}releases/{version}/{digest[:12]}/met.owl")
    said: list[tuple[ox.NamedNode, ox.NamedNode | ox.Literal]] = [
        (_A, _iri("owl:Ontology")),
        (_iri("owl:versionIRI"), release),
        (_iri("dcterms:title"), ox.Literal("Medical Entity Tree", language="en")),
        (
            _iri("dcterms:description"),
            ox.Literal(
                "Diseases, anatomical structures, imaging modalities and findings in one hierarchy, built from open "
                "ontologies and literature. Not a medical device.",
                language="en",
            ),
        ),
        (_iri("owl:versionInfo"), ox.Literal(version)),
        # An SPDX expression: what is merged from several sources is under all of their licences.
        (_iri("dcterms:license"), ox.Literal(" AND ".join(sorted({said for _, _, said in sources if said})))),
    ]
    for name, source_version, licence in sources:
        said.append((_iri("dcterms:source"), ox.Literal(f"{name} {source_version} ({licence})")))
    return [ox.Triple(ontology, predicate, value) for predicate, value in said]


def write_owl(triples: Iterable[ox.Triple], path: Path) -> None:
    """RDF/XML as Protégé opens it, into a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(rdf_xml(triples))


def rdf_xml(triples: Iterable[ox.Triple]) -> bytes:
    """RDF/XML as Protégé opens it; triples of one subject stand together, subjects in order."""
    ordered = sorted(set(triples), key=_reading_order)
    found = ox.serialize(ordered, format=ox.RdfFormat.RDF_XML, prefixes={p: expand(f"{p}:") for p in _PREFIXES})
    assert found is not None
    return found


_PREFIXES: Final = ("owl", "rdf", "rdfs", "skos", "dcterms", "oboInOwl", "met", "xsd")


def _reading_order(triple: ox.Triple) -> tuple[int, str, bool, str, str]:
    """The ontology header first, then declarations of properties and classes, blank nodes last; types first."""
    subject = str(triple.subject)
    is_header = triple.predicate == _A and contract(getattr(triple.object, "value", "")) == "owl:Ontology"
    group = 0 if is_header or subject.endswith("met.owl>") else (2 if subject.startswith("_:") else 1)
    return group, subject, triple.predicate != _A, str(triple.predicate), str(triple.object)
