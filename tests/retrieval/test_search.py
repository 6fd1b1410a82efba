from __future__ import annotations

import sys

import numpy as np
import pytest

from met_kg import tables
from met_kg.errors import UsageProblem
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.models.text import TfidfSvdEmbedder, text_embedder
from met_kg.retrieval.anchors import anchor_samples
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.search import NodeSearch

CAPTIONS = [
    "Chest X-ray with bacterial pneumonia of the right lung.",
    "CT of the brain, normal ventricles.",
    "Ultrasound of the liver and the kidney.",
    "Acute inflammation: pneumonia is suspected.",
    "MRI of the heart in congestive heart failure.",
]


def _search(graph: Graph) -> NodeSearch:
    samples = tables.frame("samples", [{"sample_id": f"s{i}", "caption": c} for i, c in enumerate(CAPTIONS)])
    options = RetrievalOptions(search=False)
    linker = Linker(Lexicon.from_graph(graph))
    anchors = anchor_samples(samples, graph, linker, options=options, quarantine=lambda _: None)
    return NodeSearch(samples, graph, options, anchors)


def test_descendants_count_and_mentions_lead(mini_graph: Graph) -> None:
    hits = _search(mini_graph).retrieve_for_node("DOID:552", 3)
    assert [h.sample_id for h in hits][:2] == ["s0", "s3"]
    assert hits[0].ranks["mention"] == 1 and "mention" not in hits[1].ranks
    assert hits[0].score > hits[1].score


def test_a_node_without_words_in_common_finds_nothing(mini_graph: Graph) -> None:
    assert _search(mini_graph).retrieve_for_node("SYMP:0000604", 5) == []


def test_unknown_node_finds_nothing(mini_graph: Graph) -> None:
    assert _search(mini_graph).retrieve_for_node("DOID:1234567", 5) == []


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
