"""Rule checks of items: each finds its fault, and none finds one in sound items."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from quality_items import OPEN, SOUND, YES_NO, items, samples

from met_kg.errors import DataProblem, MissingData, UnknownName
from met_kg.graph.store import Graph
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.quality import rules
from met_kg.synthesis.quality.checks import Finding, apply_checks, load_checks
from met_kg.synthesis.quality.context import Context, content_words


def found(graph: Graph, *changes: dict[str, Any], own: str = "") -> list[Finding]:
    return list(apply_checks(items(*changes), Context(TreeIndex(graph), samples(4)), load_checks(own)))


SEVERAL = {"options": ["an effusion", "a mass", "a nodule", "a cyst"], "distractor_nodes": [], "answer": "A"}
FAULTS = [
    ("names-answer", {"question": "Which is the diagnosis of this pneumonia?"}, "says 'pneumonia'"),
    ("names-answer", {**OPEN, "question": "What else is acute pneumonia called?"}, "'acute pneumonia'|'pneumonia'"),
    ("option-repeated", {"options": ["asthma", "pneumonia", "Asthma", "COPD"]}, "'asthma' stands there twice"),
    (
        "option-repeated",
        {"options": ["asthma", "pneumonia", "acute pneumonia", "COPD"], "distractor_nodes": []},
        None,  # without nodes there are no names to compare
    ),
    (
        "option-repeated",
        {"options": ["asthma", "pneumonia", "SARS-CoV-2 infection", "COVID-19"],
         "distractor_nodes": ["DOID:2841", "DOID:0080600", "DOID:0080600"]},
        "'SARS-CoV-2 infection' and 'COVID-19' are both called",
    ),
    ("option-length", {"options": ["a", "pneumonia with a great deal more said of it", "b", "c"]}, "times longer"),
    ("answer-missing", {"answer": "E"}, "'E' is none of the options"),
    ("answer-missing", {"answer": ""}, "no answer"),
    ("answer-missing", {"options": ["pneumonia"], "answer": "A"}, "1 options"),
    ("answer-missing", {"options": ["asthma", "pneumonia", " ", "COPD"]}, "an option is empty"),
    ("answer-missing", {**YES_NO, "answer": "maybe"}, "neither yes nor no"),
    ("question-length", {"question": ""}, "there is no question"),
    ("question-length", {"question": "Why?"}, "1 words"),
    ("question-length", {"question": "Well " + "and " * 80 + "so?"}, "82 words"),
    ("punctuation", {"question": "What is the diagnosis"}, "no mark ends"),
    ("punctuation", {"question": "what is the diagnosis?"}, "no capital"),
    ("punctuation", {"question": "What is the diagnosis ?"}, "a space stands before a mark"),
    ("punctuation", {"question": "What is the diagnosis,?"}, "two marks"),
    ("punctuation", {"question": "What does {subject} show here?"}, "was not filled"),
    ("doubled-word", {"question": "What is the the diagnosis?"}, "'the' stands twice"),
    ("brackets", {"question": "What (in short is the diagnosis?"}, "stands alone"),
    ("brackets", {"options": ["asthma", "pneumonia", "COPD)", "cough"]}, r"'COPD\)'"),
    ("agreement", {**SEVERAL, "question": "This image shows an", "options": ["effusion", "mass", "nodule", "cyst"]},
     "ends in 'an', with which 3 of 4"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "change", "reason"), FAULTS)
def test_each_fault_is_found_with_its_reason(
    mini_graph: Graph, check: str, change: dict[str, Any], reason: str | None
) -> None:
    import re

    hits = [f for f in found(mini_graph, change) if f.check == check]
    if reason is None:
        assert hits == []
    else:
        assert len(hits) == 1 and re.search(reason, hits[0].reason), hits
        assert hits[0].item_id == "i0" and hits[0].verdict == ("flag" if check == "option-length" else "drop")


def test_sound_items_pass_all_checks(mini_graph: Graph) -> None:
    allowed = {"question": "This image shows which of these? She had had it before, e.g. in May (see U.S. report)."}
    alike = {**SEVERAL, "question": "The image shows a", "options": ["mass", "nodule", "cyst", "bulla"]}
    other = [{"sample_id": f"s{n}", **change} for n, change in enumerate([{}, YES_NO, OPEN])]
    assert found(mini_graph, *other, {**allowed, "sample_id": "s3"}) == []
    assert [f.check for f in found(mini_graph, alike)] == ["punctuation"], "only the mark at the end is wrong"


def test_the_same_question_on_the_same_picture_stays_once(mini_graph: Graph) -> None:
    reworded = {"question": "What is the diagnosis?"}
    other_key = {"key_node": "DOID:2841", "answer": "A", "distractor_nodes": ["DOID:552", "DOID:3770", "DOID:9675"]}
    gone = {f.item_id: f.reason for f in found(mini_graph, {}, reworded, other_key, {"sample_id": "s1"})}
    assert list(gone) == ["i1"] and "item i0 asks the same" in gone["i1"]
    # Another format, or yes and no about different things, is another question.
    absent = {**YES_NO, "answer": "yes", "key_node": "DOID:2841", "question": "Is there asthma in this image?"}
    assert found(mini_graph, {}, YES_NO, absent, OPEN) == []


def test_near_duplicates_of_another_type_and_named_subjects(mini_graph: Graph) -> None:
    long = (
        "Looking closely at the whole of this image and at nothing else, what is the diagnosis that you would make{}?"
    )
    one = {**OPEN, "question": long.format(""), "type": "disease", "key_node": ""}
    near = {**one, "question": long.format(" here"), "type": "finding"}
    hits = [f for f in found(mini_graph, one, near) if f.check == "duplicate-item"]
    assert [f.item_id for f in hits] == ["i1"] and hits[0].value is not None and 0.8 <= hits[0].value < 1

    def symptom(node: str, name: str) -> dict[str, Any]:
        proof = json.dumps({"query": {"bindings": {"subject": node}}})
        asked = f"Which symptom goes with {name}?"
        return {
            **OPEN,
            "type": "symptom",
            "key_node": "SYMP:0000614",
            "answer": "cough",
            "question": asked,
            "proof": proof,
        }

    pair = symptom("DOID:552", "pneumonia"), symptom("DOID:2841", "asthma")
    assert [f for f in found(mini_graph, *pair) if f.verdict == "drop"] == []
    assert len(found(mini_graph, pair[0], {**pair[0], "question": "What complaint goes with pneumonia?"})) == 1


def test_the_same_picture_in_two_samples_is_one(mini_graph: Graph) -> None:
    pictures = samples(2)
    pictures["sha256"] = "f" * 64
    context = Context(TreeIndex(mini_graph), pictures)
    two = items({}, {"sample_id": "s1"})
    assert [f.item_id for f in apply_checks(two, context, load_checks())] == ["i1"]


def test_open_questions_with_several_answers_are_flagged(mini_graph: Graph) -> None:
    two = {**OPEN, "level": "fine"}, {**OPEN, "level": "fine", "answer": "asthma", "key_node": "DOID:2841"}
    hits = found(mini_graph, *two, {**OPEN, "level": "coarse", "answer": "lung disease", "key_node": "DOID:850"})
    assert [(f.item_id, f.check, f.verdict) for f in hits] == [
        ("i0", "several-answers", "flag"),
        ("i1", "several-answers", "flag"),
    ]
    assert "'asthma'" in hits[0].reason


def test_a_table_of_ones_own_replaces_rows(mini_graph: Graph, tmp_path: Path) -> None:
    own = tmp_path / "own.tsv"
    own.write_text(
        "check\tseverity\tparameters\tnote\nbrackets\toff\t\t\nquestion-length\tflag\tminimum=20 maximum=60\t\n"
    )
    hits = found(mini_graph, {"question": "What (in short is the diagnosis?"}, own=str(own))
    assert [(f.check, f.verdict, f.value) for f in hits] == [("question-length", "flag", 6.0)]
    own.write_text("brackets\tdrop\tminimum=3\t\n")
    with pytest.raises(DataProblem, match="brackets takes no parameters"):
        load_checks(str(own))
    own.write_text("brakets\tdrop\t\t\n")
    with pytest.raises(UnknownName, match="brackets"):
        load_checks(str(own))
    own.write_text("brackets\tforbid\t\t\n")
    with pytest.raises(DataProblem, match=r"own\.tsv:1"):
        load_checks(str(own))
    with pytest.raises(MissingData):
        load_checks(str(tmp_path / "none.tsv"))


def test_every_rule_stands_in_the_table_and_is_told_apart_by_its_file() -> None:
    assert sorted(c.name for c in load_checks()) == rules.names()
    assert all(rules.find(name).apply.__doc__ for name in rules.names())


def test_content_words() -> None:
    assert content_words("Which of these masses shows signs of X-ray burns?") == {"masse", "sign", "x-ray", "burn"}
    assert SOUND["options"][int("ABCD".index(SOUND["answer"]))] == "pneumonia"
