"""UMLS, SNOMED CT and MeSH XML, on files in the true format that the tests write: the data are licensed or large."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from met_kg.errors import DataProblem, MissingData, UsageProblem
from met_kg.records import Concept, Relation, Synonym
from met_kg.sources.files import SourceFile
from met_kg.sources.load import load_file
from met_kg.sources.registry import Loaded
from met_kg.sources.snomed import is_sctid


def load(path: Path, **options: object) -> Loaded:
    return load_file(path, SourceFile(name="mine", path=str(path), options=options))


def concepts(loaded: Loaded) -> dict[str, Concept]:
    return {c.curie: c for c in loaded.concepts}


# --- UMLS ------------------------------------------------------------------------------------------------------------
def atom(
    cui: str, text: str, *, sab: str = "MSH", tty: str = "MH", code: str = "D1", preferred: bool = True, **said: str
) -> str:
    ts, stt, is_preferred = ("P", "PF", "Y") if preferred else ("S", "VO", "N")
    fields = [cui, said.get("lat", "ENG"), ts, "L1", stt, "S1", is_preferred, said.get("aui", f"A{cui}"), "", "", ""]
    return "|".join([*fields, sab, tty, code, text, "0", said.get("suppress", "N"), "256"]) + "|\n"


def relation(first: str, rel: str, second: str, rela: str = "", sab: str = "MSH", suppress: str = "N") -> str:
    return (
        "|".join([first, "A1", "AUI", rel, second, "A2", "AUI", rela, "R1", "", sab, sab, "", "", suppress, ""]) + "|\n"
    )


@pytest.fixture
def umls(tmp_path: Path) -> Path:
    meta = tmp_path / "2026AA" / "META"
    meta.mkdir(parents=True)
    conso = [
        atom("C0032285", "Pneumonias", tty="PM", preferred=False),
        atom("C0032285", "Pneumonia", code="D011014"),
        atom("C0032285", "PNA", sab="NCI", tty="AB", code="C3333", preferred=False),
        atom("C0032285", "Neumonía", lat="SPA"),
        atom("C0032285", "Lung fire", suppress="O", preferred=False),
        atom("C0024115", "Lung Diseases", sab="SNOMEDCT_US", code="19829001"),
        atom("C0024109", "Lung", sab="FMA", code="7195"),
        atom("C0004057", "aspirin", sab="RXNORM", code="1191"),
        "C0032285|ENG|too|short|\n",
        atom("C0012634", "Ménière’s thing", sab="NOCODE", code="NOCODE"),
    ]
    (meta / "MRCONSO.RRF").write_bytes("".join(conso).encode())
    types = [
        ("C0032285", "T047"),
        ("C0024115", "T047"),
        ("C0024109", "T023"),
        ("C0004057", "T121"),
        ("C0012634", "T184"),
    ]
    (meta / "MRSTY.RRF").write_text("".join(f"{c}|{t}|B2|x|AT1|256|\n" for c, t in types))
    (meta / "MRDEF.RRF").write_text("C0032285|A1|AT1||MSH|Inflamed  lung.|N||\nC0024115|A1|AT1||MSH|no|O||\n")
    rels = [
        relation("C0032285", "PAR", "C0024115"),
        relation("C0024115", "CHD", "C0032285"),
        relation("C0032285", "RO", "C0024109", "finding_site_of"),
        relation("C0024109", "RO", "C0032285", "has_finding_site"),
        relation("C0032285", "PAR", "C0004057"),  # to what is on no axis
        relation("C0032285", "PAR", "C0012634", suppress="Y"),
    ]
    (meta / "MRREL.RRF").write_text("".join(rels))
    return tmp_path / "2026AA"


def test_umls_names_codes_types_parents_and_places(umls: Path) -> None:
    loaded = load(umls)
    found = concepts(loaded)
    assert list(found) == ["UMLS:C0032285", "UMLS:C0024115", "UMLS:C0024109", "UMLS:C0012634"], "aspirin is on no axis"
    assert found["UMLS:C0032285"] == Concept(
        "UMLS:C0032285",
        "Pneumonia",
        "disease",
        "Inflamed lung.",
        (Synonym("Pneumonias"), Synonym("PNA", "EXACT", "abbreviation")),
        ("UMLS:C0024115",),
        (Relation("RO:0004026", "UMLS:C0024109"),),
        ("MESH:D1", "MESH:D011014", "NCIT:C3333"),
        source="mine",
        semantic_types=("STY:T047",),
    )
    assert found["UMLS:C0024115"].definition == "", "its only definition is suppressed"
    assert found["UMLS:C0012634"].label == "Ménière’s thing" and found["UMLS:C0012634"].axis == "finding"
    (left_out,) = loaded.quarantined
    assert (left_out.where, left_out.reason) == ("9", "rows left out: not 18 fields, each followed by a bar")


def test_umls_filters(umls: Path) -> None:
    assert [c.label for c in load(umls, languages=["SPA"]).concepts] == ["Neumonía"]
    assert list(concepts(load(umls, sources=["FMA"]))) == ["UMLS:C0024109"]
    names = {s.text for s in concepts(load(umls, suppress="E"))["UMLS:C0032285"].synonyms}
    assert "Lung fire" in names
    assert list(concepts(load(umls, axes={"T023": "anatomy"}))) == ["UMLS:C0024109"]
    assert concepts(load(umls, hierarchy="none"))["UMLS:C0032285"].parents == ()


def test_umls_hierarchy_from_mrhier_and_packed_files(umls: Path) -> None:
    meta = umls / "META"
    rows = ["C0032285|AC0032285|1|AC0024115|MSH||AX.AC0024115|||", "C0024109|AC0024109|1|AC0004057|FMA||x|||"]
    (meta / "MRHIER.RRF").write_text("".join(f"{row}\n" for row in rows))
    (meta / "MRCONSO.RRF.gz").write_bytes(gzip.compress((meta / "MRCONSO.RRF").read_bytes()))
    (meta / "MRCONSO.RRF").unlink()
    found = concepts(load(umls, hierarchy="MRHIER"))
    assert found["UMLS:C0032285"].parents == ("UMLS:C0024115",)
    assert found["UMLS:C0024109"].parents == ()


def test_umls_what_is_missing_or_wrong_is_said(umls: Path) -> None:
    with pytest.raises(UsageProblem, match=r"source 'mine': option unknown key 'langs'"):
        load(umls, langs=["ENG"])
    (umls / "META" / "MRSTY.RRF").unlink()
    with pytest.raises(MissingData, match=r"no MRSTY\.RRF"):
        load(umls)


# --- SNOMED CT -------------------------------------------------------------------------------------------------------
US, GB = "900000000000509007", "900000000000508004"
FSN, SYN = "900000000000003001", "900000000000013009"
PREFERRED, ACCEPTABLE = "900000000000548007", "900000000000549004"


@pytest.fixture
def snomed(tmp_path: Path) -> Path:
    root = tmp_path / "SnomedCT_International" / "Snapshot"
    (root / "Terminology").mkdir(parents=True)
    (root / "Refset" / "Language").mkdir(parents=True)

    def write(name: str, header: str, rows: list[str]) -> None:
        text = "\n".join([header.replace(" ", "\t"), *(r.replace(";", "\t") for r in rows)]) + "\n"
        (root / name).write_text(text, encoding="utf-8")

    active = ["22298006", "56265001", "80891009", "404684003"]
    write(
        "Terminology/sct2_Concept_Snapshot_INT_20260801.txt",
        "id effectiveTime active moduleId definitionStatusId",
        [*(f"{i};20260801;1;m;d" for i in active), "64572001;20260801;0;m;d", "22298007;20260801;1;m;d"],
    )
    descriptions = [
        ("1", "1", "22298006", FSN, "Myocardial infarction (disorder)"),
        ("2", "1", "22298006", SYN, "Heart attack"),
        ("3", "1", "22298006", SYN, "Myocardial infarct"),
        ("4", "0", "22298006", SYN, "Old name"),
        ("5", "1", "56265001", FSN, "Heart disease (disorder)"),
        ("6", "1", "56265001", SYN, "Heart disease"),
        ("7", "1", "80891009", FSN, "Heart structure (body structure)"),
        ("8", "1", "80891009", SYN, "Heart"),
        ("9", "1", "404684003", FSN, "Clinical finding without a tag"),
        ("10", "1", "64572001", FSN, "Disease (disorder)"),
    ]
    write(
        "Terminology/sct2_Description_Snapshot-en_INT_20260801.txt",
        "id effectiveTime active moduleId conceptId languageCode typeId term caseSignificanceId",
        [f"{d};20260801;{a};m;{c};en;{t};{name};x" for d, a, c, t, name in descriptions],
    )
    write(
        "Terminology/sct2_Relationship_Snapshot_INT_20260801.txt",
        "id effectiveTime active moduleId sourceId destinationId relationshipGroup typeId characteristicTypeId modifierId",
        [
            "1;20260801;1;m;22298006;56265001;0;116680003;c;x",
            "2;20260801;1;m;22298006;80891009;1;363698007;c;x",
            "3;20260801;0;m;56265001;80891009;1;363698007;c;x",
        ],
    )
    write(
        "Refset/Language/der2_cRefset_LanguageSnapshot-en_INT_20260801.txt",
        "id effectiveTime active moduleId refsetId referencedComponentId acceptabilityId",
        [
            f"a;20260801;1;m;{US};2;{ACCEPTABLE}",
            f"b;20260801;1;m;{US};3;{PREFERRED}",
            f"c;20260801;1;m;{GB};2;{PREFERRED}",
            f"d;20260801;1;m;{US};6;{PREFERRED}",
            f"e;20260801;1;m;{US};8;{PREFERRED}",
        ],
    )
    return tmp_path


def test_snomed_names_by_language_axes_by_tag_and_relations(snomed: Path) -> None:
    loaded = load(snomed)
    found = concepts(loaded)
    assert list(found) == ["SNOMEDCT:22298006", "SNOMEDCT:56265001", "SNOMEDCT:80891009"]
    infarct = found["SNOMEDCT:22298006"]
    assert (infarct.label, infarct.axis) == ("Myocardial infarct", "disease")
    assert [s.text for s in infarct.synonyms] == ["Heart attack", "Myocardial infarction"]
    assert infarct.parents == ("SNOMEDCT:56265001",)
    assert infarct.relations == (Relation("RO:0004026", "SNOMEDCT:80891009"),)
    assert found["SNOMEDCT:56265001"].relations == (), "an inactive relationship says nothing"
    assert found["SNOMEDCT:80891009"].axis == "anatomy"
    assert sorted(q.reason for q in loaded.quarantined) == [
        "fully specified name without a semantic tag",
        "not a SNOMED CT identifier: its check digit is wrong",
    ]


def test_snomed_options(snomed: Path) -> None:
    assert concepts(load(snomed, language_refset=GB))["SNOMEDCT:22298006"].label == "Heart attack"
    assert list(concepts(load(snomed, below=["56265001"]))) == ["SNOMEDCT:22298006", "SNOMEDCT:56265001"]
    assert concepts(load(snomed, obsolete=True))["SNOMEDCT:64572001"].obsolete


def test_snomed_check_digits_are_those_of_real_identifiers() -> None:
    assert all(map(is_sctid, ["22298006", "404684003", "64572001", "900000000000003001", "363698007"]))
    assert not any(map(is_sctid, ["22298007", "4046840", "22298060", "0123456", ""]))


def test_snomed_without_a_file(snomed: Path) -> None:
    next(snomed.rglob("der2_cRefset*")).unlink()
    with pytest.raises(MissingData, match="no der2_cRefset_LanguageSnapshot"):
        load(snomed)


# --- MeSH ------------------------------------------------------------------------------------------------------------
MESH = """<?xml version="1.0"?>
<!DOCTYPE DescriptorRecordSet SYSTEM "https://www.nlm.nih.gov/databases/dtd/nlmdescriptorrecordset_20260101.dtd">
<DescriptorRecordSet LanguageCode="eng">
<DescriptorRecord DescriptorClass="1"><DescriptorUI>D014057</DescriptorUI>
 <DescriptorName><String>Tomography, X-Ray Computed</String></DescriptorName>
 <TreeNumberList><TreeNumber>E01.370.350.825.810</TreeNumber></TreeNumberList>
 <ConceptList>
  <Concept PreferredConceptYN="Y"><ConceptUI>M1</ConceptUI><ScopeNote>X-ray slices
   by computer.</ScopeNote>
   <TermList><Term LexicalTag="NON"><String>Tomography, X-Ray Computed</String></Term>
    <Term LexicalTag="ABB"><String>CT X Ray</String></Term><Term LexicalTag="NON"><String>CAT Scan</String></Term></TermList>
   <ConceptRelationList><ConceptRelation RelationName="NRW"><Concept1UI>M1</Concept1UI><Concept2UI>M2</Concept2UI>
    </ConceptRelation></ConceptRelationList></Concept>
  <Concept PreferredConceptYN="N"><ConceptUI>M2</ConceptUI>
   <TermList><Term LexicalTag="NON"><String>Cine-CT</String></Term></TermList></Concept>
 </ConceptList></DescriptorRecord>
