"""Cross-references, tables, class expressions, MeSH branches."""

from __future__ import annotations

from pathlib import Path

import pytest

from met_kg.errors import DataProblem
from met_kg.records import Synonym
from met_kg.sources.expressions import certain_relations
from met_kg.sources.findings import Findings
from met_kg.sources.lines import read_table
from met_kg.sources.mesh import read_branches, uninvert
from met_kg.sources.xrefs import FOREIGN, normalise
from met_kg.vocabulary import is_curie


@pytest.mark.parametrize(
    ("written", "curie"),
    [
        ("SNOMEDCT_US_2025_09_01:39000009", "SNOMEDCT:39000009"),
        ("SNOMEDCT_2010_1_31:35585004", "SNOMEDCT:35585004"),
        ("SCTID:181195007", "SNOMEDCT:181195007"),
        ("UMLS_CUI:C0018923", "UMLS:C0018923"),
        ("MSH:D006394", "MESH:D006394"),
        ("MeSH:C535434", "MESH:C535434"),
        ("NCI:C3088", "NCIT:C3088"),
        ("NCI2009_04D:C3088", "NCIT:C3088"),
        ("MIM:PS264300", "OMIM:PS264300"),
        ("ICD9CM_2005:783.21", "ICD9CM:783.21"),
        ("ICD10CM:E88.9", "ICD10CM:E88.9"),
        ("Orphanet:752", "ORDO:752"),
        ("ICDO:9120/3", "ICDO:9120/3"),
        ("http://linkedlifedata.com/resource/umls/id/C0024109", "UMLS:C0024109"),
        ("http://purl.obolibrary.org/obo/SCTID_105587007", "SNOMEDCT:105587007"),
    ],
)
def test_spellings_of_a_code_system_become_one(written: str, curie: str) -> None:
    assert normalise(written) == (curie, "")
    assert is_curie(curie)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("MESH:A08.186.211", "not an identifier that MESH can have"),
        ("UMLS_CUI:0700208", "not an identifier that UMLS can have"),
        ("SNOMEDCT:12 34567", "not an identifier that SNOMEDCT can have"),
        ("ICD10CM:I20-I25", "not an identifier that ICD10CM can have"),
        ("Nasal:vestibule", "a name where an identifier should be"),
        ("NEWONE:17", "prefix 'NEWONE' is not known"),
        ("no_prefix", "a cross-reference needs a prefix and an identifier"),
        ("ZFA:0000049", "vocabularies that the tree does not carry"),
        ("", "a cross-reference needs a prefix and an identifier"),
    ],
)
def test_what_cannot_be_a_code_says_why(written: str, why: str) -> None:
    assert normalise(written) == ("", why)


def test_no_code_system_is_called_foreign() -> None:
    assert not {"umls", "mesh", "snomedct", "ncit", "omim", "icd10cm", "doid", "uberon"} & FOREIGN


def test_a_table_survives_stray_quotes_and_short_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text('?id\t"name"\tmore\n"A:1"\t"says ""yes"""\tx\nA:2\t"open\tx\nA:3\tshort\n\nA:4\tlast\t\n')
    findings = Findings()
    rows = list(read_table(path, ["name", "id"], findings))
    assert rows == [(2, ['says "yes"', "A:1"]), (3, ['"open', "A:2"]), (6, ["last", "A:4"])]
    assert [(q.where, q.reason) for q in findings.quarantined] == [("4", "2 cells where the header has 3")]
    with pytest.raises(DataProblem, match=r"t\.tsv:1: has no column 'parent'"):
        list(read_table(path, ["parent"], findings))


@pytest.mark.parametrize(
    ("text", "relations"),
    [
        ("'disease has location' some lung", [("disease has location", "lung")]),
        (
            "disease and ('disease has location' some 'zone of skin') and ('has symptom' some itch)",
            [("disease has location", "zone of skin"), ("has symptom", "itch")],
        ),
        (
            "cancer and (('derives from' some cell) and ('disease has location' some eye))",
            [
                ("derives from", "cell"),
                ("disease has location", "eye"),
            ],
        ),
        ("'disease has location' some (lung or eye)", []),
        ("'a b' some c or 'a b' some d", []),
        ("'has material basis in' exactly 1 gene", []),
        ("'has allergic trigger' some N,N'-diethylthiourea", [("has allergic trigger", "N,N'-diethylthiourea")]),
    ],
)
def test_only_what_follows_for_certain(text: str, relations: list[tuple[str, str]]) -> None:
    assert list(certain_relations(text)) == relations


@pytest.mark.parametrize("text", ["('a b' some c", "'a b some c", "a some b) and (c", "(" * 5000 + ")" * 5000])
def test_expressions_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"bracket|quotation"):
        list(certain_relations(text))


def test_a_mesh_branch(tmp_path: Path) -> None:
    path = tmp_path / "mesh.tsv"
    path.write_text(
        "mesh_id\tmesh_name\tmesh_tree_number\n"
        "D003952\tDiagnostic Imaging\tE01.370.350\n"
        "D014057\tTomography, X-Ray Computed\tE01.370.350.600\n"
        "D014057\tTomography, X-Ray Computed\tE01.370.350.700.560\n"
        "D011859\tRadiography\tE01.370.350.700\n"
        "D000999\tLost\tE01.370.350.123.456\n"
        "D000998\tElsewhere\tE01.370.3501\n"
        "X1\tBroken\tE01.370.350.800\n"
        "D000997\tSecond Owner\tE01.370.350.700\n"
    )
    findings = Findings()
    found = {c.curie: c for c in read_branches(path, ["E01.370.350"], "modality", "mesh-imaging", findings)}
    assert sorted(found) == ["MESH:D000999", "MESH:D003952", "MESH:D011859", "MESH:D014057"]
    assert found["MESH:D003952"].parents == ("MET:0000002",)
    ct = found["MESH:D014057"]
    assert ct.label == "X-Ray Computed Tomography" and ct.axis == "modality"
    assert ct.synonyms == (Synonym("Tomography, X-Ray Computed"),)
    assert ct.parents == ("MESH:D003952", "MESH:D011859")
    assert [q.where for q in findings.quarantined] == ["8", "9", "E01.370.350.123.456"]


def test_names_read_forward() -> None:
    assert uninvert("Ultrasonography, Doppler, Color") == "Color Doppler Ultrasonography"
    assert uninvert("Pain") == "Pain"
