"""Reciprocal ranks add up, weights are learned from labels and never from a node's own branch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from met_kg import tables
from met_kg.errors import DataProblem, MissingData
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.records import Quarantined
from met_kg.retrieval.fusion import Example, Ranking, default_weights, fuse, halves, learn, quality
from met_kg.retrieval.labels import read_labels
from met_kg.retrieval.learning import branch_of, learn_weights
from met_kg.retrieval.options import LabelOptions, RetrievalOptions
from met_kg.retrieval.search import NodeSearch
from met_kg.retrieval.suggest import index_writer


def _ranking(**scores: float) -> Ranking:
    rows = [int(name[1:]) for name in scores]
    return Ranking(np.array(rows, np.int32), np.array(list(scores.values()), np.float32))


def test_fusion_adds_weighted_reciprocal_ranks_and_ties_share() -> None:
    fused = fuse({"a": _ranking(r4=1, r2=1, r7=0.5), "b": _ranking(r7=3)}, {"a": 2.0, "b": 1.0}, 60)
    assert fused.rows.tolist() == [2, 4, 7]
    assert fused.scores == pytest.approx([2 / 61, 2 / 61, 2 / 63 + 1 / 61], rel=1e-6)
    assert len(fuse({"a": _ranking(r1=1)}, {"a": 0.0}, 60).rows) == 0
    assert len(fuse({}, default_weights(), 60).rows) == 0


def test_quality_of_a_perfect_and_a_late_ranking() -> None:
    assert quality(np.array([True, True, False]), 2) == {"ndcg@10": 1.0, "recall@100": 1.0, "ap": 1.0}
    late = quality(np.array([False] * 100 + [True]), 1)
    assert late == {"ndcg@10": 0.0, "recall@100": 0.0, "ap": round(1 / 101, 4)}


def test_a_ranking_that_finds_the_right_ones_gains_weight_and_noise_loses_it() -> None:
    rng = np.random.default_rng(1)
    examples = []
    for _ in range(12):
        right = frozenset(rng.choice(60, 6, replace=False).tolist())
        rows = np.arange(60, dtype=np.int32)
        noise = Ranking(rows, rng.random(60).astype(np.float32))
        good = Ranking(rows, np.array([(r in right) + 0.8 * rng.random() for r in range(60)], np.float32))
        examples.append(Example({"noise": noise, "good": good}, right))
    stated = {"noise": 1.0, "good": 0.25}
    learned = learn(examples, 60, stated)
    assert learned["good"] > learned["noise"]
    assert learn(examples, 60, stated) == learned
    before, after = (
        np.mean([_ap(fuse(e.rankings, weights, 60), e.relevant) for e in examples]) for weights in (stated, learned)
    )
    assert after > before + 0.1


def _ap(ranking: Ranking, right: frozenset[int]) -> float:
    order = ranking.rows[np.argsort(-ranking.scores, kind="stable")]
    return quality(np.isin(order, sorted(right)), len(right))["ap"]


def test_nothing_to_learn_from_leaves_the_weights() -> None:
    assert learn([], 60) == default_weights()
    assert learn([Example({}, frozenset({1}))], 60) == default_weights()


def test_a_group_is_never_on_both_sides() -> None:
    groups = [f"g{n % 7}" for n in range(40)]
    for seed in range(5):
        sides = halves(groups, seed)
        assert all(len({s for s, h in zip(sides, groups, strict=True) if h == g}) == 1 for g in set(groups))
        assert abs(int((sides == 0).sum()) - 20) <= 6
    assert len({tuple(halves(groups, seed)) for seed in range(5)}) > 1


CAPTIONS = [
    "Bacterial pneumonia.",
    "Viral pneumonia.",
    "Pneumonia.",
    "Asthma.",
    "Pulmonary fibrosis.",
    "A normal lung.",
]


def test_labels_of_codes_and_nodes(mini_graph: Graph, tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("id,codes\ns0,D011014|X1\ns1,D011014\n,D011014\ns3,\n")
    aside: list[Quarantined] = []
    options = LabelOptions(path=str(table), sample="id", node="codes", system="MESH")
    assert read_labels(options, mini_graph, aside.append) == {"DOID:552": frozenset({"s0", "s1"})}
    assert sorted(q.reason for q in aside) == ["a label without a sample", "no node of the tree has the code 'MESH:X1'"]
    lines = tmp_path / "labels.jsonl"
    lines.write_text('{"sample_id": "s0", "node": ["DOID:874", "DOID:552"]}\n{"sample_id": "s1", "node": []}\n')
    found = read_labels(LabelOptions(path=str(lines)), mini_graph, aside.append)
    assert found == {"DOID:552": frozenset({"s0"}), "DOID:874": frozenset({"s0"})}


def test_labels_that_cannot_be_read_say_so(mini_graph: Graph, tmp_path: Path) -> None:
    def read(name: str, text: str | None) -> None:
        if text is not None:
            (tmp_path / name).write_text(text)
        read_labels(LabelOptions(path=str(tmp_path / name)), mini_graph, lambda _: None)

    with pytest.raises(MissingData, match="not there"):
        read("absent.csv", None)
    with pytest.raises(DataProblem, match="no column 'node'"):
        read("other.csv", "sample_id,label\ns0,x\n")
    with pytest.raises(DataProblem, match="cannot be read"):
        read("broken.jsonl", "{")
    with pytest.raises(DataProblem, match="unknown kind"):
        read("labels.xlsx", "x")


def test_a_node_is_weighted_by_what_other_branches_teach(mini_graph: Graph, tmp_path: Path) -> None:
    options = RetrievalOptions()
    writer = index_writer(mini_graph, Linker(Lexicon.from_graph(mini_graph)), options, tmp_path)
    writer.add(tables.frame("samples", [{"sample_id": f"s{i}", "caption": c} for i, c in enumerate(CAPTIONS)]))
    search = NodeSearch(writer.finish(), mini_graph, options)
    labels = {
        "DOID:552": frozenset({"s0", "s1", "s2"}),
        "UBERON:0002048": frozenset({"s3", "s4", "s5"}),
        "DOID:2841": frozenset({"s3"}),  # too few
    }
    learned = learn_weights(search, mini_graph, labels, rank_constant=60, seed=1)
    assert learned.nodes == 2 and set(learned.of) == {"DOID:552", "UBERON:0002048"}
    # With one node on each side, each has what the other alone teaches.
    other = {"DOID:552": "UBERON:0002048", "UBERON:0002048": "DOID:552"}
    for node, teacher in other.items():
        right = frozenset(int(s[1:]) for s in labels[teacher])
        assert learned[node] == learn([Example(search.rankings(teacher), right)], 60)
    assert learned["DOID:3770"] == learned.other
    assert branch_of(mini_graph, "DOID:874") == "DOID:552" and branch_of(mini_graph, "DOID:850") == "DOID:850"


def test_image_neighbours_vote(mini_graph: Graph, tmp_path: Path) -> None:
    """A sample without text, whose image is like those of a node's samples, is found for the node."""
    vectors = {"a": [1.0, 0.1], "b": [1.0, 0.0], "c": [0.0, 1.0], "d": [0.99, 0.05]}
    rows = [
        {"sample_id": "s0", "image": "a", "caption": "Pneumonia."},
        {"sample_id": "s1", "image": "b", "caption": "Viral pneumonia."},
        {"sample_id": "s2", "image": "c", "caption": "Asthma."},
        {"sample_id": "s3", "image": "d", "caption": ""},
    ]

    def embed(paths: list[str]) -> np.ndarray:
        found = np.array([vectors[p] for p in paths], np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    from met_kg.models.text import text_embedder
    from met_kg.retrieval.index import IndexWriter
    from met_kg.retrieval.names import NodeNames

    linker = Linker(Lexicon.from_graph(mini_graph))
    writer = IndexWriter(tmp_path, NodeNames(mini_graph), linker, text_embedder(), embed)
    writer.add(pd.DataFrame(rows).assign(context=""))
    search = NodeSearch(writer.finish(), mini_graph, RetrievalOptions())
    hits = search.retrieve_for_node("DOID:552", 4)
    assert [h.sample_id for h in hits][2:] == ["s3", "s2"]
    assert set(hits[2].ranks) == {"image"}
