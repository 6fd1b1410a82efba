from __future__ import annotations

import json
import re

import pyoxigraph as ox
import pytest
from caption_corpus import anchored, captions

from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.synthesis.captions.naming import is_named
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.names import Names
from met_kg.vocabulary import Graphs, expand

RICH = {
    "caption": "CT of a 47-year-old woman with pneumonia: consolidations in the right lung and bilateral atelectasis. "
    "No pleural effusion. Possible pneumothorax. History of asthma.",
    "modality": "CT",
}


def _text(graph: Graph, level: str = "descriptive", **sample: str) -> str:
    made, _ = captions(graph, sample)
    return str(made.set_index("level").loc[level, "text"])


def test_every_sentence_stands_on_facts_that_hold(mini_graph: Graph) -> None:
    samples = [RICH, {**RICH, "sex": "M", "age": "6 months"}, {"caption": "The lung and the heart.", "context": "CT"}]
    table, _ = anchored(mini_graph, *samples)
    source = table.set_index("sample_id")
    made, _ = captions(mini_graph, *samples)
    tree = TreeIndex(mini_graph)
    assert len(made) == 9
    for row in made.to_dict("records"):
        lines = json.loads(row["facts"])
        assert row["text"] == " ".join(line["sentence"] for line in lines)
        assert row["source_text"] == source.loc[row["sample_id"], "caption"]
        for line in lines:
            assert line["facts"], line
            for fact in line["facts"]:
                if isinstance(fact, dict):
                    said = source.loc[row["sample_id"], fact["column"]]
                    assert said[fact["start"] : fact["end"]] == fact["text"] != ""
                    continue
                subject, predicate, value = fact
                if subject.startswith("sample:"):
                    assert is_named(line["sentence"], value, tree, Names(tree)), (value, line["sentence"])
                term = ox.Literal(value) if predicate == "IAO:0000115" else ox.NamedNode(expand(value))
                pattern = (ox.NamedNode(expand(subject)), ox.NamedNode(expand(predicate)), term, None)
                assert next(mini_graph.store.quads_for_pattern(*pattern), None), fact


def test_levels_grow_and_general_knowledge_is_no_claim_on_the_image(mini_graph: Graph) -> None:
    made, _ = captions(mini_graph, RICH)
    text = made.set_index("level")["text"]
    assert text["descriptive"].startswith(text["short"])
    assert text["knowledge"].startswith(text["descriptive"])
    known = text["knowledge"][len(text["descriptive"]) :]
    assert re.search(r"commonly affects the lung\.", known) and re.search(r"commonly (goes with|causes) cough\.", known)
    facts = json.loads(made.set_index("level").loc["knowledge", "facts"])
    general = [f for f in facts if not any(isinstance(x, dict) or x[0].startswith("sample:") for x in f["facts"])]
    assert len(general) >= 4
    for line in general:
        assert re.search(r"\b(commonly|is a|is an|is defined as)\b", line["sentence"]), line["sentence"]
        assert "woman" not in line["sentence"] and "image" not in line["sentence"]


def test_words_for_what_is_denied_possible_and_past(mini_graph: Graph) -> None:
    text = _text(mini_graph, **RICH)
    assert re.search(r"(There is no pleural effusion|No pleural effusion is seen)\.", text)
    assert re.search(r"(There is a possible pneumothorax|A possible pneumothorax is suggested)\.", text)
    assert "There is a history of asthma." in text
    # The project's own linker reads the sentences as they are meant.
    status = {m.node: m.assertion for m in Linker(Lexicon.from_graph(mini_graph)).link(text)}
    meant = {"MET:0000021": "negated", "MET:0000023": "uncertain", "DOID:2841": "historical", "DOID:552": "positive"}
    assert {node: status[node] for node in meant} == meant


def test_sides_and_places_go_with_their_finding(mini_graph: Graph) -> None:
    text = _text(mini_graph, **RICH)
    assert "consolidations in the right lung" in text.lower()
    assert "bilateral atelectasis" in text.lower()
    assert "right" not in text.replace("right lung", "")


@pytest.mark.parametrize(
    ("columns", "phrase"),
    [
        ({"sex": "F", "age": "81"}, "an 81-year-old woman"),
        ({"sex": "male", "age": "018Y"}, "an 18-year-old man"),
        ({"sex": "F", "age": "6 months"}, "a 6-month-old girl"),
        ({"age": "90+"}, "a patient aged 90 or older"),
        ({"sex": "M"}, "a male patient"),
        ({"caption": "A 42 year old man, who smoked. Pneumonia."}, "a 42-year-old man"),
        ({"caption": "Male, 50 years old, pneumonia."}, "a 50-year-old man"),
        ({"caption": "A 42-year-old man, brother of a 9-year-old boy. Pneumonia."}, "a patient"),
    ],
)
def test_patients_as_the_source_states_them(mini_graph: Graph, columns: dict[str, str], phrase: str) -> None:
    text = _text(mini_graph, **{"caption": "Pneumonia.", "modality": "CT", **columns})
    assert f"{phrase} with pneumonia" in text


def test_an_abbreviation_is_introduced_once(mini_graph: Graph) -> None:
    text = _text(mini_graph, "knowledge", caption="COPD. Consolidation.", modality="CT")
    assert text.lower().count("computed tomography") == 1 and "omputed tomography (CT)" in text
    assert text.lower().count("chronic obstructive pulmonary disease") == 1
    assert text.count("(COPD)") == 1 and text.count("COPD") > 1


def test_only_sure_words_are_said(mini_graph: Graph) -> None:
    more = """
    MET:0000025 oboInOwl:hasRelatedSynonym "big shadow" .
    MET:0000024 oboInOwl:hasExactSynonym "ROLE" .
    MET:0000022 oboInOwl:hasExactSynonym "SIGHT" .
    """
    mini_graph.load_text(Graphs.TREE, more)
    add_closure(mini_graph)
    sample = {"caption": "Pneumonia with a big shadow plays a role. SIGHT. Non-pneumothorax.", "modality": "CT"}
    _, anchors = anchored(mini_graph, sample)
    assert {"MET:0000025", "MET:0000022"} <= set(anchors["node"]), "all are anchored"
    text = _text(mini_graph, **sample)
    assert "consolidation" in text
    assert not any(word in text for word in ("cardiomegaly", "atelectasis", "pneumothorax"))


def test_a_sample_of_which_nothing_is_known_is_set_aside(mini_graph: Graph) -> None:
    made, writer = captions(mini_graph, {"caption": "No pneumonia."}, {"caption": "Nothing known."})
    assert len(made) == 0
    assert sorted(r.content for r in writer.rejected) == ["No pneumonia.", "Nothing known."]


def test_wording_varies_and_is_the_same_for_the_same_seed(mini_graph: Graph) -> None:
    many = [{**RICH, "age": str(age), "sex": "F"} for age in range(20, 60)]
    first, again, other = (captions(mini_graph, *many, seed=seed)[0] for seed in (1, 1, 2))
    assert first.to_json() == again.to_json() != other.to_json()
    shapes = {re.sub(r"\d+", "N", t) for t in first.loc[first["level"] == "descriptive", "text"]}
    assert len(shapes) > 8


def test_a_drawing_is_called_what_the_source_calls_it(mini_graph: Graph) -> None:
    text = _text(mini_graph, caption="The lungs and the heart.", context="This diagram shows a lung.")
    assert re.fullmatch(r"(Diagram of|A diagram of|This diagram shows) the lungs and the heart\.", text)
