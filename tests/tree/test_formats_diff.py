"""Normal form and diff: what they see is the axioms, not the file."""

from __future__ import annotations

from pathlib import Path

import pyhornedowl
import pytest

from met_kg.errors import DataProblem
from met_kg.tree.diff import diff_files
from met_kg.tree.formats import normalize, normalize_rdf

OLD = """Prefix(:=<http://example.org/>)
Prefix(owl:=<http://www.w3.org/2002/07/owl#>)
Prefix(rdfs:=<http://www.w3.org/2000/01/rdf-schema#>)
Prefix(oio:=<http://www.geneontology.org/formats/oboInOwl#>)
Prefix(bfo:=<http://purl.obolibrary.org/obo/BFO_>)
Ontology(<http://example.org/o>
Declaration(Class(:lung))
Declaration(Class(:organ))
Declaration(Class(:thing))
Declaration(Class(:chest))
Declaration(ObjectProperty(bfo:0000050))
Declaration(AnnotationProperty(oio:hasExactSynonym))
AnnotationAssertion(rdfs:label :lung "lung"@en)
AnnotationAssertion(rdfs:label :organ "organ"@en)
SubClassOf(:lung :thing)
)
"""


def changed(text: str) -> str:
    text = text.replace("SubClassOf(:lung :thing)", "SubClassOf(:lung :organ)")
    return text.replace(
        "\n)\n",
        '\nAnnotationAssertion(oio:hasExactSynonym :lung "pulmo \\"x\\": y")\n'
        "SubClassOf(:lung ObjectSomeValuesFrom(bfo:0000050 :chest))\n"
        'AnnotationAssertion(owl:deprecated :thing "true"^^<http://www.w3.org/2001/XMLSchema#boolean>)\n)\n',
    )


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.ofn", tmp_path / "new.ofn"
    old.write_text(OLD)
    new.write_text(changed(OLD))
    return old, new


def test_diff_says_what_changed(files: tuple[Path, Path]) -> None:
    texts = [c.text for c in diff_files(*files)]
    lung, organ = "http://example.org/lung 'lung'", "http://example.org/organ 'organ'"
    assert f"{lung} moved from http://example.org/thing to {organ}" in texts
    assert f"exact synonym 'pulmo \"x\": y' added on {lung}" in texts
    assert f"relation BFO:0000050 some http://example.org/chest added on {lung}" in texts
    assert "http://example.org/thing obsoleted" in texts
    assert len(texts) == 4


def test_the_same_axioms_in_other_syntaxes_have_one_normal_form_and_no_diff(files: tuple[Path, Path]) -> None:
    _, new = files
    ontology = pyhornedowl.open_ontology_from_file(str(new))
    expected = normalize(new)
    assert "pulmo" in expected
    for syntax, ending in (("rdf", ".owl"), ("owx", ".owx"), ("omn", ".omn")):
        other = new.with_suffix(ending)
        other.write_text(ontology.save_to_string(syntax))
        assert diff_files(new, other) == [], ending
        assert normalize(other) == expected, ending
        assert normalize_rdf(other) == normalize_rdf(new), ending


def test_the_normal_form_in_rdf_xml_has_the_same_axioms(files: tuple[Path, Path], tmp_path: Path) -> None:
    _, new = files
    (tmp_path / "n.owl").write_text(normalize_rdf(new))
    assert normalize(tmp_path / "n.owl") == normalize(new)
    assert normalize_rdf(tmp_path / "n.owl") == normalize_rdf(new)


def test_a_file_that_is_not_owl_is_one_clear_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "bad.ofn"
    bad.write_text("Ontology(<x> Declaration(")
    with pytest.raises(DataProblem, match=r"bad\.ofn: the file does not read as OWL"):
        normalize(bad)
    with pytest.raises(DataProblem, match="does not begin like OWL"):
        normalize(_touch(tmp_path / "a.docx"))


def _touch(path: Path) -> Path:
    path.write_text("")
    return path
