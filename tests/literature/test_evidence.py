from __future__ import annotations

import random
from pathlib import Path

import pytest

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.literature.codes import NearestCodes, code_systems, node_codes
from met_kg.literature.documents import Document, read_documents
from met_kg.literature.evidence import evidence_triples, mention_rows
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.vocabulary import Graphs


def _mentions(graph: Graph):
    linker = Linker(Lexicon.from_graph(graph))
    documents = [
        Document("d1", "Pneumonia. No pneumonia in the lung.", source="s", licence="CC0"),
        Document("d2", "Cough and pneumonia.", source="s"),
    ]
    return tables.frame("mentions", [row for d in documents for row in mention_rows(d, linker.link(d.text))])


def test_mentions_have_the_schema(mini_graph: Graph, tmp_path: Path) -> None:
    mentions = _mentions(mini_graph)
    tables.write("mentions", mentions, tmp_path / "mentions.parquet")
    assert tables.read("mentions", tmp_path / "mentions.parquet")["text"].tolist() == [
        "Pneumonia",
        "pneumonia",
        "lung",
        "Cough",
        "pneumonia",
    ]
    assert mentions["assertion"].tolist()[:2] == ["positive", "negated"]


def test_evidence_counts_per_document_and_is_the_same_in_any_order(mini_graph: Graph) -> None:
    mentions = _mentions(mini_graph)
    triples = list(evidence_triples(mentions))
    shuffled = mentions.sample(frac=1, random_state=random.Random(3).randrange(100))
    assert list(evidence_triples(shuffled)) == triples
    mini_graph.load_triples(Graphs.EVIDENCE, triples)
    (row,) = mini_graph.rows("tree/evidence", node="DOID:552")
    assert (row["mentions"], row["documents"]) == (3, 2)


def test_codes_come_in_the_order_asked_for_or_from_the_nearest_node_above(mini_graph: Graph) -> None:
    systems = code_systems("doid,mesh")
    codes = node_codes(mini_graph, systems)
    assert NearestCodes(codes, {}, systems).of("DOID:552") == (("DOID:552", "MESH:D011014"), 0)
    assert NearestCodes(codes, {}, systems).of("UBERON:0002048") == ((), 0)
    mesh = NearestCodes({"DOID:1": ("MESH:D1",)}, {"DOID:3": {"DOID:2"}, "DOID:2": {"DOID:1", "DOID:3"}}, ("MESH",))
    assert mesh.of("DOID:3") == (("MESH:D1",), 2), "a cycle does no harm"


@pytest.mark.data
def test_offsets_hold_on_real_abstracts(mini_graph: Graph, data_root: Path) -> None:
    linker = Linker(Lexicon.from_graph(mini_graph))
    documents = read_documents(data_root / "literature/openstax-anatomy-physiology-2e/sections.jsonl.gz")
    texts = [d.text for d in documents if isinstance(d, Document)][:200]
    found = [(text, m) for text in texts for m in linker.link(text)]
    assert len(found) > 100
    assert all(text[m.start : m.end] == m.text for text, m in found)
