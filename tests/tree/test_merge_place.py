"""Merging sources and placing nodes, on small concepts that show one thing each."""

from __future__ import annotations

from met_kg.records import Concept, Relation, Synonym
from met_kg.tree.merge import merge
from met_kg.tree.place import place

ROOTS = [
    Concept("MET:0000001", "medical entity", None, source="met"),
    Concept("DOID:4", "disease", "disease", parents=("MET:0000001",), source="met"),
    Concept("UBERON:0001062", "anatomical entity", "anatomy", parents=("MET:0000001",), source="met"),
    Concept("MET:0000002", "imaging modality", "modality", parents=("MET:0000001",), source="met"),
    Concept("MET:0000003", "finding", "finding", parents=("MET:0000001",), source="met"),
]


def kinds(conflicts: list) -> list[str]:
    return sorted(c.kind for c in conflicts)


def test_same_identifier_is_one_node_and_the_first_source_names_it() -> None:
    ours = Concept("UBERON:0002110", "gallbladder", "anatomy", parents=("UBERON:0001062",), source="met")
    theirs = Concept(
        "UBERON:0002110",
        "gall bladder",
        "anatomy",
        "A sac.",
        (Synonym("vesica"),),
        ("UBERON:0001062",),
        source="uberon",
    )
    nodes, conflicts = merge([[*ROOTS, ours], [theirs]])
    node = nodes["UBERON:0002110"]
    assert node.label == "gallbladder"
    assert node.definition == "A sac."
    assert {s.text for s in node.synonyms.values()} == {"gall bladder", "vesica"}
    assert node.sources == ["met", "uberon"]
    assert conflicts == []


def test_a_code_named_by_our_ontology_absorbs_the_other_concept_but_not_its_place() -> None:
    ct = Concept("MET:0000012", "CT", "modality", parents=("MET:0000002",), xrefs=("MESH:D014057",), source="met")
    other = Concept("MESH:D014057", "X-Ray Tomography", "modality", parents=("MESH:D1",), source="mesh")
    child = Concept("MESH:D055114", "X-Ray Microtomography", "modality", parents=("MESH:D014057",), source="mesh")
    nodes, _ = merge([[*ROOTS, ct], [other, child]])
    assert "MESH:D014057" not in nodes
    assert {s.text for s in nodes["MET:0000012"].synonyms.values()} == {"X-Ray Tomography"}
    assert nodes["MET:0000012"].parents == {"MET:0000002"}
    assert nodes["MESH:D055114"].parents == {"MET:0000012"}, "children of the absorbed concept follow it"


def test_findings_merge_by_label_within_their_axis_only() -> None:
    ours = Concept("MET:0000021", "pleural effusion", "finding", parents=("MET:0000003",), source="met")
    symptom = Concept("SYMP:1", "Pleural  Effusion", "finding", parents=("MET:0000003",), source="symp")
    disease = Concept("DOID:1", "pleural effusion", "disease", parents=("DOID:4",), source="do")
    nodes, _ = merge([[*ROOTS, ours], [disease], [symptom]])
    assert "SYMP:1" not in nodes and "DOID:1" in nodes
    assert "SYMP:1" in nodes["MET:0000021"].xrefs


def test_dangling_self_and_obsolete_parents_are_dropped_and_reported() -> None:
    odd = Concept(
        "DOID:7", "odd", "disease", parents=("DOID:7", "DOID:404", "DOID:9"), relations=(Relation("RO:0004026", "X:1"),)
    )
    old = Concept("DOID:9", "old", "disease", obsolete=True, replaced_by=("DOID:7",))
    nodes, conflicts = merge([[*ROOTS, odd, old]])
    assert kinds(conflicts) == ["dangling-parent", "dangling-relation", "obsolete-parent", "self-parent"]
    conflicts = place(nodes)
    assert nodes["DOID:7"].tree_parent == "DOID:4"
    assert kinds(conflicts) == ["no-parent"]
    assert nodes["DOID:9"].tree_parent is None


def test_cycles_are_broken_and_the_tree_parent_is_the_deepest_parent() -> None:
    chain = [
        Concept("DOID:10", "a", "disease", parents=("DOID:4",)),
        Concept("DOID:11", "b", "disease", parents=("DOID:10",)),
        Concept("DOID:12", "c", "disease", parents=("DOID:4", "DOID:11")),
        Concept("DOID:21", "x", "disease", parents=("DOID:22", "DOID:4")),
        Concept("DOID:22", "y", "disease", parents=("DOID:21",)),
    ]
    nodes, _ = merge([[*ROOTS, *chain]])
    conflicts = place(nodes)
    assert kinds(conflicts) == ["is-a-cycle"]
    assert nodes["DOID:12"].tree_parent == "DOID:11"
    assert nodes["DOID:21"].tree_parent == "DOID:4" and nodes["DOID:22"].tree_parent == "DOID:21"


def test_an_edge_across_axes_is_dropped_because_the_axes_are_disjoint() -> None:
    odd = Concept("DOID:30", "odd", "disease", parents=("DOID:4", "MET:0000003"))
    nodes, _ = merge([[*ROOTS, odd]])
    assert kinds(place(nodes)) == ["parent-in-other-axis"]
    assert nodes["DOID:30"].parents == {"DOID:4"}


def test_a_class_below_two_disjoint_ones_keeps_the_parent_of_lower_curie() -> None:
    kinds_of = [
        Concept("MET:0000010", "radiography", "modality", parents=("MET:0000002",), source="met"),
        Concept("MET:0000011", "neuroradiography", "modality", parents=("MET:0000010",), source="met"),
        Concept("MET:0000014", "ultrasonography", "modality", parents=("MET:0000002",), source="met"),
        Concept("MESH:D1", "echography", "modality", parents=("MET:0000014", "MET:0000011"), source="mesh"),
        Concept("MESH:D2", "echography of the brain", "modality", parents=("MESH:D1",), source="mesh"),
    ]
    nodes, _ = merge([[*ROOTS, *kinds_of]])
    apart = {("MET:0000010", "MET:0000014"), ("MET:0000014", "MET:0000010")}
    (conflict,) = place(nodes, apart)
    assert (conflict.kind, conflict.node) == ("disjoint-parents", "MESH:D1")
    assert "MET:0000014 'ultrasonography' is dropped" in conflict.message and "are disjoint" in conflict.message
    assert nodes["MESH:D1"].parents == {"MET:0000011"} and nodes["MESH:D2"].parents == {"MESH:D1"}
