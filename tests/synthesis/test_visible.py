"""What an image does not show of what its record says."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest

from met_kg import tables
from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.synthesis.captions.content import Selector
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.names import Names
from met_kg.synthesis.sample import Sample, read_samples
from met_kg.synthesis.visible import is_clear
from met_kg.vocabulary import Graphs, sparql_prefixes

MORE = """
MET:0001001 a owl:Class ; rdfs:label "plain film" ; rdfs:subClassOf MET:0000002 ; met:treeParent MET:0000002 .
MET:0001009 a owl:Class ; rdfs:label "section imaging" ; rdfs:subClassOf MET:0000002 ; met:treeParent MET:0000002 .
MET:0005041 a owl:Class ; rdfs:label "crazy-paving pattern" ; rdfs:subClassOf MET:0000020 ; met:treeParent MET:0000020 .
DOID:0050117 a owl:Class ; rdfs:label "infection" ; rdfs:subClassOf DOID:4 ; met:treeParent DOID:4 .
DOID:9101 a owl:Class ; rdfs:label "lung mycosis" ; rdfs:subClassOf DOID:0050117 ,
  [ a owl:Restriction ; owl:onProperty RO:0004026 ; owl:someValuesFrom UBERON:0002048 ] ; met:treeParent DOID:0050117 .
DOID:9102 a owl:Class ; rdfs:label "skin mycosis" ; rdfs:subClassOf DOID:0050117 ; met:treeParent DOID:0050117 .
"""
CHEST, FILM, EFFUSION, PAVING = "UBERON:0001443", "MET:0001001", "MET:0000021", "MET:0005041"
PNEUMONIA, BACTERIAL, EMPHYSEMA = "DOID:552", "DOID:874", "DOID:9675"


@pytest.fixture
def tree(mini_graph: Graph) -> TreeIndex:
    """The mini tree with sections, and infections of the lung and of the skin."""
    prefixes = "".join(f"@prefix {line[7:]} .\n" for line in sparql_prefixes().splitlines())
    quads = ox.parse((prefixes + MORE).encode(), ox.RdfFormat.TURTLE)
    mini_graph.load_triples(Graphs.TREE, [q.triple for q in quads])
    add_closure(mini_graph)
    return TreeIndex(mini_graph)


def _sample(tree: TreeIndex, caption: str, *, metadata: tuple[str, ...] = (), meta: str = "", **columns: str) -> Sample:
    """A sample whose anchors are the metadata's, and every node that the caption names by its label."""
    rows = []
    for node, facts in tree.nodes.items():
        start = caption.find(facts.label)
        methods = [name for name, said in (("mention", start >= 0), ("metadata", node in metadata)) if said]
        if methods:
            evidence = {"field": "caption", "start": start, "end": start + len(facts.label), "text": facts.label}
            row = {"sample_id": "s", "node": node, "axis": facts.axis, "polarity": "positive", "score": 1.0}
            evidence = evidence if start >= 0 else {"column": "finding", "value": ""}
            rows.append({**row, "assertion": "positive", "method": "+".join(methods), "evidence": json.dumps(evidence)})
    about = {"sample_id": "s", "image": "x.png", "caption": caption, "meta": meta, **columns}
    (sample,) = read_samples(tables.frame("samples", [about]), tables.frame("anchors", rows), tree)
    return sample


def _diseases(tree: TreeIndex, caption: str, *stated: str, meta: str = "") -> set[str]:
    sample = _sample(tree, caption, metadata=(CHEST, FILM, *stated), meta=meta, finding="x" if stated else "")
    assert {a.node for a in sample.of("disease")} >= set(stated), "the record keeps what it says"
    return {a.node for a in sample.seen("disease")}


@pytest.mark.parametrize(
    "caption",
    [
        "The radiograph on arrival was normal.",
        "CXR: unremarkable.",
        "No abnormal findings on day 2.",
        "No abnormality was seen in the lungs.",
        "The film of week 5 did not show any abnormal change.",
        "Complete resolution of the shadow on the left.",
        "An almost complete regression can be seen.",
        "The lungs are now nearly normal.",
        "Lungs clear.",
    ],
)
def test_a_clear_film_shows_no_disease(tree: TreeIndex, caption: str) -> None:
    assert is_clear(caption)
    assert _diseases(tree, caption, PNEUMONIA) == set()
    assert _diseases(tree, f"{caption} But there is a pleural effusion.", PNEUMONIA) == {PNEUMONIA}, "not all is clear"


@pytest.mark.parametrize(
    "caption",
    [
        "Normal heart size.",
        "The left lung is clear.",
        "Physical examination was normal.",
        "Head CT was normal.",
        "Discharged after complete recovery.",
        "No abnormality of the pleura.",
        "No abnormality was seen in the blood.",
        "The white cell count was normal.",
    ],
)
def test_what_is_normal_besides_the_film_does_not_clear_it(tree: TreeIndex, caption: str) -> None:
    assert not is_clear(caption)
    assert _diseases(tree, caption, PNEUMONIA) == {PNEUMONIA}