<DescriptorRecord DescriptorClass="1"><DescriptorUI>D014054</DescriptorUI>
 <DescriptorName><String>Tomography</String></DescriptorName>
 <TreeNumberList><TreeNumber>E01.370.350.825</TreeNumber></TreeNumberList></DescriptorRecord>
<DescriptorRecord DescriptorClass="1"><DescriptorUI>D000001</DescriptorUI>
 <DescriptorName><String>Calcimycin</String></DescriptorName>
 <TreeNumberList><TreeNumber>D03.633</TreeNumber></TreeNumberList></DescriptorRecord>
</DescriptorRecordSet>
"""


@pytest.mark.parametrize("name", ["desc2026.xml", "desc2026.xml.gz"])
def test_mesh_descriptors(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(MESH.encode()) if name.endswith(".gz") else MESH.encode())
    found = concepts(load(path))
    assert list(found) == ["MESH:D014057", "MESH:D014054"]
    ct = found["MESH:D014057"]
    assert (ct.label, ct.definition) == ("X-Ray Computed Tomography", "X-ray slices by computer.")
    assert ct.parents == ("MESH:D014054",), "its parent comes later in the file"
    assert {(s.text, s.scope, s.kind) for s in ct.synonyms} == {
        ("Tomography, X-Ray Computed", "EXACT", ""),
        ("CT X Ray", "EXACT", "abbreviation"),
        ("CAT Scan", "EXACT", ""),
        ("Cine-CT", "NARROW", ""),
    }
    assert found["MESH:D014054"].parents == ("MET:0000002",)


def test_mesh_branches_are_the_users(tmp_path: Path) -> None:
    path = tmp_path / "desc.xml"
    path.write_text(MESH)
    assert [c.label for c in load(path, branches={"E01.370.350.825.810": "modality"}).concepts] == [
        "X-Ray Computed Tomography"
    ]
    with pytest.raises(DataProblem, match="no descriptor on the branches"):
        load(path, branches={"Z01": "anatomy"})


def test_mesh_entities_are_refused_and_a_file_that_breaks_off_gives_what_it_holds(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xml"
    head = '<!DOCTYPE DescriptorRecordSet [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>'
    bomb.write_text(f'<?xml version="1.0"?>{head}<DescriptorRecordSet>&b;</DescriptorRecordSet>')
    with pytest.raises(DataProblem, match="declares entities"):
        load(bomb)
    cut = tmp_path / "cut.xml"
    cut.write_text(MESH[: MESH.index("Calcimycin")])
    loaded = load(cut)
    assert len(loaded.concepts) == 2
    assert "breaks off" in loaded.quarantined[0].reason


def test_what_has_no_options_takes_none(tmp_path: Path) -> None:
    (tmp_path / "x.obo").write_text("format-version: 1.2\n")
    with pytest.raises(UsageProblem, match="format obo has no options"):
        load(tmp_path / "x.obo", languages=["ENG"])
