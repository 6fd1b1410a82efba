"""Anchors and index do not depend on how samples are cut into batches; nodes short of samples are searched deeper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from met_kg import tables
from met_kg.errors import DataProblem, UnknownName
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.records import Quarantined
from met_kg.retrieval.anchors import anchors_in_batches
from met_kg.retrieval.index import TextSample
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.wanted import wanted

TEXTS = [
    "Chest X-ray: consolidation, no pleural effusion.",
    "Fibrosis of the pulmonary tissue.",
    "Marked fibrosis of pulmonary lobes in asthma.",
    "No fibrosis of pulmonary tissue is seen, no pneumonia.",
    "MRI of the brain.",
    "Bacterial pneumonia of the right lung.",
    "CT of the liver and both kidneys.",
    "",
    "Congestive heart failure.",
    "No lung disease, pulmonary fibrosis cannot be told.",
]


ORDER = ["s5", "s1", "s7", "s3", "s0", "s2", "s6", "s4", "s9", "s8"]


def _samples() -> pd.DataFrame:
    # In no order of identifiers: the order of the file is what counts.
    ids = ORDER
    rows = [
        {"sample_id": i, "source": "c", "caption": text, "modality": "Zebra" if n % 3 == 0 else "CT"}
        for n, (i, text) in enumerate(zip(ids, TEXTS, strict=True))
    ]
    return tables.frame("samples", rows)


def _run(graph: Graph, work: Path, size: int, **settings: Any) -> tuple[pd.DataFrame, list[Quarantined]]:
    samples, aside = _samples(), []
    batches = [samples[i : i + size] for i in range(0, len(samples), size)]
    frames = anchors_in_batches(
        batches,
        graph,
        Linker(Lexicon.from_graph(graph)),
        options=RetrievalOptions(**settings),
        quarantine=aside.append,
        work=work,
    )
    return pd.concat(list(frames), ignore_index=True), aside


@pytest.mark.parametrize("suggest", [0, 2])
def test_the_size_of_a_batch_changes_nothing(mini_graph: Graph, tmp_path: Path, suggest: int) -> None:
    whole, aside = _run(mini_graph, tmp_path / "whole", 100, dense=0.0, suggest=suggest)
    assert set(whole["method"]) >= {"mention", "metadata", "retrieval"}
    assert ("suggestion" in set(whole["method"])) == bool(suggest)
    for size in (1, 3):
        cut, also_aside = _run(mini_graph, tmp_path / str(size), size, dense=0.0, suggest=suggest)
        pd.testing.assert_frame_equal(whole, cut)
        assert also_aside == aside
    assert [q.content for q in aside] == ["Zebra"]


def test_anchors_come_in_the_order_of_the_samples(mini_graph: Graph, tmp_path: Path) -> None:
    anchors, _ = _run(mini_graph, tmp_path, 3)
    assert list(dict.fromkeys(anchors["sample_id"])) == ORDER


def test_the_fewer_samples_a_node_has_the_deeper_it_is_searched(mini_graph: Graph, tmp_path: Path) -> None:
    found = {}
    for quota in (0, 1, 3):
        settings = {"wanted": 0, "wanted_of": {"DOID:3770": quota}, "depth": 1, "dense": 0.0}
        anchors, _ = _run(mini_graph, tmp_path / str(quota), 4, **settings)
        found[quota] = len(anchors[anchors["method"] == "retrieval"])
    assert found == {0: 0, 1: 1, 3: 3}


def test_a_suggestion_never_changes_what_a_sample_says(mini_graph: Graph, tmp_path: Path) -> None:
    said, _ = _run(mini_graph, tmp_path / "said", 4, dense=0.0)
    more, _ = _run(mini_graph, tmp_path / "more", 4, dense=0.0, suggest=5, wanted=10)
    guesses = more[more["method"] == "suggestion"]
    assert len(guesses) and set(guesses["polarity"]) == {"uncertain"}
    pd.testing.assert_frame_equal(more[more["method"] != "suggestion"].reset_index(drop=True), said)
    denied = set(said.loc[(said["sample_id"] == "s3") & (said["polarity"] == "negative"), "node"])
    assert "DOID:552" in denied and "DOID:874" not in set(guesses.loc[guesses["sample_id"] == "s3", "node"])


def test_the_texts_learnt_from_are_the_same_in_any_order() -> None:
    ids = [f"{n * 37 % 100:02d}" for n in range(100)]
    one, other = TextSample(10), TextSample(10)
    one.add(ids, (f"text {i}" for i in ids))
    for i in reversed(ids):
        other.add([i], [f"text {i}"])
    assert one.texts() == other.texts() == [f"text {n:02d}" for n in range(10)]


def test_quota_of_the_nearest_branch_or_of_a_query(mini_graph: Graph, tmp_path: Path) -> None:
    settings = RetrievalOptions(wanted=2, wanted_of={"DOID:850": 7, "DOID:552": 9})
    quota = wanted(mini_graph, settings)
    assert (quota["DOID:4"], quota["DOID:2841"], quota["DOID:552"], quota["DOID:874"]) == (2, 7, 9, 9)
    query = tmp_path / "rare.rq"
    query.write_text('SELECT ?node (50 AS ?wanted) { GRAPH metg:closure { ?node met:axis "modality" } }')
    quota = wanted(mini_graph, RetrievalOptions(wanted=2, wanted_query=str(query)))
    assert (quota["MET:0000012"], quota["DOID:552"]) == (50, 2)


def test_a_quota_that_means_nothing_is_refused(mini_graph: Graph, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="DOID:77777"):
        wanted(mini_graph, RetrievalOptions(wanted_of={"DOID:77777": 1}))
    query = tmp_path / "bad.rq"
    query.write_text('SELECT ?node ("many" AS ?wanted) { GRAPH metg:closure { ?node met:axis "modality" } }')
    with pytest.raises(DataProblem, match="whole number"):
        wanted(mini_graph, RetrievalOptions(wanted_query=str(query)))
