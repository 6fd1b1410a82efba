"""The project's own ontology keeps its own rules: axes, names, definitions, identifiers, codes."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from met_kg.paths import ontology_dir
from met_kg.records import Concept, Relation
from met_kg.sources.findings import Findings
from met_kg.sources.owl import EDIT_FILE, ontology_concepts, read_owl
from met_kg.sources.template import read_template
from met_kg.vocabulary import AXIS_ROOT, PREFIXES

TOP = "MET:0000001"
EDIT = ontology_dir() / EDIT_FILE


@pytest.fixture(scope="module")
def concepts() -> dict[str, Concept]:
    return {c.curie: c for c in ontology_concepts()}


def _ancestors(curie: str, concepts: dict[str, Concept]) -> set[str]:
    found: set[str] = set()
    open_ends = list(concepts[curie].parents)
    while open_ends:
        here = open_ends.pop()
        if here not in found:
            found.add(here)
            open_ends.extend(concepts[here].parents)
    return found


def test_everything_in_the_file_becomes_a_record() -> None:
    _, left_out = read_owl(EDIT, source="met")
    assert left_out == []


def test_every_class_reaches_exactly_one_axis_root(concepts: dict[str, Concept]) -> None:
    roots = set(AXIS_ROOT.values())
    for curie in (c.curie for c in concepts.values() if not c.obsolete):
        above = _ancestors(curie, concepts) | {curie}
        assert curie not in _ancestors(curie, concepts), f"{curie} is above itself"
        assert TOP in above
        assert len(above & roots) == (0 if curie == TOP else 1), f"{curie} {concepts[curie].label}"


def test_the_axes_are_rich(concepts: dict[str, Concept]) -> None:
    count = Counter(c.axis for c in concepts.values())
    assert count["modality"] >= 250
    assert count["finding"] >= 225
    assert count["disease"] >= 120
    assert count["anatomy"] >= 150


def test_nothing_points_outside_the_file(concepts: dict[str, Concept]) -> None:
    for concept in concepts.values():
        for target in (*concept.parents, *(r.target for r in concept.relations)):
            assert target in concepts, f"{concept.curie} points at {target}"


def test_relations_join_the_right_axes(concepts: dict[str, Concept]) -> None:
    allowed = {
        "BFO:0000050": {("anatomy", "anatomy")},
        "RO:0004026": {("disease", "anatomy")},
        "RO:0002452": {("disease", "finding")},
        "met:hasLocation": {("finding", "anatomy")},
        "met:imagedBy": {("disease", "modality"), ("finding", "modality"), ("anatomy", "modality")},
    }
    for concept in concepts.values():
        for relation in concept.relations:
            axes = (concept.axis, concepts[relation.target].axis)
            assert axes in allowed[relation.property], f"{concept.label} {relation}"


def test_part_of_has_no_cycle(concepts: dict[str, Concept]) -> None:
    wholes = {c.curie: {r.target for r in c.relations if r.property == "BFO:0000050"} for c in concepts.values()}
    for curie in concepts:
        found: set[str] = set()
        open_ends = [curie]
        while open_ends:
            here = open_ends.pop()
            for whole in (w for carrier in (here, *_ancestors(here, concepts)) for w in wholes[carrier]):
                if whole not in found:
                    found.add(whole)
                    open_ends.append(whole)
        assert curie not in found, f"{concepts[curie].label} is part of itself"


def test_labels_are_unique_within_an_axis(concepts: dict[str, Concept]) -> None:
    seen: dict[tuple[str | None, str], str] = {}
    for concept in concepts.values():
        key = (concept.axis, concept.label.lower())
        assert key not in seen, f"{concept.curie} and {seen.get(key)} are both called {concept.label}"
        seen[key] = concept.curie


def test_exact_names_mean_one_class_within_an_axis(concepts: dict[str, Concept]) -> None:
    owners: dict[tuple[str | None, str], set[str]] = defaultdict(set)
    for concept in concepts.values():
        for name in (concept.label, *(s.text for s in concept.synonyms if s.scope == "EXACT")):
            owners[concept.axis, " ".join(name.lower().replace("-", " ").split())].add(concept.curie)
    assert {name: who for name, who in owners.items() if len(who) > 1} == {}


def test_no_abbreviation_is_another_class_label(concepts: dict[str, Concept]) -> None:
    labels = {(c.axis, c.label.lower()): c.curie for c in concepts.values()}
    for concept in concepts.values():
        for synonym in concept.synonyms:
            if synonym.kind == "abbreviation":
                owner = labels.get((concept.axis, synonym.text.lower()))
                assert owner is None, f"'{synonym.text}' of {concept.label} is the label of {owner}"


def test_names_are_tidy(concepts: dict[str, Concept]) -> None:
    for concept in concepts.values():
        for name in (concept.label, *(s.text for s in concept.synonyms)):
            assert name == " ".join(name.split()) != "", f"{concept.curie}: {name!r}"
            assert re.fullmatch(r"[\w\s/&+'’().,*^%-]+", name), f"{concept.curie}: {name!r}"
        assert all(s.text != concept.label for s in concept.synonyms), f"{concept.label} is its own synonym"


def test_no_device_bears_the_name_of_an_operation_exactly(concepts: dict[str, Concept]) -> None:
    """Who had a tracheostomy years ago need not wear its tube. A joint that was replaced holds its prosthesis."""
    devices = [c for c in concepts.values() if "MET:0005026" in _ancestors(c.curie, concepts)]
    names = {s.text for c in devices for s in c.synonyms if s.scope == "EXACT"} | {c.label for c in devices}
    assert len(devices) > 30
    assert {name for name in names if re.search(r"(?:ostomy|ectomy|[^i]otomy)$", name.lower())} <= {"craniotomy"}


def test_every_class_has_a_definition_of_its_own(concepts: dict[str, Concept]) -> None:
    seen: dict[str, str] = {}
    for concept in concepts.values():
        assert concept.definition.endswith("."), f"{concept.curie} {concept.label}"
        assert len(concept.definition) > 15
        assert concept.definition not in seen, f"{concept.label} is defined like {seen.get(concept.definition)}"
        seen[concept.definition] = concept.label


def test_an_obsolete_class_says_so(concepts: dict[str, Concept]) -> None:
    for concept in concepts.values():
        assert concept.obsolete == concept.label.startswith("obsolete "), concept.curie


def test_the_ranges_of_identifiers_are_stated_as_the_code_uses_them() -> None:
    text = (ontology_dir() / "met-idranges.owl").read_text(encoding="utf-8")
    bounds = [int(n) for n in re.findall(r'xsd:m(?:in|ax)Inclusive "(\d+)"', text)]
    assert bounds == [1, 99_999, 100_000, 999_999]
    assert "Ontology(" in text and len(read_owl(ontology_dir() / "met-idranges.owl", source="ranges")[0]) == 0


def test_own_identifiers_lie_in_the_range_for_people(concepts: dict[str, Concept]) -> None:
    for curie in concepts:
        if curie.startswith("MET:"):
            assert re.fullmatch(r"MET:\d{7}", curie)
            assert 1 <= int(curie[4:]) <= 99_999, curie
        else:
            assert curie.split(":")[0] in {"DOID", "UBERON", "SYMP"}


def test_the_header_is_dated_and_licensed() -> None:
    head = EDIT.read_text(encoding="utf-8").partition("Declaration(")[0]
    assert re.search(r"<https://w3id\.org/met-kg/releases/\d{4}-\d\d-\d\d/met\.owl>", head)
    for prop in ("dcterms:title", "dcterms:description", "dcterms:license"):
        assert f"Annotation({prop} " in head
    for prefix, iri in re.findall(r"^Prefix\((\w+):=<(.*)>\)", head, re.MULTILINE):
        assert prefix == "xml" or PREFIXES[prefix] == iri, "prefixes agree with met_kg.vocabulary"


def test_the_file_is_as_an_editor_saves_it() -> None:
    """Sections in alphabetical order of IRI, so that saving from Protégé changes only what was edited."""
    text = EDIT.read_text(encoding="utf-8")
    sections = re.findall(r"^# Class: <(.*?)> \(", text, re.MULTILINE)
    assert sections == sorted(sections)
    assert len(sections) == len(ontology_concepts())


def test_the_catalogue_names_files_that_are_there() -> None:
    from defusedxml.ElementTree import parse

    entries = parse(ontology_dir() / "catalog-v001.xml").iter("{urn:oasis:names:tc:entity:xmlns:xml:catalog}uri")
    files = [entry.get("uri") for entry in entries]
    assert "met-edit.ofn" in files
    assert all((ontology_dir() / name).is_file() for name in files)


def _sssom() -> list[dict[str, str]]:
    with (ontology_dir() / "mappings" / "met-xref.sssom.tsv").open(encoding="utf-8") as lines:
        return list(csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t"))


def test_codes_in_the_ontology_are_those_of_the_mapping_file(concepts: dict[str, Concept]) -> None:
    mapped = {(row["subject_id"], row["object_id"]) for row in _sssom()}
    stated = {(c.curie, code) for c in concepts.values() for code in c.xrefs}
    assert stated == mapped
    assert len(mapped) == len(_sssom()) >= 150
    for row in _sssom():
        assert row["subject_label"] == concepts[row["subject_id"]].label
        assert row["predicate_id"] == "skos:exactMatch"
    assert Counter(code for _, code in mapped).most_common(1)[0][1] == 1, "one code, one class"


def test_codes_of_pydicom_carry_its_meanings() -> None:
    from pydicom.sr._concepts_dict import concepts as schemes

    scheme_of = {"SNOMEDCT": "SCT", "DCM": "DCM", "RADLEX": "RADLEX"}
    meanings: dict[str, set[str]] = defaultdict(set)
    for prefix, scheme in scheme_of.items():
        for by_code in schemes[scheme].values():
            for code, (meaning, _) in by_code.items():
                meanings[f"{prefix}:{code}"].add(meaning)
    rows = [row for row in _sssom() if row["object_source"].endswith("pydicom")]
    assert len(rows) >= 80
    for row in rows:
        assert row["object_label"] in meanings[row["object_id"]], row


@pytest.mark.data
def test_codes_of_mesh_carry_its_names(data_root: Path) -> None:
    with (data_root / "ontologies" / "mesh" / "mesh2015_terms.tsv").open(encoding="utf-8") as lines:
        names = {f"MESH:{row['mesh_id']}": row["mesh_name"] for row in csv.DictReader(lines, delimiter="\t")}
    rows = [row for row in _sssom() if row["object_source"].endswith("mesh")]
    assert len(rows) >= 60
    for row in rows:
        assert names[row["object_id"]] == row["object_label"], row


@pytest.mark.data
def test_codes_of_the_symptom_ontology_carry_its_names(data_root: Path) -> None:
    text = (data_root / "ontologies" / "symp" / "symp_2026-07-30.obo").read_text(encoding="utf-8")
    names = dict(re.findall(r"^id: (SYMP:\d+)\nname: (.*)$", text, flags=re.MULTILINE))
    rows = [row for row in _sssom() if row["object_source"].endswith("SymptomOntology")]
    assert rows and all(names[row["object_id"]] == row["object_label"] for row in rows)


def test_every_code_comes_from_a_source_that_is_tested() -> None:
    tested = {"pydicom", "mesh", "SymptomOntology"}
    assert {row["object_source"].rsplit("/", 1)[-1] for row in _sssom()} == tested


def test_the_template_for_many_classes_is_read_as_it_says(tmp_path: Path) -> None:
    empty = (ontology_dir() / "templates" / "classes.tsv").read_text(encoding="utf-8")
    row = "MET:0008001\tradial scar\tLines that radiate from fat.\tblack star|star\tMESH:D001943\tMET:0005017\tUBERON:0000310\n"
    file = tmp_path / "mine.tsv"
    file.write_text(empty + row, encoding="utf-8")
    concept = next(read_template(file, source="mine", axis="finding", findings=Findings()))
    assert (concept.label, concept.definition, concept.parents) == (
        "radial scar",
        "Lines that radiate from fat.",
        ("MET:0005017",),
    )
    assert {s.text for s in concept.synonyms} == {"black star", "star"} and concept.xrefs == ("MESH:D001943",)
    assert concept.relations == (Relation("BFO:0000050", "UBERON:0000310"),)


def test_classes_of_one_disjointness_axiom_deny_each_other_two_by_two() -> None:
    from met_kg.tree.schema import disjoint_pairs

    pairs = disjoint_pairs()
    families = ("MET:0001001", "MET:0001009", "MET:0001015", "MET:0001021")  # radiography, CT, MRI, ultrasonography
    assert {(a, b) for a in families for b in families if a != b} <= pairs
    assert ("MET:0001050", "MET:0001051") in pairs, "coronal and sagittal, neither of which stands first"
