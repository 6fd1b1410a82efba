"""What the closure derives from the small tree, and that a cycle is named."""

from __future__ import annotations

import pytest

from met_kg.errors import DataProblem, MissingData
from met_kg.graph.closure import ancestors_of, closure_triples
from met_kg.graph.store import Graph
from met_kg.vocabulary import Graphs


def closure_of(graph: Graph, node: str, predicate: str) -> set[object]:
    text = f"SELECT ?o WHERE {{ GRAPH metg:closure {{ {node} {predicate} ?o }} }}"
    return {row["o"] for row in graph.rows_of(text)}


def test_axis_depth_ancestors(mini_graph: Graph) -> None:
    assert closure_of(mini_graph, "DOID:0080600", "met:axis") == {"disease"}
    assert closure_of(mini_graph, "DOID:0080600", "met:depth") == {5}
    assert closure_of(mini_graph, "DOID:0080600", "met:ancestor") == {
        "DOID:10533", "DOID:552", "DOID:850", "DOID:1579", "DOID:4",
    }  # fmt: skip


def test_part_of_is_inherited_along_is_a(mini_graph: Graph) -> None:
    assert closure_of(mini_graph, "UBERON:0002167", "met:partOf") == {"UBERON:0001443"}


def test_relations_are_direct_and_obsolete_nodes_are_left_out(mini_graph: Graph) -> None:
    assert closure_of(mini_graph, "DOID:552", "met:hasSymptom") == {"SYMP:0000614"}
    assert closure_of(mini_graph, "DOID:10533", "met:hasSymptom") == set()
    assert closure_of(mini_graph, "DOID:9999", "met:axis") == set()


def test_disjoint_classes_of_one_axis_deny_each_other(mini_graph: Graph) -> None:
    assert closure_of(mini_graph, "MET:0000012", "met:disjoint") == {"MET:0000010", "MET:0000013", "MET:0000014"}
    assert closure_of(mini_graph, "MET:0000011", "met:disjoint") == set(), "stated of its parent"


def test_names_are_looked_up_in_lower_case(mini_graph: Graph) -> None:
    found = [row["node"] for row in mini_graph.rows("tree/lookup", text="covid-19")]
    assert found == ["DOID:0080600"]


def test_the_closure_is_the_same_twice(mini_graph: Graph) -> None:
    assert list(map(str, closure_triples(mini_graph))) == list(map(str, closure_triples(mini_graph)))


def test_a_cycle_is_shown() -> None:
    with pytest.raises(DataProblem, match="cycle: .*a.*b"):
        ancestors_of({"a": ["b"], "b": ["a"]})


def test_part_of_loops_do_not_hang() -> None:
    graph = Graph.memory()
    some = "[ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom {} ]"
    graph.load_text(
        Graphs.TREE,
        f"UBERON:1 a owl:Class ; rdfs:subClassOf UBERON:0001062 , {some.format('UBERON:2')} ; met:treeParent UBERON:0001062 ."
        f"UBERON:2 a owl:Class ; rdfs:subClassOf UBERON:0001062 , {some.format('UBERON:1')} ; met:treeParent UBERON:0001062 .",
    )
    links = {(str(t.subject), str(t.object)) for t in closure_triples(graph) if str(t.predicate).endswith("partOf>")}
    assert len(links) == 2, "each is part of the other, none of itself"


def test_a_store_that_is_not_there_is_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MissingData, match="run the tree step first"):
        Graph.open(tmp_path / "store")


def test_two_writers_are_refused_with_one_sentence(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from met_kg.errors import StoreLocked

    with Graph.open(tmp_path / "store", read_only=False), pytest.raises(StoreLocked, match="another process"):
        Graph.open(tmp_path / "store", read_only=False)
