"""Every rule of the check has a case that breaks it and a page that explains it; explanations name the axioms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from met_kg.cli import cli
from met_kg.errors import UsageProblem
from met_kg.graph.closure import add_closure
from met_kg.graph.queries import names
from met_kg.graph.store import Graph
from met_kg.tree.build import default_graph
from met_kg.tree.check import Finding, check_graph
from met_kg.tree.check_report import as_html, as_table, as_text, write_findings
from met_kg.tree.reasoning import check_reasoning, has_java
from met_kg.tree.shapes import check_shapes
from met_kg.vocabulary import Graphs

RULES = [n for n in names() if n.startswith(("verify/", "report/"))]
DOCS = Path(__file__).parents[2] / "docs" / "checks"
#: Nothing is wrong with this.
SOUND = """
<https://w3id.org/met-kg/met.owl> a owl:Ontology ; dcterms:title "t"@en ; dcterms:description "d"@en ; dcterms:license "CC0-1.0" .
met:treeParent a owl:AnnotationProperty . oboInOwl:hasExactSynonym a owl:AnnotationProperty .
dcterms:title a owl:AnnotationProperty . dcterms:description a owl:AnnotationProperty .
dcterms:license a owl:AnnotationProperty . IAO:0000115 a owl:AnnotationProperty .
IAO:0100001 a owl:AnnotationProperty . oboInOwl:hasDbXref a owl:AnnotationProperty .
met:imagedBy a owl:ObjectProperty ; rdfs:label "imaged by"@en .
MET:0000003 a owl:Class ; rdfs:label "finding"@en ; IAO:0000115 "What is found."@en .
UBERON:0001062 a owl:Class ; rdfs:label "part"@en ; IAO:0000115 "What is there."@en .
MET:0000002 a owl:Class ; rdfs:label "modality"@en ; IAO:0000115 "How it is seen."@en .
DOID:4 a owl:Class ; rdfs:label "disease"@en ; IAO:0000115 "What is had."@en .
MET:0005101 a owl:Class ; rdfs:label "alpha"@en ; IAO:0000115 "The first letter."@en ;
  rdfs:subClassOf MET:0000003 ; met:treeParent MET:0000003 .
MET:0005102 a owl:Class ; rdfs:label "beta"@en ; IAO:0000115 "The second letter."@en ;
  rdfs:subClassOf MET:0000003 ; met:treeParent MET:0000003 ; oboInOwl:hasExactSynonym "second" ; oboInOwl:hasDbXref "MESH:D1" .