def test_another_panel_s_clear_film_is_not_this_one(tree: TreeIndex) -> None:
    caption = "The first film was normal (a). The second one is worse (b)."
    panels = [{"label": "A", "start": 0, "end": 25}, {"label": "B", "start": 31, "end": 55}]
    shown = {p: _diseases(tree, caption, PNEUMONIA, meta=json.dumps({"panel": p, "panels": panels})) for p in "AB"}
    assert shown == {"A": set(), "B": {PNEUMONIA}}


def test_records_that_disagree_on_the_infection_show_neither(tree: TreeIndex) -> None:
    assert _diseases(tree, "A man with lung mycosis.", BACTERIAL) == set()
    assert _diseases(tree, "A man with skin mycosis.", BACTERIAL) == {BACTERIAL}, "of another part of the body"
    assert _diseases(tree, "A man with pneumonia.", BACTERIAL) == {BACTERIAL}, "the same, said more widely"
    assert _diseases(tree, "A man with pulmonary emphysema.", BACTERIAL) == {BACTERIAL}, "no infection: company"


def test_of_several_diagnoses_the_caption_has_to_name_the_one(tree: TreeIndex) -> None:
    assert _diseases(tree, "Opacities on both sides.", BACTERIAL, EMPHYSEMA) == set()
    assert _diseases(tree, "pulmonary emphysema on both sides.", BACTERIAL, EMPHYSEMA) == {EMPHYSEMA}
    assert _diseases(tree, "Opacities on both sides.", BACTERIAL) == {BACTERIAL}


def test_a_plate_of_several_diseases_is_no_case_of_one(tree: TreeIndex) -> None:
    def shown(caption: str) -> set[str]:
        return {a.node for a in _sample(tree, caption).seen("disease")}

    assert shown("(a) In pulmonary emphysema the walls are lost. (b) In asthma the walls are thick.") == set()
    assert shown("(a) In pneumonia the air is gone. (b) In bacterial pneumonia as well.") == {PNEUMONIA, BACTERIAL}
    assert shown("pulmonary emphysema beside asthma") == {EMPHYSEMA, "DOID:2841"}


def test_only_sections_show_what_sections_show(tree: TreeIndex) -> None:
    def shown(*made_by: str) -> list[str]:
        return [a.node for a in _sample(tree, "A crazy-paving pattern.", metadata=made_by).seen("finding")]

    assert shown(FILM) == [] and shown("MET:0001009") == shown() == [PAVING]


def test_another_examination_s_findings_last_until_the_text_comes_back(tree: TreeIndex) -> None:
    def on_film(caption: str) -> Sample:
        return _sample(tree, caption, metadata=(CHEST, FILM), modality="plain film")

    away = on_film("section imaging was done. There is a pleural effusion.")
    back = on_film("section imaging was done. The plain film has a pleural effusion.")
    assert [a.node for a in away.seen("finding")] == [] and [a.node for a in back.seen("finding")] == [EFFUSION]
    caption = "Films and section imaging. (a) On the first day. (b) A pleural effusion."
    panels = [{"label": "A", "start": 31, "end": 48}, {"label": "B", "start": 53, "end": 72}]
    meta = json.dumps({"panel": "B", "panels": panels})
    for told, shown in ((meta, [EFFUSION]), ("", [])):
        sample = _sample(tree, caption, metadata=(CHEST, FILM), meta=told, modality="plain film")
        assert [a.node for a in sample.seen("finding")] == shown


def test_a_caption_does_not_tell_as_shown_what_another_examination_found(mini_graph: Graph, tree: TreeIndex) -> None:
    selector = Selector(tree, Names(tree, {}))
    stated = (CHEST, FILM)
    for caption, told in (("A pleural effusion.", 1), ("section imaging was done. There is a pleural effusion.", 0)):
        sample = _sample(tree, caption, metadata=stated, modality="plain film")
        assert len([a for a in sample.anchors if a.node == EFFUSION and a.seen]) == told
        assert EFFUSION in {a.node for a in sample.of("finding")}
        assert len([s for s in selector.content(sample).findings if s.node == EFFUSION]) == told


def test_a_plate_is_no_picture_of_a_patient_with_all_its_diseases(tree: TreeIndex) -> None:
    caption = "plain film. (a) In pulmonary emphysema the walls are lost. (b) In asthma the walls are thick."
    content = Selector(tree, Names(tree, {})).content(_sample(tree, caption))
    assert content.diagnoses == [] and {s.node for s in content.named} == {EMPHYSEMA, "DOID:2841"}
