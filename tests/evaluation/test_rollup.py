"""Along the tree: what was planted is found, each item once a node, each wrong answer by its relation."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from met_kg.evaluation.benchmark import Benchmark, find
from met_kg.evaluation.score import score
from met_kg.evaluation.tree import NODES, TABLE, Along, along_the_tree
from met_kg.evaluation.tree.nodes import NOT_LINKED, RELATIONS, SAME, Tree
from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.statistics import exact_interval

LUNG = ["pneumonia", "asthma", "pulmonary fibrosis", "pulmonary emphysema"]  # children of one parent


def choice(gold: str, options: list[str], said: str, image: int) -> dict[str, Any]:
    """A PMC-VQA line: the gold answer and what was said are option texts."""
    record = {f"Choice {letter}": text for letter, text in zip("ABCD", options, strict=True)}
    asked = {"Question": "What is shown?", "Answer": "ABCD"[options.index(gold)], "Figure_path": f"{image}.jpg"}
    return {"record": record | asked, "model_output": "ABCD"[options.index(said)]}


def open_line(question: str, gold: str, said: str, image: int = 0) -> dict[str, Any]:
    record = {"question": question, "answer": gold, "image_name": f"{image}.jpg"}
    return {"record": record, "model_output": said}


def rolled(graph: Graph, bench: Benchmark, lines: list[dict[str, Any]], **more: Any) -> Along:
    return along_the_tree(graph, bench, lines, score(bench, lines, protocol="corrected").items, **more)


def row(along: Along, part: str, relation: str) -> dict[str, Any]:
    return next(r for r in along.metrics["errors"][part]["relations"] if r["relation"] == relation)


@pytest.mark.parametrize(
    ("gold", "given", "relation"),
    [
        ("DOID:552", "DOID:552", SAME),
        ("DOID:552", "DOID:850", "parent"),
        ("DOID:552", "DOID:874", "child"),
        ("DOID:552", "DOID:1579", "ancestor"),
        ("DOID:552", "DOID:0080600", "descendant"),
        ("UBERON:0002048", "UBERON:0001443", "whole"),
        ("UBERON:0001443", "UBERON:0002167", "part"),
        ("DOID:552", "DOID:2841", "sibling"),
        ("DOID:0080600", "DOID:2841", "same branch"),
        ("DOID:552", "DOID:6000", "other branch"),
        ("DOID:552", "UBERON:0002048", "other axis"),
    ],
)
def test_a_pair_of_nodes_has_its_relation(mini_graph: Graph, gold: str, given: str, relation: str) -> None:
    assert Tree(mini_graph).relation([gold], [given]) == relation


def test_of_several_nodes_the_closest_relation_counts(mini_graph: Graph) -> None:
    tree = Tree(mini_graph)
    assert tree.relation(["UBERON:0002048", "DOID:552"], ["DOID:6000", "DOID:2841"]) == "sibling"
    assert tree.relation(["DOID:552"], []) == NOT_LINKED
    assert tree.live(["DOID:9999", "DOID:552", "DOID:552"]) == ("DOID:552",), "obsolete nodes are none of the tree"


def test_a_model_that_always_takes_a_sibling_is_found_out(mini_graph: Graph) -> None:
    options = ["pneumonia", "asthma", "heart disease", "liver"]  # one sibling, one other branch, one other axis
    lines = [choice("pneumonia", options, "asthma", image) for image in range(12)]
    along = rolled(mini_graph, find("pmc-vqa"), lines)
    found = along.metrics["errors"]["options"]
    assert (found["wrong"], found["typed"], found["gold not linked"]) == (12, 12, 0)
    assert row(along, "options", "sibling") == {
        "relation": "sibling",
        "count": 12,
        "share": 1.0,
        "interval_95": [0.735352, 1.0],
        "expected": 0.333333,
        "difference": 0.666667,
        "difference_95": [0.402019, 0.666667],
    }
    for relation in ("other branch", "other axis"):
        assert row(along, "options", relation)["count"] == 0
        assert row(along, "options", relation)["expected"] == 0.333333
    assert [r["relation"] for r in found["relations"]] == list(RELATIONS)
    assert sum(r["expected"] for r in found["relations"]) == pytest.approx(1, abs=1e-5)


def test_an_unread_choice_is_linked_to_nothing_and_a_yes_or_no_is_not_typed(mini_graph: Graph) -> None:
    line = choice("pneumonia", LUNG, "asthma", 1) | {"model_output": "no idea"}
    assert row(rolled(mini_graph, find("pmc-vqa"), [line]), "options", NOT_LINKED)["count"] == 1
    along = rolled(mini_graph, find("vqa-rad"), [open_line("Is there pneumonia?", "yes", "no")])
    assert along.metrics["errors"]["texts"] | {"relations": []} == {
        "wrong": 1,
        "typed": 0,
        "gold not linked": 1,
        "chance": "another item's wrong answer at random",
        "relations": [],
    }


def test_answers_in_words_are_compared_with_the_answers_of_other_items(mini_graph: Graph) -> None:
    lines = [open_line("Which?", "pneumonia", "asthma", n) for n in range(10)]
    lines += [open_line("Which organ?", "lung", "heart", n) for n in range(10, 20)]
    along = rolled(mini_graph, find("vqa-rad"), lines)
    found = row(along, "texts", "sibling")
    assert found["count"] == 20 and 0.3 < found["expected"] < 0.65
    low, high = found["difference_95"]
    assert 0.3 < low <= found["difference"] <= high < 0.7
    again = rolled(mini_graph, find("vqa-rad"), lines)
    assert along.metrics == again.metrics, "the deals have a seed"


def test_accuracy_is_high_where_it_was_planted_and_an_item_counts_once_a_node(mini_graph: Graph) -> None:
    lines = [open_line("Is it pneumonia or asthma?", "pneumonia", "pneumonia", n) for n in range(6)]
    lines += [open_line("What ails the heart?", "congestive heart failure", "asthma", n) for n in range(6, 10)]
    lines += [open_line("How many?", "three", "three", 10)]
    metrics = rolled(mini_graph, find("vqa-rad"), lines).metrics
    branches = {b["label"]: (b["right"], b["total"]) for b in metrics["branches"]}
    assert branches["lung disease"] == (6, 6) and branches["congestive heart failure"] == (0, 4)
    assert {a: (s["right"], s["total"]) for a, s in metrics["axes"].items()} == {"disease": (6, 10), "anatomy": (0, 4)}
    assert metrics["unlinked"] == 1
    assert metrics["linked"] == {
        "items": 11,
        "question": 10,
        "answer": 10,
        "question or answer": 10,
        "answer given": 10,
    }
    assert [(d["axis"], d["depth"], d["right"], d["total"]) for d in metrics["depths"]] == [
        ("disease", 2, 0, 4),
        ("disease", 3, 6, 6),
        ("anatomy", 3, 0, 4),
    ]


def test_the_table_has_a_row_a_node_and_the_items_their_nodes(mini_graph: Graph, tmp_path: Path) -> None:
    lines = [open_line("Is it of the lung?", "pneumonia", "asthma", 1), open_line("Any cough?", "yes", "yes", 2)]
    rolled(mini_graph, find("vqa-rad"), lines).write(tmp_path)
    with (tmp_path / TABLE).open(encoding="utf-8") as stream:
        table = {r["label"]: r for r in csv.DictReader(stream)}
    assert table["lung disease"] | {"low": "", "high": ""} == {
        "axis": "disease",
        "depth": "2",
        "node": "DOID:850",
        "label": "lung disease",
        "parent": "DOID:1579",
        "items": "1",
        "right": "0",
        "accuracy": "0.0",
        "low": "",
        "high": "",
        "named": "0",
        "in_question": "0",
        "in_answer": "1",
        "given_wrongly": "1",
    }
    assert table["lung"]["in_question"] == "1" and table["cough"]["accuracy"] == "1.0"
    first, second = [json.loads(line) for line in (tmp_path / NODES).read_text().splitlines()]
    assert first == {
        "index": 0,
        "id": 0,
        "question": ["UBERON:0002048"],
        "answer": ["DOID:552"],
        "given": ["DOID:2841"],
        "relation": "sibling",
    }
    assert second["question"] == ["SYMP:0000614"] and second["relation"] is None
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    rolled(mini_graph, find("vqa-rad"), lines).write(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_worst_branches_have_enough_items_and_allow_for_all_looks(mini_graph: Graph) -> None:
    lines = [open_line("Which?", "asthma", "asthma", n) for n in range(30)]
    lines += [open_line("Which?", "congestive heart failure", "asthma", 30 + n) for n in range(25)]
    lines += [open_line("Which?", "pneumonia", "asthma", 60 + n) for n in range(4)]
    worst = rolled(mini_graph, find("vqa-rad"), lines).metrics["worst"]
    assert [b["label"] for b in worst["branches"]] == ["congestive heart failure", "lung disease"]
    assert worst["min_items"] == 20 and worst["looks"] == 3, "asthma is looked at, and shares its items"
    first = worst["branches"][0]
    assert first["below"] and not worst["branches"][1]["below"]
    assert first["corrected"][1] > first["interval_95"][1], "wider than for one look"
    assert first["corrected"] == exact_interval([False] * 25, [str(n) for n in range(25)], level=1 - 0.05 / 3)
    assert first["slice"] is None, "this graph has no items"
    fewer = rolled(mini_graph, find("vqa-rad"), lines, min_items=4).metrics["worst"]
    assert "pneumonia" in {b["label"] for b in fewer["branches"]}


def test_own_items_know_their_nodes(mini_graph: Graph) -> None:
    shared = {"key_node": "DOID:552", "question": "What causes the cough?", "sample_id": "s"}
    records = [
        shared
        | {
            "format": "multiple-choice",
            "options": ["bug one", "bug two", "bug three"],
            "answer": "B",
            "distractor_nodes": ["DOID:2841", "DOID:6000"],
        },
        shared | {"format": "yes-no", "answer": "yes"},
        shared | {"format": "open", "answer": "a lung infection"},
        shared | {"format": "open", "answer": "x", "key_node": "note: none"},
    ]
    lines = [{"record": r, "model_output": said} for r, said in zip(records, ("C", "no", "asthma", "y"), strict=True)]
    along = rolled(mini_graph, find("own-items"), lines)
    assert [(i["question"], i["answer"], i["given"], i["relation"]) for i in along.items] == [
        (("SYMP:0000614",), ("DOID:552",), ("DOID:6000",), "other branch"),
        (("DOID:552", "SYMP:0000614"), (), (), None),
        (("SYMP:0000614",), ("DOID:552",), ("DOID:2841",), "sibling"),
        (("SYMP:0000614",), (), (), None),
    ]
    assert row(along, "options", "sibling")["expected"] == 0.5, "the other wrong option is a sibling"


def test_a_short_answer_is_read_as_scorers_and_people_write_it(mini_graph: Graph) -> None:
    tree = Tree(mini_graph)
    assert tree.in_question("mri") == () and tree.in_answer("mri.") == ("MET:0000013",)


def test_words_of_asking_are_no_topic(mini_graph: Graph) -> None:
    mini_graph.load_text(
        "metg:tree",
        """MET:0005668 a owl:Class ; rdfs:label "number descriptor" ; rdfs:subClassOf MET:0000003 ; met:treeParent MET:0000003 .
        MET:0005672 a owl:Class ; rdfs:label "present" ; rdfs:subClassOf MET:0005668 ; met:treeParent MET:0005668 .
        MET:0005636 a owl:Class ; rdfs:label "superior" ; rdfs:subClassOf MET:0000003 ; met:treeParent MET:0000003 ;
          oboInOwl:hasExactSynonym "above" .""",
    )
    add_closure(mini_graph)
    tree = Tree(mini_graph)
    assert tree.in_question("Is cough present in the above image?") == ("SYMP:0000614",)
    assert tree.in_question("Is it above the lung?") == ("MET:0005636", "UBERON:0002048")
    assert tree.in_answer("present") == ("MET:0005672",), "as an answer it is one"


def test_lines_that_cannot_be_scored_are_linked_to_nothing(mini_graph: Graph) -> None:
    lines: list[dict[str, Any]] = [
        {"error": "line 1 is not JSON"},
        {"record": [1, 2], "model_output": "A"},
        {"record": {"Question": "pneumonia?"}, "model_output": "A"},
        choice("asthma", LUNG, "asthma", 3),
    ]
    metrics = rolled(mini_graph, find("pmc-vqa"), lines).metrics
    assert metrics["unlinked"] == 3 and metrics["linked"]["items"] == 4
    assert metrics["axes"]["disease"]["total"] == 1


def test_a_row_by_position_and_mmmu_are_linked(mini_graph: Graph) -> None:
    cells = [0, "f.jpg", "caption", "Which disease?", "asthma", "pneumonia", "lung", "heart", "B", "test"]
    along = rolled(mini_graph, find("pmc-vqa"), [{"record": cells, "model_output": "A"}])
    assert (along.items[0]["answer"], along.items[0]["relation"]) == (("DOID:552",), "sibling")
    shared = {"id": "validation_Clinical_Medicine_1", "question": "Which?"}
    chosen = {"question_type": "multiple-choice", "options": "['asthma', 'pneumonia', 'lung']"}
    lines = [
        {"record": shared | chosen | {"answer": ["A", "B"]}, "model_output": "C"},
        {"record": shared | {"question_type": "open", "answer": "['lung', 'the lung']"}, "model_output": "heart"},
    ]
    first, second = rolled(mini_graph, find("mmmu-med-val"), lines).items
    assert (first["answer"], first["relation"]) == (("DOID:2841", "DOID:552"), "other axis")
    assert (second["answer"], second["relation"]) == (("UBERON:0002048",), "sibling")


def test_options_go_by_the_letters_of_their_own_fields(mini_graph: Graph) -> None:
    record = {
        "Question": "Which?",
        "Choice B": "pneumonia",
        "Choice C": "heart disease",
        "Choice D": "asthma",
        "Answer": "B",
    }
    lines = [{"record": record, "model_output": "D"}]
    items = [{"index": 0, "id": 0, "kind": "choice", "extracted": "D", "correct": False}]
    bench = find("pmc-vqa").model_copy(update={"optional": ["option_A"]})
    (found,) = along_the_tree(mini_graph, bench, lines, items).items
    assert (found["answer"], found["given"], found["relation"]) == (("DOID:552",), ("DOID:2841",), "sibling")


def test_no_items_at_all(mini_graph: Graph, tmp_path: Path) -> None:
    along = along_the_tree(mini_graph, find("vqa-rad"), [], [])
    along.write(tmp_path)
    assert along.metrics["axes"] == {} and along.metrics["worst"]["branches"] == []


def test_the_graph_is_asked_once_a_node_however_many_items(mini_graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    rows = Graph.rows

    def counted(graph: Graph, query: str, **values: Any) -> Any:
        asked.append((query, str(values)))
        return rows(graph, query, **values)

    monkeypatch.setattr(Graph, "rows", counted)
    tree = Tree(mini_graph)
    nodes = ["DOID:552", "DOID:2841", "DOID:0080600", "UBERON:0001443", "UBERON:0002048", "DOID:6000"]
    for _ in range(2):
        assert {tree.relation([gold], [given]) for gold in nodes for given in nodes} >= {
            SAME,
            "sibling",
            "whole",
            "part",
        }
        assert all(tree.branches(node) for node in nodes)
    assert len(asked) == len(set(asked)), "nothing is asked twice"
    queries = {query for query, values in asked if values != "{}"}
    assert queries == {"evaluate/relation/parent", "evaluate/relation/ancestor", "evaluate/relation/whole"}
