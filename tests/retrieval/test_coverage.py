"""Coverage: each sample once a branch, nearest relatives by the tree, and the door that ranks a run's samples."""

from __future__ import annotations

from typing import Any

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.retrieval.anchors import anchor_samples
from met_kg.retrieval.coverage import coverage, coverage_tree
from met_kg.retrieval.door import samples_for_node
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.wanted import wanted

ROWS = [
    {"sample_id": "s0", "caption": "Viral pneumonia and asthma."},
    {"sample_id": "s1", "caption": "Bacterial pneumonia. No cough."},
    {"sample_id": "s2", "caption": "Pneumonia.", "finding": "asthma"},
    {"sample_id": "s3", "caption": "No pneumonia. CT of the brain."},
]


def _tables(graph: Graph) -> tuple[Any, Any]:
    samples = tables.frame("samples", [{"source": "c", **row} for row in ROWS])
    linker = Linker(Lexicon.from_graph(graph))
    return samples, anchor_samples(samples, graph, linker, quarantine=lambda _: None)


def test_a_sample_counts_once_for_every_branch_that_it_shows(mini_graph: Graph) -> None:
    _, anchors = _tables(mini_graph)
    halves = [anchors[anchors["sample_id"] < "s2"], anchors[anchors["sample_id"] >= "s2"]]
    options = RetrievalOptions(wanted=2, wanted_of={"DOID:552": 5})
    table = coverage(mini_graph, halves, wanted(mini_graph, options), frozenset({"s0", "s3"})).set_index("node")
    assert list(table.reset_index().columns) == tables.SCHEMAS["coverage"].names
    columns = ["wanted", "found", "direct", "kept", "excluded"]
    assert table.loc["DOID:850", columns].tolist() == [2, 3, 0, 1, 0]  # s0 shows two kinds of it
    assert table.loc["DOID:552", columns].tolist() == [5, 3, 1, 1, 1]
    assert table.loc["DOID:10533", columns].tolist() == [5, 1, 1, 1, 0]
    assert table.loc["SYMP:0000614", "excluded"] == 1
    assert "DOID:9999" not in table.index


def test_a_node_with_nothing_names_its_nearest_relative_with_samples(mini_graph: Graph) -> None:
    _, anchors = _tables(mini_graph)
    table = coverage(mini_graph, [anchors], {}).set_index("node")
    said = {n: tuple(table.loc[n, ["nearest", "nearest_relation", "nearest_distance"]]) for n in table.index}
    assert said["DOID:0080600"] == ("DOID:10533", "parent", 1)
    assert said["DOID:11339"] == ("DOID:552", "parent", 1)  # before its siblings, which are two steps away
    assert said["DOID:3083"] == ("DOID:2841", "sibling", 2)
    assert said["DOID:6000"][1] == "cousin"
    assert said["UBERON:0002167"] == ("UBERON:0000955", "sibling of the parent", 3)
    assert said["DOID:552"] == ("", "", 0)
    assert said["SYMP:0000614"] == ("", "", 0)  # no sample shows anything of this axis


def test_the_tree_of_coverage_adds_up(mini_graph: Graph) -> None:
    _, anchors = _tables(mini_graph)
    table = coverage(mini_graph, [anchors], dict.fromkeys(["DOID:552", "DOID:2841"], 3))
    branches = {b.node: b for b in coverage_tree(mini_graph, table)}
    assert (branches["DOID:850"].found, branches["DOID:850"].parent) == (3, "DOID:1579")
    assert branches["DOID:4"].parent == "" and branches["DOID:4"].depth == 0
    disease = table[table["axis"] == "disease"]
    assert branches["DOID:4"].nodes == len(disease)
    assert branches["DOID:4"].covered == int((disease["found"] >= disease["wanted"]).sum()) == len(disease) - 1
    assert "DOID:114" not in branches  # nothing shows it
    assert all(b.parent in branches for b in branches.values() if b.parent)


def test_samples_for_a_node_with_what_speaks_for_them(mini_graph: Graph) -> None:
    samples, anchors = _tables(mini_graph)
    options, cut = RetrievalOptions(), [samples[:1], samples[1:]]
    found = samples_for_node(cut, [anchors], mini_graph, "DOID:552", options=options)
    assert {f.sample_id for f in found} == {"s0", "s1", "s2"} and [f.rank for f in found] == [1, 2, 3]
    viral = samples_for_node(cut, [anchors], mini_graph, "DOID:10533", options=options)
    assert viral[0].sample_id == "s0" and "s3" not in {f.sample_id for f in viral}  # who denies pneumonia denies it
    found = samples_for_node(cut, [anchors], mini_graph, "DOID:552", options=options, denied=True)
    by_id = {f.sample_id: f for f in found}
    assert by_id["s1"].polarity == "positive" and by_id["s1"].evidence == ("caption: Bacterial pneumonia",)
    assert by_id["s3"].polarity == "negative" and by_id["s3"].evidence == ("caption: pneumonia",)
    asthma = samples_for_node([samples], [anchors], mini_graph, "DOID:2841", options=RetrievalOptions(), k=2)
    assert asthma[0].sample_id == "s0"
