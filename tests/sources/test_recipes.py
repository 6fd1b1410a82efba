"""The recipes of the Disease Ontology, Uberon and SYMP, on small files in the true formats."""

from __future__ import annotations

from pathlib import Path

from met_kg.records import Concept, Relation, Synonym
from met_kg.sources.disease_ontology import disease_concepts
from met_kg.sources.findings import Findings
from met_kg.sources.symp import symptom_concepts
from met_kg.sources.uberon import _bridge, anatomy_concepts

RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:obo="http://purl.obolibrary.org/obo/" xmlns:owl="http://www.w3.org/2002/07/owl#"
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#">
{}
</rdf:RDF>
"""
OBO = "http://purl.obolibrary.org/obo/"


def _class(curie: str, *, label: str = "", parent: str = "") -> str:
    name = f"<rdfs:label>{label}</rdfs:label>" if label else ""
    above = f'<rdfs:subClassOf rdf:resource="{OBO}{parent}"/>' if parent else ""
    return f'<owl:Class rdf:about="{OBO}{curie}">{above}{name}</owl:Class>'


def _write(folder: Path, name: str, text: str) -> list[Path]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return [path]


def _diseases(tmp_path: Path) -> tuple[dict[str, Concept], Findings]:
    files = {
        "hierarchy": _write(
            tmp_path,
            "h.tsv",
            'id\tlabel\tsubClassOf\n"DOID:850"\t"lung disease"\t"disease"\n"DOID:552"\t"pneumonia"\t"lung disease"\n'
            '"DOID:552"\t"pneumonia"\t"infection"\n"DOID:9"\t"nine"\t"nowhere"\nbroken\tx\ty\n'
            '"DOID:850"\t"lung disease"\t"lung disease"\n',
        ),
        "xrefs": _write(
            tmp_path, "x.tsv", 'id\tlabel\txref\n"DOID:552"\t""\t"MESH:D011014"\n"DOID:77"\t""\t"NCI:C1"\n'
        ),
        "facets": _write(
            tmp_path, "f.tsv", '?id\t?name\t?definition\n"DOID:552"\t"p"\t"An inflamed lung."\n"DOID:552"\t"p"\t"2"\n'
        ),
        "slims": _write(
            tmp_path,
            "s.obo",
            '[Term]\nid: DOID:552\nname: pneumonia\nsynonym: "acute pneumonia" EXACT []\n\n'
            '[Term]\nid: DOID:4\nname: disease\ndef: "A disposition." []\n',
        ),
        "anatomy-import": _write(tmp_path, "u.owl", RDF.format(_class("UBERON_0002048", label="lung"))),
        "anatomy-names": _write(
            tmp_path, "u.obo", '[Term]\nid: UBERON:0002398\nname: manus\nsynonym: "hand" EXACT HUMAN_PREFERRED []\n'
        ),
        "symptoms": _write(
            tmp_path,
            "y.tsv",
            "disease_id\tdisease_label\tsymptom_id\tsymptom_label\nDOID:552\tpneumonia\tSYMP:0000614\tcough\n",
        ),
        "locations": _write(
            tmp_path, "l.tsv", "id\tanatomy_id\nDOID:850\tUBERON:0002048\nDOID:9\tCL:0000767\nDOID:9\t\n"
        ),
        "restrictions": _write(
            tmp_path,
            "r.tsv",
            "ID\tSubClass Of [ANON]\nDOID:552\t'has symptom' some cough|'disease has location' some lung\n"
            "DOID:9\t'disease has location' some hand|'disease has location' some (lung or hand)|('x' some\n",
        ),
        "equivalents": _write(
            tmp_path, "e.tsv", "ID\tEquivalent Class\nDOID:850\tdisease and ('disease has location' some lung)\n"
        ),
        "former": _write(
            tmp_path,
            "old.obo",
            '[Term]\nid: DOID:552\nname: pneumonitis\nsynonym: "pneumonia NOS (disorder)" EXACT []\n'
            'synonym: "lung inflammation (disorder)" EXACT []\nsynonym: "lung disease" EXACT []\n\n'
            '[Term]\nid: DOID:850\nname: lung disease\nsynonym: "x" EXACT []\nis_obsolete: true\n',
        ),
    }
    findings = Findings()
    concepts = disease_concepts(files, findings)
    findings.close()
    return {c.curie: c for c in concepts}, findings


def test_the_disease_ontology_is_assembled_from_its_tables(tmp_path: Path) -> None:
    found, _ = _diseases(tmp_path)
    assert list(found) == ["DOID:4", "DOID:850", "DOID:552", "DOID:9"]
    assert found["DOID:4"] == Concept("DOID:4", "disease", "disease", "A disposition.", source="disease-ontology")
    pneumonia = found["DOID:552"]
    assert pneumonia.parents == ("DOID:850",) and found["DOID:850"].parents == ("DOID:4",)
    assert pneumonia.definition == "An inflamed lung." and pneumonia.xrefs == ("MESH:D011014",)
    assert pneumonia.relations == (Relation("RO:0002452", "SYMP:0000614"), Relation("RO:0004026", "UBERON:0002048"))
    assert found["DOID:850"].relations == (Relation("RO:0004026", "UBERON:0002048"),)
    assert found["DOID:9"].relations == (Relation("RO:0004026", "UBERON:0002398"),)


def test_former_synonyms_are_cleaned_and_yield_to_other_diseases(tmp_path: Path) -> None:
    found, findings = _diseases(tmp_path)
    assert found["DOID:552"].synonyms == (
        Synonym("acute pneumonia"),
        Synonym("pneumonitis", "RELATED"),
        Synonym("lung inflammation"),
    )
    assert found["DOID:850"].synonyms == ()
    assert any("name of another disease" in q.reason and "lung disease" in q.content for q in findings.quarantined)


def test_defects_of_the_tables_are_named(tmp_path: Path) -> None:
    _, findings = _diseases(tmp_path)
    rows = {(q.source, q.where, q.reason) for q in findings.quarantined}
    assert ("h.tsv", "4", "parent of DOID:552 is the label of no term") in rows
    assert ("h.tsv", "5", "parent of DOID:9 is the label of no term") in rows
    assert ("h.tsv", "6", "not a term with id and label") in rows
    assert ("x.tsv", "3", "rows left out: the id is not in the hierarchy table") in rows
    assert ("l.tsv", "3", "locations left out: not in Uberon") in rows
    assert ("r.tsv", "3", "class expressions left out: they state no certain relation") in rows
    assert any(s == "r.tsv" and w == "3" and "not a class expression" in r for s, w, r in rows)
    assert any("is its own parent" in m.reason and m.where == "7" for m in findings.mended)


def _anatomy(tmp_path: Path) -> tuple[dict[str, Concept], Findings]:
    newer = """[Term]
