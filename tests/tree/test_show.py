"""What a person reads of a node: names, relations, what literature suggests, and where it is named."""

from __future__ import annotations

import pytest

from met_kg.errors import UnknownName
from met_kg.graph.store import Graph
from met_kg.literature.document import Document
from met_kg.literature.evidence import evidence_triples
from met_kg.literature.reading import Reading
from met_kg.literature.relations import Evidence, MinedRelation
from met_kg.tree.proposals import mined_triples
from met_kg.tree.show import describe
from met_kg.vocabulary import Graphs


@pytest.fixture
def read(mini_graph: Graph) -> Graph:
    """The small tree with evidence for pneumonia, and one mined relation."""
    reading = Reading(mini_graph)
    for number in range(5):
        reading.add(Document(f"d{number}", "Pneumonia. " * (number + 1), source="s"))
    found = MinedRelation(
        "DOID:552", "imaging", "MET:0000011", 7, 3, 4.0, 0.0012, (Evidence("d1", "s", "Pneumonia on CT."),)
    )
    mini_graph.load_triples(Graphs.EVIDENCE, [*evidence_triples(reading.mentions()), *mined_triples([found])])
    return mini_graph


def test_evidence_and_suggestions_are_shown_with_their_places(read: Graph) -> None:
    found = describe(read, "pneumonia")
    assert (found.node, found.axis) == ("DOID:552", "disease") and found.path[-1] == ("DOID:552", "pneumonia")
    assert "codes, as stated" in found.said and not {"met:axis", "rdfs:label", "met:term"} & found.said.keys()
    assert (found.mentions, found.documents) == (15, 5)
    assert found.quoted == [f'document d{n}  "Pneumonia", {n + 1} times' for n in (4, 3, 2)], "the commonest first"
    assert len(found.mined) == 1
    assert found.mined[0].startswith("imaged by: MET:0000011  ") and "(7 sentences, q 0.0012" in found.mined[0]


def test_a_name_that_nobody_has_is_said_with_near_ones(mini_graph: Graph) -> None:
    with pytest.raises(UnknownName, match="pneumonia"):
        describe(mini_graph, "pneumonja")
