from __future__ import annotations

import json
from typing import Any

import pytest

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.records import Quarantined
from met_kg.retrieval.anchors import anchor_samples
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.resolve import Ancestors, resolve


def _samples(*rows: dict[str, Any]):
    return tables.frame("samples", [{"sample_id": f"s{i}", "source": "c", **row} for i, row in enumerate(rows)])


def _anchors(graph: Graph, *rows: dict[str, Any], options: RetrievalOptions | None = None):
    aside: list[Quarantined] = []
    linker = Linker(Lexicon.from_graph(graph))
    return anchor_samples(_samples(*rows), graph, linker, options=options, quarantine=aside.append), aside


def _said(anchors, sample: str = "s0") -> dict[str, str]:
    mine = anchors[anchors["sample_id"] == sample]
    return dict(zip(mine["node"], mine["polarity"], strict=True))


def _row(node: str, polarity: str = "positive", score: float = 1.0, sample: str = "s0") -> dict[str, Any]:
    axis = "disease" if node.startswith("DOID") else "finding"
    return {
        "sample_id": sample,
        "node": node,
        "axis": axis,
        "polarity": polarity,
        "assertion": {"positive": "positive", "negative": "negated"}.get(polarity, polarity),
        "method": "mention",
        "score": score,
        "evidence": "{}",
    }


def test_mentions_carry_polarity_and_evidence(mini_graph: Graph) -> None:
    caption = "Chest X-ray: consolidation, no pleural effusion."
    anchors, _ = _anchors(mini_graph, {"caption": caption, "context": "History of asthma. Possible pneumothorax."})
    assert _said(anchors) == {
        "DOID:2841": "uncertain",
        "UBERON:0001443": "positive",
        "MET:0000011": "positive",
        "MET:0000021": "negative",
        "MET:0000022": "positive",
        "MET:0000023": "uncertain",
    }
    effusion = anchors[anchors["node"] == "MET:0000021"].iloc[0]
    evidence = json.loads(effusion["evidence"])
    assert evidence["field"] == "caption"
    assert caption[evidence["start"] : evidence["end"]] == evidence["text"] == "pleural effusion"
    assert anchors[anchors["node"] == "DOID:2841"].iloc[0]["assertion"] == "historical"


def test_metadata_is_mapped_and_the_unknown_is_set_aside_once(mini_graph: Graph) -> None:
    rows = [
        {"modality": "MR", "finding": "COVID-19, asthma", "body_part": "CHEST"},
        {"modality": "DX", "finding": "No Finding"},
        {"modality": "X-ray", "finding": "Zebra"},
        {"modality": "CT", "finding": "Zebra"},
        {"finding": "Bacterial", "source": "covid-chestxray"},
        {"finding": "Bacterial"},
    ]
    anchors, aside = _anchors(mini_graph, *rows)
    assert set(_said(anchors)) == {"MET:0000013", "DOID:0080600", "DOID:2841", "UBERON:0001443"}
    assert set(_said(anchors, "s1")) == {"MET:0000010"}
    assert set(_said(anchors, "s2")) == {"MET:0000010"}
    assert set(_said(anchors, "s4")) == {"DOID:874"}
    assert _said(anchors, "s5") == {}
    assert [q.content for q in aside] == ["Zebra", "Bacterial"]
    assert set(anchors["method"]) == {"metadata"}


def test_ancestors_of_a_positive_anchor_are_implied(mini_graph: Graph) -> None:
    caption = "Viral pneumonia, a lung disease; pneumonia of the right lung."
    anchors, _ = _anchors(mini_graph, {"caption": caption})
    assert set(_said(anchors)) == {"DOID:10533", "UBERON:0002167"}


def test_descendants_of_a_negative_anchor_are_implied(mini_graph: Graph) -> None:
    kept = resolve([_row("DOID:552", "negative"), _row("DOID:874", "negative")], Ancestors(mini_graph))
    assert [a["node"] for a in kept] == ["DOID:552"]


def test_positive_against_negative_is_uncertain(mini_graph: Graph) -> None:
    anchors, _ = _anchors(mini_graph, {"caption": "Pleural effusion.", "context": "No pleural effusion."})
    assert _said(anchors) == {"MET:0000021": "uncertain"}


def test_contradiction_along_the_tree(mini_graph: Graph) -> None:
    ancestors = Ancestors(mini_graph)
    kept = resolve([_row("DOID:874"), _row("DOID:552", "negative")], ancestors)
    assert {a["node"]: a["polarity"] for a in kept} == {"DOID:874": "uncertain", "DOID:552": "uncertain"}
    kept = resolve([_row("DOID:552"), _row("DOID:874", "negative")], ancestors)
    assert {a["node"]: a["polarity"] for a in kept} == {"DOID:552": "positive", "DOID:874": "negative"}


@pytest.mark.parametrize(
    ("polarities", "expected"),
    [
        (["positive", "uncertain"], "positive"),
        (["negative", "uncertain"], "uncertain"),
        (["negative", "negative"], "negative"),
        (["positive", "negative", "uncertain"], "uncertain"),
    ],
)
def test_statements_about_one_node(mini_graph: Graph, polarities: list[str], expected: str) -> None:
    for order in (polarities, polarities[::-1]):
        (anchor,) = resolve([_row("MET:0000021", p) for p in order], Ancestors(mini_graph))
        assert anchor["polarity"] == expected


def test_best_score_is_kept_and_samples_do_not_mix(mini_graph: Graph) -> None:
    rows = [_row("DOID:552", score=0.8), _row("DOID:552", score=0.9), _row("DOID:552", "negative", sample="s1")]
    kept = resolve(rows, Ancestors(mini_graph))
    assert [(a["sample_id"], a["polarity"], a["score"]) for a in kept] == [
        ("s0", "positive", 0.9),
        ("s1", "negative", 1.0),
    ]


def test_names_turned_round_anchor_rare_nodes_with_less_score(mini_graph: Graph) -> None:
    filler = [{"caption": f"Sagittal view of a joint, case {i}."} for i in range(6)]
    rows = [
        {"caption": "Fibrosis, mostly pulmonary."},
        {"caption": "Pulmonary small airway fibrosis."},
        {"caption": "Marked fibrosis of the pulmonary tissue."},
        {"caption": "No fibrosis of pulmonary tissue."},
    ]
    anchors, _ = _anchors(mini_graph, *rows, *filler, options=RetrievalOptions(dense=0.05))
    found = anchors[anchors["method"] == "retrieval"]
    assert dict(zip(found["sample_id"], found["polarity"], strict=True)) == {"s2": "positive", "s3": "negative"}
    assert set(found["node"]) == {"DOID:3770"}
    assert found["score"].max() < 0.75
    off, _ = _anchors(mini_graph, *rows, *filler, options=RetrievalOptions(search=False))
    assert "retrieval" not in set(off["method"])


def test_same_samples_same_anchors(mini_graph: Graph) -> None:
    rows = [{"caption": "Fibrosis of pulmonary tissue, no effusion."}, {"caption": "CT of the brain."}]
    assert _anchors(mini_graph, *rows)[0].equals(_anchors(mini_graph, *rows)[0])


def test_no_samples_no_anchors(mini_graph: Graph) -> None:
    anchors, aside = _anchors(mini_graph)
    assert anchors.empty and list(anchors.columns) == tables.SCHEMAS["anchors"].names and not aside