id: UBERON:0001062
name: anatomical entity

[Term]
id: UBERON:0002048
name: lung
synonym: "pulmo" EXACT LATIN []
synonym: "heart" EXACT []
is_a: UBERON:0000171
is_a: CARO:0000000
relationship: part_of UBERON:0001004
relationship: develops_from UBERON:0000118

[Term]
id: UBERON:0000171
name: respiration organ
is_a: UBERON:0000062
is_a: UBERON:9999999

[Term]
id: UBERON:0000062
name: organ
is_a: CARO:0000000

[Term]
id: CL:0000000
name: cell
"""
    older = """[Term]
id: UBERON:0002048
name: pulmo organ
def: "The organ." []
synonym: "lungs" RELATED PLURAL []
is_a: UBERON:0000062

[Term]
id: UBERON:0000948
name: heart

[Term]
id: UBERON:0001004
name: respiratory system
is_a: UBERON:0001062
"""
    bridge = RDF.format(
        _class("SCTID_39607008", parent="UBERON_0002048") + _class("NCIT_C12468", parent="UBERON_0002048")
    )
    files = {
        "import": _write(tmp_path, "i.owl", RDF.format(_class("UBERON_0001004", label="respiratory system (new)"))),
        "template": _write(
            tmp_path,
            "t.tsv",
            "ID\tLABEL\tDefinition\tis_a\tpart_of\nID\tLABEL\tA IAO:0000115\tSC %\tSC x\n"
            f"{OBO}UBERON_1200005\tacromial process\tA part.\tUBERON:0000062\tUBERON:0002048\n",
        ),
        "terms": _write(tmp_path, "new.obo", newer) + _write(tmp_path, "old.obo", older),
        "human": _write(
            tmp_path,
            "human.tsv",
            "?x\t?label\n_:b0\t\n"
            + "".join(
                f"<{OBO}UBERON_{n}>\t\n" for n in ("0001062", "0002048", "0000062", "0000948", "0001004", "7777777")
            ),
        ),
        "bridges": _write(tmp_path, "b.owl", bridge),
        "mesh": _write(tmp_path, "m.tsv", "uberon_id\tmesh_id\nUBERON:0002048\tD008168\n"),
    }
    findings = Findings()
    concepts = anatomy_concepts(files, findings)
    findings.close()
    return {c.curie: c for c in concepts}, findings


def test_uberon_is_merged_from_several_releases(tmp_path: Path) -> None:
    found, _ = _anatomy(tmp_path)
    assert sorted(found) == [
        "UBERON:0000062",
        "UBERON:0000948",
        "UBERON:0001004",
        "UBERON:0001062",
        "UBERON:0002048",
        "UBERON:1200005",
    ]
    lung = found["UBERON:0002048"]
    assert (lung.label, lung.definition, lung.axis) == ("lung", "The organ.", "anatomy")
    assert set(lung.synonyms) == {
        Synonym("pulmo", "EXACT", "latin"),
        Synonym("lungs", "RELATED", "plural"),
        Synonym("pulmo organ", "RELATED"),
        Synonym("heart", "RELATED"),  # the label of another structure is no exact name of this one
    }
    assert lung.relations == (Relation("BFO:0000050", "UBERON:0001004"),)
    assert lung.xrefs == ("SNOMEDCT:39607008", "NCIT:C12468", "MESH:D008168")
    assert found["UBERON:0001004"].label == "respiratory system (new)"
    assert found["UBERON:1200005"].parents == ("UBERON:0000062",)


def test_edges_through_dropped_terms_lead_on(tmp_path: Path) -> None:
    found, findings = _anatomy(tmp_path)
    assert found["UBERON:0002048"].parents == ("UBERON:0000062",)  # through the respiration organ of other species
    assert found["UBERON:0000062"].parents == ("UBERON:0001062",)  # the root's former name
    assert found["UBERON:0001062"].parents == ()
    assert any("edges left out" in q.reason and q.content == "UBERON:9999999" for q in findings.quarantined)


def test_a_broken_bridge_stops_nothing_else(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    _write(tmp_path, "bomb.owl", bomb)
    findings = Findings()
    assert list(_bridge(tmp_path / "bomb.owl", findings)) == []
    assert "no XML" in findings.quarantined[0].reason


def test_symptoms_hang_from_the_finding_axis(tmp_path: Path) -> None:
    files = {
        "terms": _write(
            tmp_path,
            "symp.obo",
            "[Term]\nid: SYMP:0000462\nname: symptom\n\n[Term]\nid: SYMP:0000614\nname: cough\nis_a: SYMP:0000462\n"
            "junk\n",
        )
    }
    findings = Findings()
    root, cough = symptom_concepts(files, findings)
    assert root.parents == ("MET:0000003",) and cough.parents == ("SYMP:0000462",)
    assert {root.axis, cough.axis} == {"finding"} and root.source == "symp"
    assert findings.quarantined[0].where == "9"
