"""OWL ontologies -> :class:`~met_kg.records.Concept` records, whatever syntax they are written in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from met_kg.paths import ontology_dir
from met_kg.records import Concept, Quarantined, Relation, Synonym
from met_kg.sources.findings import Findings
from met_kg.sources.owl_syntax import owl_triples
from met_kg.sources.xrefs import add_xref
from met_kg.vocabulary import AXIS_ROOT, Axis, Scope, contract, expand, is_curie, is_iri

__all__ = ["EDIT_FILE", "ontology_concepts", "read_owl"]

#: The project's own ontology, in :func:`met_kg.paths.ontology_dir`.
EDIT_FILE: Final = "met-edit.ofn"

_Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
_About = Mapping[_Term, Mapping[str, list[_Term]]]

_SCOPES: Final[dict[str, Scope]] = {
    "oboInOwl:hasExactSynonym": "EXACT",
    "oboInOwl:hasNarrowSynonym": "NARROW",
    "oboInOwl:hasBroadSynonym": "BROAD",
    "oboInOwl:hasRelatedSynonym": "RELATED",
    "skos:altLabel": "EXACT",
    "IAO:0000118": "EXACT",  # alternative term
}
_DEFINITIONS: Final = ("IAO:0000115", "skos:definition")
_MATCHES: Final = ("oboInOwl:hasDbXref", "skos:exactMatch")
#: Synonym types by the end of their IRI, in lower case (OMO codes, and the subset names of older ontologies).
_KINDS: Final = {
    "omo_0003000": "abbreviation",
    "abbreviation": "abbreviation",
    "omo_0003003": "layperson",
    "layperson": "layperson",
    "omo_0003004": "plural",
    "plural": "plural",
    "latin": "latin",
}
_THING: Final = "owl:Thing"
_SEMANTIC_TYPES: Final = (
    "met:semanticType",
    "http://bioportal.bioontology.org/ontologies/umls/hasSTY",
    "http://bioportal.bioontology.org/ontologies/umls/tui",
)


def read_owl(
    path: Path, *, source: str, axis_of: Callable[[str], Axis | None] | None = None
) -> tuple[list[Concept], list[Quarantined]]:
    """The named classes of an OWL file, sorted by CURIE, and what of it no record can hold.

    Named superclasses are parents (also inside an intersection or an equivalence); ``P some C`` becomes a relation.
    Any other class expression is left out and counted. English and untagged literals are taken. Imports are named
    in the second list and never followed.

    Parameters
    ----------
    path
        RDF/XML, functional, OWL/XML, Manchester, Turtle or N-Triples, gzipped or not.
    source
        the name that every record carries.
    axis_of
        from a CURIE to the axis of its class.

    Raises
    ------
    MissingData, DataProblem
        as :func:`met_kg.sources.owl_syntax.owl_triples`.
    """
    triples, damaged = owl_triples(path)
    findings = Findings(quarantined=damaged)
    about = _by_subject(triples)
    for subject, said in about.items():
        for imported in said.get("owl:imports", ()):
            findings.reject(path.name, _name(subject), "an import is not followed", _name(imported))
    kinds = _synonym_kinds(about)
    concepts: list[Concept] = []
    for subject in sorted(_classes(about), key=_name):
        found = _concept(subject, about, kinds, path.name, findings)
        if found is not None:
            axis = axis_of(found.curie) if axis_of else None
            concepts.append(replace(found, source=source, axis=axis))
    findings.close()
    return concepts, findings.quarantined


def ontology_concepts() -> list[Concept]:
    """The concepts of the project's own ontology with their axes, read off the axis roots above them.

    >>> next(c.axis for c in ontology_concepts() if c.label == "chest radiography")
    'modality'
    """
    concepts, _ = read_owl(ontology_dir() / EDIT_FILE, source="met")
    parents = {c.curie: c.parents for c in concepts}
    root_axis: dict[str, Axis] = {root: axis for axis, root in AXIS_ROOT.items()}

    def axis_of(curie: str) -> Axis | None:
        seen, open_ends = {curie}, [curie]
        while open_ends:
            here = open_ends.pop()
            if here in root_axis:
                return root_axis[here]
            above = [p for p in parents.get(here, ()) if p not in seen]
            seen.update(above)
            open_ends.extend(above)
        return None

    return [replace(c, axis=axis_of(c.curie)) for c in concepts]


def _by_subject(triples: Iterable[ox.Triple]) -> _About:
    about: dict[_Term, dict[str, list[_Term]]] = {}
    for triple in triples:
        values = about.setdefault(triple.subject, {}).setdefault(contract(triple.predicate.value), [])
        if triple.object not in values:
            values.append(triple.object)
    return about


def _classes(about: _About) -> Iterator[ox.NamedNode]:
    is_class = ox.NamedNode(expand("owl:Class"))
    for subject, said in about.items():
        if isinstance(subject, ox.NamedNode) and is_class in said.get("rdf:type", ()) and _name(subject) != _THING:
            yield subject


def _concept(
    subject: ox.NamedNode, about: _About, kinds: Mapping[tuple[str, str, str], str], file: str, findings: Findings
) -> Concept | None:
    said, curie = about[subject], _name(subject)
    labels = _texts(said.get("rdfs:label", ()), file, curie, findings)
    if not labels:
        findings.count(file, curie, "class without an English label left out")
        return None
    if len(labels) > 1:
        findings.reject(file, curie, f"more than one label: '{labels[0]}' is kept, the rest are synonyms", labels[1])
    synonyms: dict[Synonym, None] = dict.fromkeys(Synonym(text) for text in labels[1:])
    for prop, scope in _SCOPES.items():
        for text in _texts(said.get(prop, ()), file, curie, findings):
            synonyms[Synonym(text, scope, kinds.get((curie, prop, text), ""))] = None
    definitions = [d for prop in _DEFINITIONS for d in _texts(said.get(prop, ()), file, curie, findings)]
    parents: dict[str, None] = {}
    relations: dict[Relation, None] = {}
    logical: tuple[str, ...] = ()
    for expression in said.get("owl:equivalentClass", ()):
        if isinstance(expression, ox.NamedNode):
            findings.count(file, curie, "equivalence of two named classes left out", _name(expression))
            continue
        lost: list[str] = []
        _expression(expression, about, parents, relations, lost.append)
        for what in lost:
            findings.count(file, curie, what)
        if not lost and not logical:  # a definition with a part missing would define something wider
            logical = tuple(sorted([*parents, *(f"{r.property} {r.target}" for r in relations)]))
    for expression in said.get("rdfs:subClassOf", ()):
        _expression(expression, about, parents, relations, lambda what: findings.count(file, curie, what))
    parents.pop(_THING, None)
    if curie in parents:
        del parents[curie]
        findings.reject(file, curie, "the class is its own superclass")
    xrefs: dict[str, None] = {}
    for prop in _MATCHES:
        for value in said.get(prop, ()):
            add_xref(_name(value), xrefs, file, curie, findings)
    return Concept(
        curie,
        labels[0],
        definition=definitions[0] if definitions else "",
        synonyms=tuple(sorted(synonyms, key=lambda s: (s.scope, s.text, s.kind))),
        parents=tuple(sorted(parents)),
        relations=tuple(sorted(relations, key=lambda r: (r.property, r.target))),
        xrefs=tuple(sorted(xrefs)),
        obsolete=any(_name(v) in ("true", "1") for v in said.get("owl:deprecated", ())),
        replaced_by=tuple(sorted(_identifiers(said.get("IAO:0100001", ())))),
        logical=logical if len(logical) > 1 else (),
        semantic_types=tuple(sorted(_semantic_types(said))),
    )


def _expression(
    node: _Term,
    about: _About,
    parents: dict[str, None],
    relations: dict[Relation, None],
    left_out: Callable[[str], None],
) -> None:
    """Read a class expression that holds of a class: what can be said by parents and relations goes there."""
    if isinstance(node, ox.NamedNode):
        parents[_name(node)] = None
        return
    said = about.get(node, {})
    if "owl:intersectionOf" in said:
        for head in said["owl:intersectionOf"]:
            for member in _members(head, about):
                _expression(member, about, parents, relations, left_out)
        return
    prop, filler = _only(said, "owl:onProperty"), _only(said, "owl:someValuesFrom")
    if isinstance(prop, ox.NamedNode) and isinstance(filler, ox.NamedNode):
        relations[Relation(_name(prop), _name(filler))] = None
    elif filler is not None:
        left_out("a restriction to something other than a named class left out")
    else:
        kind = next((k for k in sorted(said) if k.startswith("owl:") and k != "owl:onProperty"), "an empty node")
        left_out(f"a class expression of a kind that no record holds left out ({kind})")


def _members(head: _Term, about: _About) -> Iterator[_Term]:
    seen: set[_Term] = set()
    here: _Term | None = head
    while here is not None and here not in seen and here in about:
        seen.add(here)
        first = _only(about[here], "rdf:first")
        if first is not None:
            yield first
        here = _only(about[here], "rdf:rest")


def _synonym_kinds(about: _About) -> dict[tuple[str, str, str], str]:
    """(class, synonym property, text) -> kind, from the annotated axioms."""
    kinds: dict[tuple[str, str, str], str] = {}
    for said in about.values():
        for kind in said.get("oboInOwl:hasSynonymType", ()):
            end = str(getattr(kind, "value", "")).rsplit("#", 1)[-1].rsplit("/", 1)[-1].lower()
            parts = [_only(said, f"owl:annotated{part}") for part in ("Source", "Property", "Target")]
            if end in _KINDS and None not in parts:
                source, prop, target = (_name(part) for part in parts if part is not None)
                kinds[source, prop, target.strip()] = _KINDS[end]
    return kinds


def _texts(values: Iterable[_Term], file: str, curie: str, findings: Findings) -> list[str]:
    """Literals in English first, then untagged ones; other languages are counted."""
    ranked: list[tuple[int, str]] = []
    for value in values:
        if not isinstance(value, ox.Literal):
            findings.count(file, curie, "a name or definition that is not a text left out", _name(value))
            continue
        language = (value.language or "").lower()
        text = " ".join(value.value.split())
        if language and not language.startswith("en"):
            findings.count(file, curie, f"texts in language '{language}' left out", text)
        elif text:
            ranked.append((0 if language else 1, text))
    return list(dict.fromkeys(text for _, text in sorted(ranked)))


def _identifiers(values: Iterable[_Term]) -> Iterator[str]:
    for value in values:
        text = _name(value)
        if is_iri(text) or is_curie(text):
            yield contract(text) if is_iri(text) else text


def _semantic_types(said: Mapping[str, list[_Term]]) -> Iterator[str]:
    """Types of the UMLS Semantic Network, said with our property or as ontologies drawn from the UMLS say it."""
    for prop in _SEMANTIC_TYPES:
        for value in said.get(prop, ()):
            if found := re.search(r"T\d{3}$", _name(value)):
                yield f"STY:{found.group()}"


def _only(said: Mapping[str, list[_Term]], prop: str) -> _Term | None:
    values = said.get(prop)
    return values[0] if values else None


def _name(term: _Term) -> str:
    """A CURIE for an IRI, the text of a literal, a label for a blank node."""
    if isinstance(term, ox.NamedNode):
        return contract(term.value)
    return term.value if isinstance(term, ox.Literal | ox.BlankNode) else str(term)