MET:0005103 a owl:Class ; rdfs:label "obsolete gamma"@en ; owl:deprecated true ; IAO:0100001 MET:0005101 .
"""
#: Rule -> what is added to the sound ontology to break it.
BROKEN = {
    "report/deprecated_boolean_datatype": 'MET:0005101 owl:deprecated "yes" .',
    "report/deprecated_class_reference": "MET:0005101 rdfs:subClassOf MET:0005103 .",
    "report/deprecated_property_reference": """met:old a owl:AnnotationProperty ; owl:deprecated true .
        MET:0005101 met:old "x" .""",
    "report/duplicate_definition": 'MET:0005104 a owl:Class ; rdfs:label "delta"@en ; IAO:0000115 "The first letter."@en .',
    "report/duplicate_exact_synonym": 'MET:0005101 oboInOwl:hasExactSynonym "second" .',
    "report/duplicate_label": 'MET:0005104 a owl:Class ; rdfs:label "alpha"@en ; rdfs:subClassOf MET:0000003 .',
    "report/duplicate_label_synonym": 'MET:0005101 oboInOwl:hasExactSynonym "beta" .',
    "report/illegal_use_of_built_in_vocabulary": 'MET:0005101 rdfs:Label "alpha" .',
    "report/invalid_entity_uri": '<http://purl.obolibrary.org/obo/DOID:12> a owl:Class ; rdfs:label "x"@en .',
    "report/invalid_xref": 'MET:0005101 oboInOwl:hasDbXref "see the book" .',
    "report/label_formatting": 'MET:0005104 a owl:Class ; rdfs:label "del\\nta"@en .',
    "report/label_whitespace": 'MET:0005104 a owl:Class ; rdfs:label "delta  two"@en .',
    "report/missing_definition": 'MET:0005104 a owl:Class ; rdfs:label "delta"@en ; rdfs:subClassOf MET:0000003 .',
    "report/missing_label": "MET:0005104 a owl:Class .",
    "report/missing_ontology_description": '<urn:other> a owl:Ontology ; dcterms:title "t" ; dcterms:license "l" .',
    "report/missing_ontology_license": '<urn:other> a owl:Ontology ; dcterms:title "t" ; dcterms:description "d" .',
    "report/missing_ontology_title": '<urn:other> a owl:Ontology ; dcterms:description "d" ; dcterms:license "l" .',
    "report/misused_obsolete_label": 'MET:0005104 a owl:Class ; rdfs:label "obsolete delta"@en .',
    "report/misused_replaced_by": "MET:0005101 IAO:0100001 MET:0005102 .",
    "report/multiple_definitions": 'MET:0005101 IAO:0000115 "Another."@en .',
    "report/multiple_labels": 'MET:0005101 rdfs:label "alfa"@en .',
    "verify/no-tree-parent": 'MET:0005104 a owl:Class ; rdfs:label "delta"@en ; rdfs:subClassOf MET:0000003 .',
    "verify/property-of-two-kinds": "met:imagedBy a owl:AnnotationProperty .",
    "verify/tree-parent-not-superclass": "MET:0005101 met:treeParent MET:0005102 .",
    "verify/two-axes": "MET:0005101 rdfs:subClassOf DOID:4 .",
    "verify/two-tree-parents": "MET:0005101 rdfs:subClassOf MET:0005102 ; met:treeParent MET:0005102 .",
    "verify/undeclared-class": "MET:0005101 rdfs:subClassOf MET:0005199 .",
    "verify/undeclared-property": 'MET:0005101 met:unheardOf "x" .',
}


def findings(extra: str = "") -> list[Finding]:
    graph = Graph.memory()
    graph.load_text(Graphs.TREE, SOUND + extra)
    add_closure(graph)
    if "DOID:4 ." in extra:  # a node on two axes: the closure keeps one, a store edited by hand may hold both
        graph.load_text(Graphs.CLOSURE, 'MET:0005101 met:axis "disease", "finding" .')
    return list(check_graph(graph))


def test_the_sound_ontology_is_sound() -> None:
    assert findings() == []


def test_no_rule_is_without_a_case_and_a_page() -> None:
    assert set(BROKEN) == set(RULES)
    pages = {page.stem for page in DOCS.glob("*.md")}
    assert pages == {rule.partition("/")[2] for rule in RULES} | {"unsatisfiable", "inconsistent", "shacl"}


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_ontology_is_found_out(rule: str) -> None:
    found = [f for f in findings(BROKEN[rule]) if f.rule == rule.partition("/")[2]]
    assert found, rule
    own = {f.entity.partition(":")[0] for f in found} & {"MET", "met", "urn", "http"}
    assert own and all(f.level == "ERROR" for f in found if f.rule != "duplicate_label_synonym")


def test_the_seventeen_errors_of_robot_are_errors_for_our_own_terms() -> None:
    errors = [
        "deprecated_boolean_datatype",
        "deprecated_class_reference",
        "deprecated_property_reference",
        "duplicate_definition",
        "duplicate_label",
        "illegal_use_of_built_in_vocabulary",
        "invalid_entity_uri",
        "label_formatting",
        "label_whitespace",
        "misused_obsolete_label",
        "misused_replaced_by",
        "missing_label",
        "missing_ontology_description",
        "missing_ontology_license",
        "missing_ontology_title",
        "multiple_definitions",
        "multiple_labels",
    ]
    assert len(errors) == 17
    assert {f"report/{rule}" for rule in errors} <= set(RULES)


def test_shapes_hold_our_own_classes_to_more() -> None:
    assert list(check_shapes(default_graph())) == []
    graph = Graph.memory()
    graph.load_text(
        Graphs.TREE,
        """MET:0005101 a owl:Class ; rdfs:label "a"@en, "b"@de ; IAO:0000115 "short"@en ; met:treeParent MET:0000003, DOID:4 .
        [] a owl:Axiom ; owl:annotatedSource MET:0005101 ; oboInOwl:hasSynonymType met:slang .
        DOID:9 a owl:Class .""",
    )
    found = list(check_shapes(graph))
    assert {(f.entity, f.property) for f in found} == {
        ("MET:0005101", "rdfs:label"),
        ("MET:0005101", "IAO:0000115"),
        ("MET:0005101", "met:treeParent"),
        ("MET:0005101", "met:semanticType"),
        ("MET:0005101", "oboInOwl:hasSynonymType"),
    }
    assert {f.level for f in found} == {"ERROR"}


@pytest.mark.skipif(not has_java(), reason="needs a Java runtime for HermiT")
def test_an_unsatisfiable_class_is_explained_by_the_axioms_at_fault(tmp_path: Path) -> None:
    graph = Graph.memory()
    text = """<urn:o> a owl:Ontology .
    MET:1 a owl:Class . MET:2 a owl:Class . MET:3 a owl:Class . MET:4 a owl:Class . MET:5 a owl:Class . MET:6 a owl:Class .
    MET:3 rdfs:subClassOf MET:1 . MET:4 rdfs:subClassOf MET:3, MET:5 . MET:5 rdfs:subClassOf MET:2, MET:6 .
    MET:1 owl:disjointWith MET:2 ."""
    graph.load_text(Graphs.TREE, text)
    from met_kg.tree.write import write_owl

    write_owl([q.triple for q in graph.store], tmp_path / "x.owl")
    (found,) = check_reasoning(tmp_path / "x.owl")
    assert (found.entity, found.rule) == ("MET:4", "unsatisfiable")
    assert found.explanation == (
        "DisjointClasses(<MET:1> <MET:2>)".replace("<", "").replace(">", ""),
        "SubClassOf(MET:3 MET:1)",
        "SubClassOf(MET:4 MET:3)",
        "SubClassOf(MET:4 MET:5)",
        "SubClassOf(MET:5 MET:2)",
    )


def test_reports_escape_and_count(tmp_path: Path) -> None:
    bad = [Finding("ERROR", "duplicate_label", "MET:0005101", "rdfs:label", "<script>alert(1)</script>", ("a", "b"))]
    html = as_html(bad, "x", {"MET:0005101": "<b>"})
    assert "<script>" not in html and "&lt;script&gt;" in html and "docs/checks/duplicate_label.md" in html
    assert as_table(bad).splitlines()[1].endswith("\ta; b")
    assert next(iter(as_text(bad, 5, {}))).startswith("ERROR duplicate_label: 1  (Label used twice")
    write_findings(bad, tmp_path / "x.json", "x", {})
    assert json.loads((tmp_path / "x.json").read_text())[0]["explanation"] == ["a", "b"]
    with pytest.raises(UsageProblem, match="the ending says no format"):
        write_findings(bad, tmp_path / "x.pdf", "x", {})


def test_without_java_the_rest_runs_and_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = CliRunner().invoke(cli, ["tree", "check"])
    assert done.exit_code == 0 and "default-jre-headless" in done.output and "0 errors" in done.output
