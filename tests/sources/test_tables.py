"""SSSOM mappings and ROBOT templates as people's tools write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from met_kg.errors import DataProblem, UsageProblem
from met_kg.records import Concept, Relation, Synonym
from met_kg.sources.files import SourceFile
from met_kg.sources.load import load_file
from met_kg.sources.registry import Loaded
from met_kg.tree.merge import merge

SSSOM = """# mapping_set_id: https://example.org/set
# license: https://creativecommons.org/publicdomain/zero/1.0/
# curie_map:
#   mesh: http://id.nlm.nih.gov/mesh/
#   do: http://purl.obolibrary.org/obo/DOID_
subject_id\tsubject_label\tpredicate_id\tpredicate_modifier\tobject_id\tmapping_justification
do:552\tpneumonia\tskos:exactMatch\t\tmesh:D011014\tsemapv:ManualMappingCuration
do:552\tpneumonia\tskos:exactMatch\t\tUMLS:C0032285\tsemapv:ManualMappingCuration
do:553\tother\tskos:exactMatch\tNot\tmesh:D000001\tsemapv:ManualMappingCuration
do:554\tthird\tskos:broadMatch\t\tmesh:D000002\tsemapv:LexicalMatching
nonsense\tx\tskos:exactMatch\t\tmesh:D000002\tsemapv:LexicalMatching
do:555\tfourth\tskos:exactMatch\t\tmesh:A.08\tsemapv:LexicalMatching
"""
TEMPLATE = """Id,Name,What,Also,Above,Where,Codes,Note
ID,LABEL,A IAO:0000115,A oboInOwl:hasExactSynonym SPLIT=|,SC %,SC 'disease has location' some %,A oboInOwl:hasDbXref,AL x@en
MET:0000901,odd pneumonia,"Odd, and rare.",OP|odd lung,DOID:552,UBERON:0002048,UMLS:C0000001,n
MET:0000902,odder pneumonia,,,odd pneumonia,,,
,no id,,,,,,
MET:0000903,,,,,,,
MET:0000904,lost,,,nowhere,,,
"""


def load(tmp_path: Path, name: str, text: str, **said: object) -> Loaded:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load_file(path, SourceFile(name="mine", path=str(path), **said))  # type: ignore[arg-type]


def test_exact_matches_of_sssom_become_codes_and_the_rest_is_counted(tmp_path: Path) -> None:
    loaded = load(tmp_path, "set.sssom.tsv", SSSOM)
    assert loaded.concepts == [Concept("DOID:552", "", xrefs=("MESH:D011014", "UMLS:C0032285"), source="mine")]
    assert not loaded.adds_nodes
    assert sorted(q.reason for q in loaded.quarantined) == [
        "mappings left out: not an identifier that MESH can have",
        "mappings left out: skos:broadMatch is no exact match",
        "mappings left out: they say that two things are not the same",
        "subject 'nonsense' is no identifier of the vocabulary",
    ]
    pneumonia = Concept("DOID:552", "pneumonia", "disease", parents=("DOID:4",), source="do")
    nodes, _ = merge([[Concept("DOID:4", "disease", "disease")], [pneumonia], loaded.concepts], align_only=("mine",))
    assert nodes["DOID:552"].xrefs == {"MESH:D011014", "UMLS:C0032285"}
    assert nodes["DOID:552"].synonyms == {}


@pytest.mark.parametrize(
    ("text", "said"), [("", "is empty"), ("subject_id\tobject_id\nx\ty\n", "no column 'predicate_id'")]
)
def test_a_file_that_is_no_sssom(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataProblem, match=said):
        load(tmp_path, "set.sssom.tsv", text)


def test_a_robot_template(tmp_path: Path) -> None:
    loaded = load(tmp_path, "terms.csv", TEMPLATE, axis="disease")
    odd, odder, lost = loaded.concepts
    assert odd == Concept(
        "MET:0000901",
        "odd pneumonia",
        "disease",
        "Odd, and rare.",
        (Synonym("OP"), Synonym("odd lung")),
        ("DOID:552",),
        (Relation("RO:0004026", "UBERON:0002048"),),
        ("UMLS:C0000001",),
        source="mine",
    )
    assert odder.parents == ("MET:0000901",), "a parent may be named by its label"
    assert lost.parents == ()
    assert [(q.where, q.reason) for q in loaded.quarantined] == [
        ("2", "column 'Note' left out: its template string is not one of those read"),
        ("5", "no identifier in the row"),
        ("6", "MET:0000903 has no label"),
        ("MET:0000904", "neither an identifier nor the label of a term of the table"),
    ]


def test_a_plain_table_goes_by_the_names_of_its_columns(tmp_path: Path) -> None:
    text = "id\tname\tparents\tsynonyms\nMET:0000901\talpha\tDOID:4|DOID:7\ta|b\n"
    (concept,) = load(tmp_path, "terms.tsv", text, axis="disease").concepts
    assert (concept.label, concept.parents) == ("alpha", ("DOID:4", "DOID:7"))
    assert [s.text for s in concept.synonyms] == ["a", "b"]


def test_a_table_without_identifiers_or_without_an_axis(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="no column holds the id"):
        load(tmp_path, "terms.tsv", "name\tx\na\tb\n", axis="disease")
    with pytest.raises(UsageProblem, match="needs an axis"):
        load(tmp_path, "terms.tsv", "id\tname\nMET:0000901\ta\n")
