"""``metrics.json`` and its schema: real outputs of every benchmark pass, damaged ones do not."""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any

import jsonschema
import pytest

from met_kg.evaluation.aggregate import share
from met_kg.evaluation.baselines import baselines
from met_kg.evaluation.benchmark import find, names
from met_kg.evaluation.score import PROTOCOLS, Protocol, score
from met_kg.evaluation.tree import along_the_tree
from met_kg.evaluation.tree.nodes import RELATIONS
from met_kg.graph.store import Graph

LETTERED = {"Question": "Which disease?", "Choice A": "asthma", "Choice B": "pneumonia", "Choice C": "lung"}
LETTERED |= {"Choice D": "heart disease", "Figure_path": "a.jpg"}
MMMU = {"id": "test_Clinical_Medicine_1", "question": "Which?", "question_type": "multiple-choice"}
OWN = {"question": "What is it?", "sample_id": "s", "key_node": "DOID:552"}
CHOSEN = {
    "format": "multiple-choice",
    "options": ["asthma", "pneumonia"],
    "answer": "B",
    "distractor_nodes": ["DOID:2841"],
}
SLAKE = {"img_name": "x", "content_type": "Organ", "modality": "CT"}

#: Benchmark -> records of every kind it has.
RECORDS: dict[str, list[dict[str, Any]]] = {
    "vqa-rad": [
        {"question": "Is it pneumonia?", "answer": "yes", "image_name": "a", "image_organ": "CHEST"},
        {"question": "Which organ?", "answer": "lung", "image_name": "b", "question_type": "ORGAN"},
    ],
    "pathvqa": [{"question": "Which?", "answer": "pneumonia"}, {"question": "Any?", "answer": "no"}],
    "slake": [
        SLAKE | {"question": "Which organ?", "answer": "lung", "answer_type": "OPEN", "q_lang": "en"},
        SLAKE | {"question": "是肺吗?", "answer": "是", "answer_type": "CLOSED", "q_lang": "zh"},
    ],
    "pmc-vqa": [LETTERED | {"Answer": "B"}],
    "pmc-vqa-clean": [LETTERED | {"Answer": "pneumonia", "Answer_label": "B"}],
    "omnimedvqa": [
        {"question": "Which?", "gt_answer": "lung", "option_A": "lung", "option_B": "heart", "modality_type": "CT"}
        | {"question_type": "Anatomy", "image_path": "p"}
    ],
    "mmmu-med-val": [MMMU | {"options": "['lung', 'heart']", "answer": "A"}],
    "mmmu-med-test": [
        MMMU | {"options": "['lung', 'heart']", "answer": "B"},
        MMMU | {"question_type": "open", "answer": "['lung', 'the lung']", "options": "[]"},
    ],
    "own-items": [
        OWN | CHOSEN,
        OWN | {"format": "yes-no", "answer": "no"},
        OWN | {"format": "open", "answer": "pneumonia"},
    ],
}


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    text = (resources.files("met_kg.evaluation") / "metrics.schema.json").read_text(encoding="utf-8")
    found = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


def metrics_of(name: str, protocol: Protocol, graph: Graph | None, said: str = "asthma") -> dict[str, Any]:
    """All that ``met eval`` writes, as it comes back from the file."""
    bench, records = find(name), RECORDS[name]
    lines = [{"record": record, "model_output": text} for record in records for text in (said, "A", "yes", "")]
    lines.append({"error": "line 9 is not JSON"})
    scored = score(bench, lines, protocol=protocol)
    metrics = scored.metrics | {"set_aside": 2, "baselines": baselines(bench, records, protocol=protocol)}
    metrics["settings"] |= {"model": "m", "stand_in": True, "reasoning": False}
    metrics["contamination"] = {"image in training": share(scored.items[:1]), "image not in training": share([])}
    if graph is not None:
        metrics["tree"] = along_the_tree(graph, bench, lines, scored.items, min_items=2).metrics
    found: dict[str, Any] = json.loads(json.dumps(metrics))
    return found


def test_every_benchmark_is_tried() -> None:
    assert set(RECORDS) == set(names())


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", sorted(RECORDS))
def test_real_metrics_pass(
    name: str, protocol: Protocol, schema: jsonschema.Draft202012Validator, mini_graph: Graph
) -> None:
    metrics = metrics_of(name, protocol, mini_graph)
    assert [e.message for e in schema.iter_errors(metrics)] == []
    assert metrics["tree"]["errors"] and metrics["tree"]["worst"]["branches"], "the parts are not empty"


def test_what_met_score_writes_passes_even_of_no_lines(schema: jsonschema.Draft202012Validator) -> None:
    for name in names():
        metrics = json.loads(json.dumps(score(name, []).metrics))
        assert [e.message for e in schema.iter_errors(metrics)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("protocol",), "mine"),
        (("total metrics", "right"), -1),
        (("total metrics",), {"acc": 1.0}),
        (("interval_95",), [0.1]),
        (("organ",), {"CHEST": 0.5}),
        (("anything else",), 3),
        (("baselines", "chance"), 2),
        (("tree", "axes"), {"colour": {"total": 1, "right": 1, "acc": 1.0, "interval_95": [0.0, 1.0]}}),
        (("tree", "errors", "texts", "relations", 0, "relation"), "cousin"),
        (("tree", "worst", "branches", 0, "slice"), {"query": "node-in-split"}),
        (("tree", "unlinked"), None),
    ],
)
def test_damaged_metrics_do_not(
    path: tuple[str | int, ...], value: object, schema: jsonschema.Draft202012Validator, mini_graph: Graph
) -> None:
    metrics = metrics_of("vqa-rad", "corrected", mini_graph)
    damaged = copy.deepcopy(metrics)
    place: Any = damaged
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert not schema.is_valid(damaged)


def test_the_schema_knows_all_relations(schema: jsonschema.Draft202012Validator) -> None:
    assert tuple(schema.schema["$defs"]["relation"]["properties"]["relation"]["enum"]) == RELATIONS
