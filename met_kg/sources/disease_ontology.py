"""The Human Disease Ontology of 2026, assembled from its release's tables: no single file of it is needed.

Terms and parents come from the hierarchy table (parents are given by label), codes from the cross-reference table,
definitions from the facets table, synonyms from the slims. Synonyms of the 2015 release are added to ids that still
live. Where a disease is and what symptom it has comes from restrictions, logical definitions and two report tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from met_kg.records import Concept, Relation, Synonym
from met_kg.sources.catalogue import Files
from met_kg.sources.expressions import certain_relations
from met_kg.sources.findings import Findings
from met_kg.sources.lines import read_table
from met_kg.sources.obo import read_obo
from met_kg.sources.owl import read_owl
from met_kg.sources.xrefs import add_xref
from met_kg.vocabulary import AXIS_ROOT

__all__ = ["HAS_LOCATION", "HAS_SYMPTOM", "disease_concepts"]

SOURCE: Final = "disease-ontology"
HAS_LOCATION: Final = "RO:0004026"
HAS_SYMPTOM: Final = "RO:0002452"
_ROOT: Final = AXIS_ROOT["disease"]

_DOID: Final = re.compile(r"DOID:\d+")
#: What SNOMED and ICD append to names that the 2015 release took over.
_APPENDED: Final = re.compile(
    r"[\s,]+(\((disorder|finding|disease|morphologic abnormality|diagnosis|qualifier value)\)|NOS|\[Ambiguous\])$"
)


@dataclass(slots=True)
class _Disease:
    label: str
    definition: str = ""
    synonyms: dict[Synonym, None] = field(default_factory=dict)
    parents: dict[str, None] = field(default_factory=dict)
    relations: dict[Relation, None] = field(default_factory=dict)
    xrefs: dict[str, None] = field(default_factory=dict)


def disease_concepts(files: Files, findings: Findings) -> list[Concept]:
    """All diseases of the release, in the order of the hierarchy table, the root first."""
    diseases = _hierarchy(files["hierarchy"][0], findings)
    _codes(files["xrefs"][0], diseases, findings)
    _definitions(files["facets"][0], diseases, findings)
    _slims(files["slims"], diseases, findings)
    _relations(files, diseases, findings)
    for path in files["former"]:
        _former_synonyms(path, diseases, findings)
    return [
        Concept(
            curie,
            d.label,
            "disease",
            d.definition,
            tuple(s for s in d.synonyms if s.text.lower() != d.label.lower()),
            tuple(d.parents),
            tuple(d.relations),
            tuple(d.xrefs),
            source=SOURCE,
        )
        for curie, d in diseases.items()
    ]


def _hierarchy(path: Path, findings: Findings) -> dict[str, _Disease]:
    diseases = {_ROOT: _Disease("disease")}  # the table has no row for the root
    by_label = {"disease": _ROOT}
    edges: list[tuple[int, str, str]] = []
    for line, (curie, label, parent) in read_table(path, ["id", "label", "subClassOf"], findings):
        if not _DOID.fullmatch(curie) or not label:
            findings.reject(path.name, line, "not a term with id and label", f"{curie} {label}")
            continue
        known = diseases.setdefault(curie, _Disease(label))
        if known.label != label:
            known.synonyms[Synonym(label)] = None
            findings.mend(path.name, line, f"second label of {curie}: kept as an exact synonym", label)
        elif by_label.setdefault(label, curie) != curie:
            findings.mend(path.name, line, f"{curie} and {by_label[label]} share a label; it names the latter", label)
        if parent:
            edges.append((line, curie, parent))
    for line, curie, parent in edges:
        target = by_label.get(parent)
        if target is None:
            findings.reject(path.name, line, f"parent of {curie} is the label of no term", parent)
        elif target == curie:
            findings.mend(path.name, line, f"{curie} is its own parent; the row is left out", parent)
        else:
            diseases[curie].parents[target] = None
    return diseases


def _codes(path: Path, diseases: Mapping[str, _Disease], findings: Findings) -> None:
    for line, (curie, xref) in read_table(path, ["id", "xref"], findings):
        if disease := _known(curie, diseases, path, line, findings):
            add_xref(xref, disease.xrefs, path.name, line, findings)


def _known(curie: str, diseases: Mapping[str, _Disease], path: Path, line: int, findings: Findings) -> _Disease | None:
    disease = diseases.get(curie)
    if disease is None:
        findings.count(path.name, line, "rows left out: the id is not in the hierarchy table", curie)
    return disease


def _definitions(path: Path, diseases: Mapping[str, _Disease], findings: Findings) -> None:
    last = ""  # rows of one disease stand together: 250,000 rows, 12,000 diseases
    for line, (curie, definition) in read_table(path, ["id", "definition"], findings):
        if curie == last:
            continue
        last = curie
        if disease := _known(curie, diseases, path, line, findings):
            disease.definition = disease.definition or definition


def _slims(paths: Iterable[Path], diseases: Mapping[str, _Disease], findings: Findings) -> None:
    for path in paths:
        document = read_obo(path, source=SOURCE)
        findings.mended += document.mended
        findings.quarantined += document.quarantined
        for concept in document.concepts:
            disease = diseases.get(concept.curie)
            if disease is not None and not concept.obsolete:
                disease.definition = disease.definition or concept.definition
                disease.synonyms.update(dict.fromkeys(concept.synonyms))


def _relations(files: Files, diseases: Mapping[str, _Disease], findings: Findings) -> None:
    anatomy = _anatomy_names(files)
    symptoms: dict[str, str] = {}
    for path in files["symptoms"]:
        columns = ["disease_id", "symptom_id", "symptom_label"]
        for line, (curie, symptom, label) in read_table(path, columns, findings):
            if not symptom.startswith("SYMP:"):
                findings.reject(path.name, line, "not a symptom of the Symptom Ontology", symptom)
            elif disease := _known(curie, diseases, path, line, findings):
                symptoms[label] = symptom
                disease.relations[Relation(HAS_SYMPTOM, symptom)] = None
    for path in files["locations"]:
        for line, (curie, place) in read_table(path, ["id", "anatomy_id"], findings):
            if not place:
                continue
            if not place.startswith("UBERON:"):
                findings.count(path.name, line, "locations left out: not in Uberon", place)
            elif disease := _known(curie, diseases, path, line, findings):
                disease.relations[Relation(HAS_LOCATION, place)] = None
    meaning = {"disease has location": (HAS_LOCATION, anatomy), "has symptom": (HAS_SYMPTOM, symptoms)}
    for role, column in (("restrictions", "SubClass Of [ANON]"), ("equivalents", "Equivalent Class")):
        for path in files[role]:
            for line, (curie, text) in read_table(path, ["ID", column], findings):
                if disease := _known(curie, diseases, path, line, findings):
                    _restrictions(disease, text, meaning, path, line, findings)


def _anatomy_names(files: Files) -> dict[str, str]:
    """Name -> Uberon CURIE as the Disease Ontology speaks of anatomy: labels of its import, then plain names.

    Defects of these files are reported by the anatomy source, which owns them.
    """
    imported = [c for path in files["anatomy-import"] for c in read_owl(path, source=SOURCE)[0]]
    others = [c for path in files["anatomy-names"] for c in read_obo(path, source=SOURCE).concepts]
    names: dict[str, str] = {}
    for concepts in (imported, others):
        for c in concepts:
            if c.curie.startswith("UBERON:"):
                names.setdefault(c.label, c.curie)
    for c in others:  # "hand", "thumb": exact synonyms, unless they are the label of something
        for synonym in c.synonyms:
            if synonym.scope == "EXACT" and c.curie.startswith("UBERON:"):
                names.setdefault(synonym.text, c.curie)
    return names


def _restrictions(
    disease: _Disease,
    text: str,
    meaning: Mapping[str, tuple[str, Mapping[str, str]]],
    path: Path,
    line: int,
    findings: Findings,
) -> None:
    """Relations that the axioms of one row, separated by bars, state for certain."""
    for axiom in text.split("|"):
        try:
            stated = list(certain_relations(axiom))
        except ValueError as problem:
            findings.reject(path.name, line, f"not a class expression: {problem}", axiom)
            continue
        if not stated:
            findings.count(path.name, line, "class expressions left out: they state no certain relation", axiom)
        for prop, filler in stated:
            if prop not in meaning:
                findings.count(path.name, line, f"relations left out: the tree has no '{prop}'", axiom)
                continue
            relation, labels = meaning[prop]
            if filler in labels:
                disease.relations[Relation(relation, labels[filler])] = None
            else:
                findings.count(path.name, line, f"relations left out: '{prop}' with an unknown label", filler)


def _former_synonyms(path: Path, diseases: Mapping[str, _Disease], findings: Findings) -> None:
    """Add the names of an earlier release to ids that live in both, where they still belong to nothing else."""
    document = read_obo(path, source=SOURCE)
    findings.mended += document.mended
    findings.quarantined += [q for q in document.quarantined if "cross-references" not in q.reason]
    taken: dict[str, str] = {}
    for curie, disease in diseases.items():
        taken.setdefault(disease.label.lower(), curie)
    for curie, disease in diseases.items():
        for synonym in disease.synonyms:
            if synonym.scope == "EXACT":
                taken.setdefault(synonym.text.lower(), curie)
    for concept in document.concepts:
        found = diseases.get(concept.curie)
        if found is None or concept.obsolete:
            continue
        own = {s.text.lower() for s in found.synonyms} | {found.label.lower()}
        for synonym in (Synonym(concept.label, "RELATED"), *concept.synonyms):
            text = _APPENDED.sub("", _APPENDED.sub("", synonym.text))
            owner = taken.get(text.lower(), concept.curie)
            if owner != concept.curie:
                reason = "former synonyms left out: by now the name of another disease"
                findings.count(path.name, concept.curie, reason, f"{text} ({owner})")
            elif text and text.lower() not in own:
                own.add(text.lower())
                found.synonyms[Synonym(text, synonym.scope, synonym.kind)] = None
