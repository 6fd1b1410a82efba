"""Names near one that the tree lacks: by trigrams, and by an embedder where there is one."""

from __future__ import annotations

import numpy as np
import pytest

from met_kg.graph.store import Graph
from met_kg.literature.candidates import NameIndex
from met_kg.literature.document import Document
from met_kg.literature.lexicon import Lexicon, LexiconEntry
from met_kg.literature.reading import Reading
from met_kg.models.text import text_embedder
from met_kg.tree.proposals import term_rows

NAMES = {
    "DOID:1": ("lung abscess", "pulmonary abscess"),
    "DOID:2": ("liver abscess",),
    "DOID:3": ("gout",),
    "DOID:4": ("disease",),
}
LEXICON = Lexicon(
    LexiconEntry(name, node, "disease", names[0], "LABEL" if name == names[0] else "EXACT")
    for node, names in NAMES.items()
    for name in names
)


def test_the_nearest_nodes_come_first_each_once() -> None:
    near, none = NameIndex(LEXICON).near(["pulmonal abscesses", "xylophone"])
    assert near[0].node == "DOID:1" and near[0].name == "pulmonary abscess"
    assert [c.score for c in near] == sorted((c.score for c in near), reverse=True)
    assert len({c.node for c in near}) == len(near) and none == []
    assert len(next(NameIndex(LEXICON).near(["abscess"], count=1))) <= 1
    exact = next(NameIndex(LEXICON).near(["Gout"]))[0]
    assert (exact.node, exact.score) == ("DOID:3", 1.0)


def test_scores_are_cosines_of_all_names_however_many_are_asked() -> None:
    texts = [f"abscess of the lung {i}" for i in range(130)]
    found = list(NameIndex(LEXICON).near(texts))
    assert len(found) == 130 and found[0] == next(NameIndex(LEXICON).near(texts[:1]))


def test_an_embedder_adds_what_trigrams_miss() -> None:
    texts = ["abscess pulmonary"]
    index = NameIndex(LEXICON, text_embedder("tfidf-svd"))
    found = next(index.near(texts))
    assert found[0].node == "DOID:1"
    assert np.isclose(found[0].score, 1.0, atol=0.01), "the same words in another order are the same to it"


@pytest.mark.parametrize("text", ["A spiculated lobar pneumonia is a pneumonia that spreads."])
def test_a_proposal_names_what_it_may_be_instead(mini_graph: Graph, text: str) -> None:
    reading = Reading(mini_graph)
    reading.add(Document("d", text))
    row = next(r for r in term_rows(reading.terms.terms(), NameIndex(reading.lexicon)) if "spiculated" in r.label)
    assert "near: " in row.evidence and "DOID:" in row.evidence and row.evidence.startswith("by ")
