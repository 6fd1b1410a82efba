"""What a language model reads counts only where it stands, and as what the tree knows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from met_kg.errors import DataProblem, RecipeProblem, UsageProblem
from met_kg.graph.store import Graph
from met_kg.literature.document import Document
from met_kg.literature.extractor import SCHEMA, Extractor
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.reading import Reading
from met_kg.log import silent
from met_kg.models.chat import EndpointChat
from met_kg.pipeline.recipe import Recipe
from met_kg.pipeline.steps import STEPS, run_steps
from tests.chat_server import ChatServer, Say, entities

TEXT = "No pneumonia was seen.\n\nThe LUNG had a spiculated lobar pneumonia. Chest  CT was done."


@pytest.fixture
def server() -> Iterator[ChatServer]:
    made = ChatServer()
    yield made
    made.close()


@pytest.fixture
def extractor(server: ChatServer, mini_graph: Graph) -> Extractor:
    model = EndpointChat(server.url, "m", retries=0, timeout=2)
    return Extractor(model, Lexicon.from_graph(mini_graph))


def document(text: str = TEXT) -> Document:
    return Document("d1", text, source="s", licence="CC0")


def test_entities_are_grounded_and_linked_or_dropped_with_a_reason(server: ChatServer, extractor: Extractor) -> None:
    server.says = [
        entities(
            (1, "Pneumonia", "disease", ""),
            (2, "lung", "anatomy", ""),
            (2, "spiculated lobar pneumonia", "disease", "pneumonia"),
            (3, "chest ct", "modality", ""),
            (2, "liver", "anatomy", ""),  # does not stand there
            (1, "neumonia", "disease", ""),  # no whole word
            (2, "lung", "disease", ""),  # of another kind
            (9, "lung", "anatomy", ""),
        )
    ]
    found = extractor.extract(document())
    assert [(TEXT[m.start : m.end], m.axis, m.assertion) for m in found.mentions][:2] == [
        ("pneumonia", "disease", "negated"),
        ("LUNG", "anatomy", "positive"),
    ]
    assert all(TEXT[m.start : m.end] == m.text for m in found.mentions)
    assert [(u.text, u.axis, u.is_a) for u in found.unknown if u.axis == "disease"] == [
        ("spiculated lobar pneumonia", "disease", "pneumonia")
    ]
    reasons = [q.reason for q in found.dropped]
    assert reasons == [
        "the words do not stand in the sentence",
        "the words do not stand in the sentence",
        "the tree knows it as anatomy: UBERON:0002048",
        "there is no such sentence",
    ]
    assert all(q.source == "s" and q.where.startswith("d1: ") and q.content for q in found.dropped)
    asked = server.asked[0]
    assert asked["messages"][1]["content"].splitlines()[0] == "1: No pneumonia was seen."
    assert asked["response_format"]["json_schema"]["schema"] == SCHEMA


@pytest.mark.parametrize(
    "wrong",
    ["no JSON", '{"entities": [', '{"entities": [{"sentence": 1}]}', '{"entities": [{"sentence": 1, "text": "lung", '
     '"kind": "organ", "is_a": ""}]}', "[]", '{"things": []}'],
)  # fmt: skip
def test_an_answer_that_is_not_json_by_the_schema_is_asked_for_once_more(
    server: ChatServer, extractor: Extractor, wrong: str
) -> None:
    server.says = [Say(wrong), Say('Sure: ```json\n{"entities": []}\n```')]
    assert extractor.extract(document()).dropped == []
    assert server.asked[1]["messages"][2]["content"] == wrong
    server.says, server.asked[:] = [Say(wrong)], []
    dropped = extractor.extract(document()).dropped
    assert len(server.asked) == 2 and len(dropped) == 1
    assert dropped[0].reason.startswith("the answer is not JSON by the schema") and dropped[0].content == wrong


def test_a_call_that_fails_costs_its_passage_and_failing_calls_stop_the_work(
    server: ChatServer, mini_graph: Graph
) -> None:
    model = EndpointChat(server.url, "m", retries=0, timeout=0.3)
    extractor = Extractor(model, Lexicon.from_graph(mini_graph), most_characters=30)
    server.says = [Say("late", delay=0.8), entities((1, "LUNG", "anatomy", "")), entities()]
    found = extractor.extract(document())
    assert [m.node for m in found.mentions] == ["UBERON:0002048"] and len(server.asked) == 3
    assert "did not answer" in found.dropped[0].reason
    server.says = [Say(status=500)]
    with pytest.raises(DataProblem, match="5 calls in a row failed"):
        for _ in range(5):
            extractor.extract(document())


def test_what_a_model_reads_joins_what_the_dictionary_reads(server: ChatServer, mini_graph: Graph) -> None:
    server.says = [entities((2, "spiculated lobar pneumonia", "disease", "pneumonia"), (2, "lung", "anatomy", ""))]
    alone = Reading(mini_graph)
    alone.add(document())
    both = Reading(mini_graph, EndpointChat(server.url, "m"))
    both.add(document())
    assert both.mentions().equals(alone.mentions()), "the dictionary had the lung already"
    terms = {t.label: t for t in both.terms.terms()}
    new = terms["spiculated lobar pneumonia"]
    assert set(new.signs) >= {"head"} and new.evidence[0].startswith("d1: The LUNG had")
    assert "spiculated lobar pneumonia" not in {t.label for t in alone.terms.terms()}


def test_a_run_keeps_the_answers_and_counts_tokens(server: ChatServer, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("The gallbladder wall was thick on ultrasound.")
    server.says = [entities((1, "gallbladder wall", "anatomy", ""), (1, "stone", "finding", ""))]
    recipe = {
        "name": "t",
        "literature": {
            "documents": [{"name": "notes", "path": str(text)}],
            "extractor": {"endpoint": server.url, "model": "m"},
        },
    }
    run = tmp_path / "run"
    manifest = run_steps(STEPS, Recipe.of(recipe), run, silent, until="literature")
    counts = manifest["steps"]["literature"]["counts"]
    assert counts["tokens"] == 18 and counts["of the model's answers dropped"] == 1 and counts["quarantined"] == 1
    first = (run / "mentions.parquet").read_bytes()
    run_steps(STEPS, Recipe.of(recipe), run, silent, start="literature", until="literature")
    assert len(server.asked) == 1, "nothing is asked twice"
    assert (run / "mentions.parquet").read_bytes() == first


@pytest.mark.parametrize("said", [{}, {"endpoint": "http://127.0.0.1:1/v1"}, {"endpoint": "http://h/v1", "path": "p"}])
def test_a_recipe_names_one_model(tmp_path: Path, said: dict[str, str]) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(json.dumps({"name": "t", "literature": {"extractor": said}}))
    with pytest.raises((RecipeProblem, UsageProblem), match=r"endpoint"):
        Recipe.load(path)
