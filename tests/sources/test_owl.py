"""The OWL reader: six syntaxes give the same records, and nothing unsafe or broken is lost in silence."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyhornedowl
import pyoxigraph as ox
import pytest

from met_kg.errors import DataProblem, MissingData
from met_kg.records import Concept, Relation, Synonym
from met_kg.sources.owl import ontology_concepts, read_owl
from met_kg.sources.owl_syntax import sniff_syntax

OFN = """# a small ontology
Prefix(DOID:=<http://purl.obolibrary.org/obo/DOID_>)
Prefix(UBERON:=<http://purl.obolibrary.org/obo/UBERON_>)
Prefix(RO:=<http://purl.obolibrary.org/obo/RO_>)
Prefix(IAO:=<http://purl.obolibrary.org/obo/IAO_>)
Prefix(OMO:=<http://purl.obolibrary.org/obo/OMO_>)
Prefix(obo:=<http://www.geneontology.org/formats/oboInOwl#>)
Prefix(owl:=<http://www.w3.org/2002/07/owl#>)
Prefix(rdfs:=<http://www.w3.org/2000/01/rdf-schema#>)
Prefix(xsd:=<http://www.w3.org/2001/XMLSchema#>)
Ontology(<http://example.org/small.owl>
Import(<http://example.org/never-fetched.owl>)
Declaration(Class(DOID:4)) Declaration(Class(DOID:850)) Declaration(Class(DOID:3083)) Declaration(Class(DOID:9999))
Declaration(Class(UBERON:0002048)) Declaration(ObjectProperty(RO:0004026)) Declaration(ObjectProperty(RO:0002452))
AnnotationAssertion(rdfs:label DOID:4 "disease")
AnnotationAssertion(rdfs:label UBERON:0002048 "lung")
AnnotationAssertion(rdfs:label DOID:850 "lung disease"@en)
AnnotationAssertion(rdfs:label DOID:850 "Lungenkrankheit"@de)
EquivalentClasses(DOID:850 ObjectIntersectionOf(DOID:4 ObjectSomeValuesFrom(RO:0004026 UBERON:0002048)))
AnnotationAssertion(rdfs:label DOID:3083 "chronic obstructive pulmonary disease")
AnnotationAssertion(IAO:0000115 DOID:3083 "A lung disease with airflow that stays limited; called \\"COPD\\".")
AnnotationAssertion(Annotation(obo:hasSynonymType OMO:0003000) obo:hasExactSynonym DOID:3083 "COPD")
AnnotationAssertion(obo:hasRelatedSynonym DOID:3083 "smoker's lung")
AnnotationAssertion(obo:hasDbXref DOID:3083 "UMLS_CUI:C0024117")
AnnotationAssertion(obo:hasDbXref DOID:3083 "Wikipedia:COPD")
SubClassOf(DOID:3083 DOID:850)
SubClassOf(DOID:3083 ObjectSomeValuesFrom(RO:0004026 UBERON:0002048))
SubClassOf(DOID:3083 ObjectAllValuesFrom(RO:0004026 UBERON:0002048))
AnnotationAssertion(rdfs:label DOID:9999 "obsolete lung rot")
AnnotationAssertion(owl:deprecated DOID:9999 "true"^^xsd:boolean)
AnnotationAssertion(IAO:0100001 DOID:9999 DOID:850)
)
"""

LOCATION = Relation("RO:0004026", "UBERON:0002048")


def _write(folder: Path, syntax: str) -> Path:
    ontology = pyhornedowl.open_ontology_from_string(OFN, serialization="ofn")
    path = folder / f"small.{syntax}"
    if syntax == "ofn":
        path.write_text(OFN, encoding="utf-8")
    elif syntax in ("rdf", "owx", "omn"):
        path.write_text(ontology.save_to_string(syntax), encoding="utf-8")
    else:
        rdf = ontology.save_to_string("rdf")
        triples = [quad.triple for quad in ox.parse(input=rdf, format=ox.RdfFormat.RDF_XML)]
        form = ox.RdfFormat.TURTLE if syntax == "ttl" else ox.RdfFormat.N_TRIPLES
        written = ox.serialize(triples, format=form)
        assert written is not None
        path.write_bytes(written)
    return path


@pytest.mark.parametrize("syntax", ["ofn", "rdf", "owx", "omn", "ttl", "nt"])
def test_every_syntax_gives_the_same_records(tmp_path: Path, syntax: str) -> None:
    path = _write(tmp_path, syntax)
    assert sniff_syntax(path.read_text(encoding="utf-8")) == ("ttl" if syntax == "nt" else syntax)
    concepts, left_out = read_owl(path, source="small")
    by_curie = {c.curie: c for c in concepts}
    assert list(by_curie) == ["DOID:3083", "DOID:4", "DOID:850", "DOID:9999", "UBERON:0002048"]
    copd = by_curie["DOID:3083"]
    assert copd == Concept(
        "DOID:3083",
        "chronic obstructive pulmonary disease",
        definition='A lung disease with airflow that stays limited; called "COPD".',
        synonyms=(Synonym("COPD", "EXACT", "abbreviation"), Synonym("smoker's lung", "RELATED")),
        parents=("DOID:850",),
        relations=(LOCATION,),
        xrefs=("UMLS:C0024117",),
        source="small",
    )
    assert by_curie["DOID:850"].parents == ("DOID:4",), "the genus of a logical definition is a parent"
    assert by_curie["DOID:850"].relations == (LOCATION,)
    assert by_curie["DOID:850"].label == "lung disease"
    assert by_curie["DOID:9999"].obsolete
    assert by_curie["DOID:9999"].replaced_by == ("DOID:850",)
    reasons = " | ".join(q.reason for q in left_out)
    for expected in ("import", "owl:allValuesFrom", "'de'", "vocabularies that the tree does not carry"):
        assert expected in reasons, expected
    assert len(left_out) == 4


def test_a_file_is_known_by_its_content_and_may_be_gzipped(tmp_path: Path) -> None:
    path = tmp_path / "wrongly-named.owl.gz"
    path.write_bytes(gzip.compress(OFN.encode()))
    concepts, _ = read_owl(path, source="small", axis_of=lambda c: "anatomy" if c.startswith("UBERON") else "disease")
    assert {c.axis for c in concepts if c.curie.startswith("DOID")} == {"disease"}
    assert {c.axis for c in concepts if c.curie.startswith("UBERON")} == {"anatomy"}


def test_what_stands_before_a_fault_is_kept(tmp_path: Path) -> None:
    lines = _write(tmp_path, "nt").read_text(encoding="utf-8").splitlines()
    label = next(line for line in lines if '"disease"' in line)
    declared = next(line for line in lines if line.startswith(label.split()[0]) and "Class" in line)
    broken = tmp_path / "broken.nt"
    broken.write_text("\n".join([declared, label, "<http://broken", *lines]), encoding="utf-8")
    concepts, left_out = read_owl(broken, source="small")
    assert [c.label for c in concepts] == ["disease"]
    assert left_out[0].where == "line 3"
    assert "what follows is lost" in left_out[0].reason


def test_damaged_characters_are_replaced_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "latin1.ofn"
    path.write_bytes(OFN.replace("smoker's lung", "Raucherkrankheit für Ältere").encode("latin-1"))
    concepts, left_out = read_owl(path, source="small")
    assert len(concepts) == 5
    line = OFN[: OFN.index("smoker's")].count("\n") + 1
    assert any("UTF-8" in q.reason and q.where == f"line {line}" for q in left_out)


@pytest.mark.parametrize(
    ("doctype", "message"),
    [
        ('<!DOCTYPE rdf:RDF [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "points outside the file"),
        ('<!DOCTYPE rdf:RDF [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>', "built from other entities"),
        (f'<!DOCTYPE rdf:RDF [<!ENTITY a "{"ha" * 600}">]>', "1202 characters long"),
    ],
)
def test_unsafe_entities_are_refused(tmp_path: Path, doctype: str, message: str) -> None:
    rdf = _write(tmp_path, "rdf").read_text(encoding="utf-8")
    start = rdf.index("<rdf:RDF")
    path = tmp_path / "attack.owl"
    path.write_text(rdf[:start] + doctype + rdf[start:], encoding="utf-8")
    with pytest.raises(DataProblem, match=message):
        read_owl(path, source="small")


def test_namespace_entities_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old-protege.owl"
    path.write_text(
        """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [ <!ENTITY obo "http://purl.obolibrary.org/obo/" > ]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:owl="http://www.w3.org/2002/07/owl#"
         xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#">
  <owl:Class rdf:about="&obo;DOID_4"><rdfs:label>disease</rdfs:label></owl:Class>
</rdf:RDF>""",
        encoding="utf-8",
    )
    concepts, left_out = read_owl(path, source="old")
    assert [(c.curie, c.label) for c in concepts] == [("DOID:4", "disease")]
    assert left_out == []


@pytest.mark.parametrize("content", ["", "hello", "Ontology(<http://x> Declaration(Class(", "<rdf:RDF oops"])
def test_a_file_that_is_not_owl_says_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.owl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataProblem, match=r"bad\.owl"):
        read_owl(path, source="bad")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"nowhere\.owl"):
        read_owl(tmp_path / "nowhere.owl", source="x")


def test_the_edit_file_gives_concepts_on_all_four_axes() -> None:
    concepts = ontology_concepts()
    assert {c.axis for c in concepts if c.curie != "MET:0000001"} == {"disease", "anatomy", "modality", "finding"}
    chest = next(c for c in concepts if c.label == "chest radiography")
    assert Synonym("CXR", "EXACT", "abbreviation") in chest.synonyms
    pneumonia = next(c for c in concepts if c.curie == "DOID:552")
    assert Relation("met:imagedBy", chest.curie) in pneumonia.relations


@pytest.mark.data
def test_real_files(data_root: Path) -> None:
    ontologies = data_root / "ontologies"
    symptoms, left_out = read_owl(ontologies / "symp" / "symp_2026-07-30.owl", source="symp")
    assert len(symptoms) == 1020
    assert sum(c.obsolete for c in symptoms) == 125
    ataxia = next(c for c in symptoms if c.curie == "SYMP:0000005")
    assert (ataxia.label, ataxia.parents) == ("ataxia", ("SYMP:0000410",))
    assert Synonym("uncoordination") in ataxia.synonyms
    assert len(left_out) == 1, "only the codes of a vocabulary that the tree does not carry"
    anatomy, _ = read_owl(ontologies / "uberon" / "doid-uberon_import_2026-07-31.owl", source="uberon")
    assert len(anatomy) == 836
    assert next(c.label for c in anatomy if c.curie == "UBERON:0002048") == "lung"
