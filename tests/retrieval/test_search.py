from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from met_kg import tables
from met_kg.errors import UsageProblem
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.models.text import TfidfSvdEmbedder, text_embedder
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.search import NodeSearch
from met_kg.retrieval.suggest import index_writer

CAPTIONS = [
    "Chest X-ray with bacterial pneumonia of the right lung.",
    "CT of the brain, normal ventricles.",
    "Ultrasound of the liver and the kidney.",
    "Acute inflammation: pneumonia is suspected.",
    "MRI of the heart in congestive heart failure.",
]


def _search(graph: Graph, folder: Path, captions: list[str] = CAPTIONS, **settings: Any) -> NodeSearch:
    samples = tables.frame("samples", [{"sample_id": f"s{i}", "caption": c} for i, c in enumerate(captions)])
    options = RetrievalOptions(**settings)
    writer = index_writer(graph, Linker(Lexicon.from_graph(graph)), options, folder)
    # Cut into batches at will: the index is the same.
    writer.add(samples[:2])
    writer.add(samples[2:])
    return NodeSearch(writer.finish(), graph, options)


def test_kinds_count_and_names_lead(mini_graph: Graph, tmp_path: Path) -> None:
    hits = _search(mini_graph, tmp_path).retrieve_for_node("DOID:552", 3)
    assert [h.sample_id for h in hits][:2] == ["s0", "s3"]
    assert hits[0].ranks["below-label"] == 1 and hits[0].ranks["own-inner"] == 1
    assert hits[1].ranks["own-label"] == 1  # said to be uncertain, and said
    assert hits[0].score > hits[1].score > hits[2].score


def test_a_name_inside_a_longer_one_is_found_but_after_one_that_is_meant(mini_graph: Graph, tmp_path: Path) -> None:
    search = _search(mini_graph, tmp_path, ["Heart disease, treated.", "The heart is large."])
    rankings = search.rankings("UBERON:0000948")
    assert rankings["own-label"].rows.tolist() == [1] and rankings["own-inner"].rows.tolist() == [0]
    assert [h.sample_id for h in search.retrieve_for_node("UBERON:0000948", 2)] == ["s1", "s0"]


def test_misspelt_names_and_other_endings_are_found(mini_graph: Graph, tmp_path: Path) -> None:
    search = _search(mini_graph, tmp_path, ["Small pneumothorx.", "A pneumothoracic drain.", "A chest tube."])
    fuzzy = search.rankings("MET:0000023")["fuzzy"]
    assert set(fuzzy.rows.tolist()) == {0, 1}
    assert "own-label" not in search.rankings("MET:0000023")


def test_parts_and_places_are_rankings_of_their_own(mini_graph: Graph, tmp_path: Path) -> None:
    search = _search(mini_graph, tmp_path, ["A view of the right lung.", "The liver."])
    assert search.rankings("UBERON:0001443")["part"].rows.tolist() == [0]
    assert search.rankings("DOID:850")["place"].rows.tolist() == [0]


def test_only_kinds_that_the_vocabulary_of_the_labels_has(mini_graph: Graph, tmp_path: Path) -> None:
    plain = _search(mini_graph, tmp_path / "a")
    coded = _search(mini_graph, tmp_path / "b", vocabulary="MESH")
    assert "DOID:552" in plain.kin("DOID:850").below and "DOID:874" in plain.kin("DOID:850").below
    assert coded.kin("DOID:850").below == ("DOID:552",)


def test_a_node_without_words_in_common_finds_nothing(mini_graph: Graph, tmp_path: Path) -> None:
    assert _search(mini_graph, tmp_path).retrieve_for_node("SYMP:0000614", 5) == []


def test_unknown_node_finds_nothing(mini_graph: Graph, tmp_path: Path) -> None:
    assert _search(mini_graph, tmp_path).retrieve_for_node("DOID:1234567", 5) == []


def test_samples_without_text_are_no_error(mini_graph: Graph, tmp_path: Path) -> None:
    assert _search(mini_graph, tmp_path / "a", ["", ""]).retrieve_for_node("DOID:552", 5) == []
    assert _search(mini_graph, tmp_path / "b", []).retrieve_for_node("DOID:552", 5) == []


def test_built_in_embedder_gives_unit_rows_and_likeness() -> None:
    embedder = TfidfSvdEmbedder(dimensions=3, seed=1)
    embedder.fit(CAPTIONS)
    vectors = embedder.encode([*CAPTIONS, "zebra"])
    assert vectors.dtype == np.float32 and vectors.shape == (6, 3)
    assert np.allclose(np.linalg.norm(vectors[:5], axis=1), 1, atol=1e-5)
    assert not vectors[5].any()
    query = embedder.encode(["pneumonia of the lung"])[0]
    assert int(np.argmax(vectors @ query)) == 0


def test_few_texts_are_not_reduced() -> None:
    embedder = TfidfSvdEmbedder()
    embedder.fit(["lung nodule", "brain mass"])
    assert embedder.encode(["lung"]) @ embedder.encode(["lung nodule"])[0] > 0


def test_embedder_says_what_is_missing() -> None:
    with pytest.raises(UsageProblem, match="fit"):
        TfidfSvdEmbedder().encode(["x"])
    with pytest.raises(UsageProblem, match="nothing to learn"):
        TfidfSvdEmbedder().fit(["", ""])


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)  # importing it fails, installed or not
    with pytest.raises(UsageProblem, match="pip install sentence-transformers"):
        text_embedder("some/model")
