from __future__ import annotations

import json

import pandas as pd
import pyoxigraph as ox
import pytest
from synthesis_corpus import VERSION, load

from met_kg import tables
from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.synthesis import Synthesis, SynthesisOptions, synthesize
from met_kg.synthesis.distractors import Distractors
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.names import Names
from met_kg.synthesis.questions import question_types
from met_kg.synthesis.sample import read_samples
from met_kg.synthesis.verify import verify_items
from met_kg.vocabulary import Graphs, expand

MORE = """
MET:0005028 a owl:Class ; rdfs:label "descriptor" ; rdfs:subClassOf MET:0000003 ; met:treeParent MET:0000003 .
MET:0005030 a owl:Class ; rdfs:label "right" ; rdfs:subClassOf MET:0005028 ; met:treeParent MET:0005028 .
MET:0005031 a owl:Class ; rdfs:label "left" ; rdfs:subClassOf MET:0005028 ; met:treeParent MET:0005028 .
MET:0005032 a owl:Class ; rdfs:label "bilateral" ; rdfs:subClassOf MET:0005028 ; met:treeParent MET:0005028 .
MET:0005630 a owl:Class ; rdfs:label "midline" ; rdfs:subClassOf MET:0005028 ; met:treeParent MET:0005028 .
UBERON:0000916 a owl:Class ; rdfs:label "abdomen" ; rdfs:subClassOf UBERON:0000465 ; met:treeParent UBERON:0000465 .
DOID:9000 a owl:Class ; rdfs:label "disease elsewhere" ; rdfs:subClassOf DOID:4 ; met:treeParent DOID:4 .
DOID:9008 a owl:Class ; rdfs:label "liver cancer" ; rdfs:subClassOf DOID:9000 ,
  [ a owl:Restriction ; owl:onProperty RO:0004026 ; owl:someValuesFrom UBERON:0002107 ] ,
  [ a owl:Restriction ; owl:onProperty met:imagedBy ; owl:someValuesFrom MET:0000014 ] ; met:treeParent DOID:9000 .
DOID:9007 a owl:Class ; rdfs:label "chronic gastritis" ; rdfs:subClassOf DOID:9000 ; met:treeParent DOID:9000 .
DOID:9006 a owl:Class ; rdfs:label "kidney stone" ; rdfs:subClassOf DOID:9000 ,
  [ a owl:Restriction ; owl:onProperty RO:0004026 ; owl:someValuesFrom UBERON:0002113 ] ; met:treeParent DOID:9000 .
"""

BODY = """
UBERON:0000033 a owl:Class ; rdfs:label "head" ; rdfs:subClassOf UBERON:0000465 ; met:treeParent UBERON:0000465 .
UBERON:0000974 a owl:Class ; rdfs:label "neck" ; rdfs:subClassOf UBERON:0000465 ; met:treeParent UBERON:0000465 .
UBERON:0000915 a owl:Class ; rdfs:label "thorax" ; rdfs:subClassOf UBERON:0000465 ; met:treeParent UBERON:0000465 .
UBERON:0002355 a owl:Class ; rdfs:label "pelvis" ; rdfs:subClassOf UBERON:0000465 ; met:treeParent UBERON:0000465 .
UBERON:0002103 a owl:Class ; rdfs:label "lower limb" ; rdfs:subClassOf UBERON:0000465 ; met:treeParent UBERON:0000465 .
UBERON:0000978 a owl:Class ; rdfs:label "leg" ; rdfs:subClassOf UBERON:0000465 ,
  [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0002103 ] ; met:treeParent UBERON:0000465 .
UBERON:0002387 a owl:Class ; rdfs:label "foot" ; rdfs:subClassOf UBERON:0000465 ,
  [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0002103 ] ; met:treeParent UBERON:0000465 .
UBERON:0001465 a owl:Class ; rdfs:label "knee" ; rdfs:subClassOf UBERON:0000465 ,
  [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0002103 ] ; met:treeParent UBERON:0000465 .
UBERON:0001421 a owl:Class ; rdfs:label "shoulder girdle" ; rdfs:subClassOf UBERON:0000465 ; met:treeParent UBERON:0000465 .
UBERON:0001467 a owl:Class ; rdfs:label "shoulder" ; rdfs:subClassOf UBERON:0000465 ,
  [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0001421 ] ; met:treeParent UBERON:0000465 .
UBERON:0001456 a owl:Class ; rdfs:label "face" ; rdfs:subClassOf UBERON:0000465 ; met:treeParent UBERON:0000465 .
UBERON:0001443 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0000915 ] .
"""
EXAMINATIONS = """
UBERON:0002107 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0000916 ] .
UBERON:0002113 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0000916 ] .
UBERON:0000955 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0000033 ] .
MET:0000015 a owl:Class ; rdfs:label "brain CT" ; rdfs:subClassOf MET:0000012 ; met:treeParent MET:0000012 .
UBERON:0000955 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty met:imagedBy ; owl:someValuesFrom MET:0000015 ] .
MET:0000016 a owl:Class ; rdfs:label "knee CT" ; rdfs:subClassOf MET:0000012 ; met:treeParent MET:0000012 .
UBERON:0001465 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty met:imagedBy ; owl:someValuesFrom MET:0000016 ] .
MET:0000017 a owl:Class ; rdfs:label "foot CT" ; rdfs:subClassOf MET:0000012 ; met:treeParent MET:0000012 .
UBERON:0002387 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty met:imagedBy ; owl:someValuesFrom MET:0000017 ] .
MET:0000018 a owl:Class ; rdfs:label "kidney CT" ; rdfs:subClassOf MET:0000012 ; met:treeParent MET:0000012 .
UBERON:0002113 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty met:imagedBy ; owl:someValuesFrom MET:0000018 ] .
"""
GROUPS = """
UBERON:0000467 a owl:Class ; rdfs:label "system" ; rdfs:subClassOf UBERON:0000465 ; met:treeParent UBERON:0000465 .
UBERON:0001004 a owl:Class ; rdfs:label "respiratory system" ; rdfs:subClassOf UBERON:0000467 ; met:treeParent UBERON:0000467 .
UBERON:0001007 a owl:Class ; rdfs:label "digestive system" ; rdfs:subClassOf UBERON:0000467 ; met:treeParent UBERON:0000467 .
UBERON:0002048 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0001004 ] .
UBERON:0002107 rdfs:subClassOf [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0001007 ] .
DOID:0050117 a owl:Class ; rdfs:label "infection" ; rdfs:subClassOf DOID:4 ; met:treeParent DOID:4 .
DOID:9001 a owl:Class ; rdfs:label "liver cyst" ; rdfs:subClassOf DOID:9000 ,
  [ a owl:Restriction ; owl:onProperty RO:0004026 ; owl:someValuesFrom UBERON:0002107 ] ; met:treeParent DOID:9000 .
DOID:9002 a owl:Class ; rdfs:label "fatty liver" ; rdfs:subClassOf DOID:9000 ,
  [ a owl:Restriction ; owl:onProperty RO:0004026 ; owl:someValuesFrom UBERON:0002107 ] ; met:treeParent DOID:9000 .
DOID:9003 a owl:Class ; rdfs:label "liver stone" ; rdfs:subClassOf DOID:9000 ,
  [ a owl:Restriction ; owl:onProperty RO:0004026 ; owl:someValuesFrom UBERON:0002107 ] ; met:treeParent DOID:9000 .
DOID:9004 a owl:Class ; rdfs:label "liver fluke" ; rdfs:subClassOf DOID:0050117 ,
  [ a owl:Restriction ; owl:onProperty RO:0004026 ; owl:someValuesFrom UBERON:0002107 ] ; met:treeParent DOID:0050117 .
DOID:9005 a owl:Class ; rdfs:label "lung fluke" ; rdfs:subClassOf DOID:0050117 ,
  [ a owl:Restriction ; owl:onProperty RO:0004026 ; owl:someValuesFrom UBERON:0002048 ] ; met:treeParent DOID:0050117 .
DOID:9009 a owl:Class ; rdfs:label "fluke disease" ; rdfs:subClassOf DOID:0050117 ; met:treeParent DOID:0050117 .
"""


@pytest.fixture
def graph(mini_graph: Graph) -> Graph:
    """The mini tree with sides, and diseases away from the chest."""
    return _add(mini_graph, MORE)


def _add(graph: Graph, *turtle: str) -> Graph:
    from met_kg.vocabulary import sparql_prefixes

    prefixes = "".join(f"@prefix {line[7:]} .\n" for line in sparql_prefixes().splitlines())
    quads = ox.parse((prefixes + "".join(turtle)).encode(), ox.RdfFormat.TURTLE)
    graph.load_triples(Graphs.TREE, [q.triple for q in quads])
    add_closure(graph)
    return graph


SEEN = ("positive", "mention")
STATED = ("positive", "metadata")


def _made(graph: Graph, cases: list[tuple[str, dict[str, tuple[str, str]]]], **options: object) -> Synthesis:
    """Items of samples given as caption and {node: (polarity, method)}; a mention's words are the node's label."""
    tree = TreeIndex(graph)
    samples, anchors = [], []
    for i, (caption, nodes) in enumerate(cases):
        samples.append({"sample_id": f"{i:016x}", "image": f"{i}.png", "caption": caption, "split": "train"})
        # The seat of a disease is asked of a drawing as well; all else of what a modality made.
        for node, (polarity, method) in {**({"MET:0000010": STATED} if caption != "liver" else {}), **nodes}.items():
            label = tree.nodes[node].label
            start = caption.find(label)
            evidence = {"field": "caption", "start": start, "end": start + len(label), "text": label}
            anchors.append(
                {
                    "sample_id": f"{i:016x}", "node": node, "axis": tree.nodes[node].axis, "polarity": polarity,
                    "assertion": polarity, "method": method, "score": 1.0, "evidence": json.dumps(evidence),
                }
            )  # fmt: skip
    frames = tables.frame("samples", samples), tables.frame("anchors", anchors)
    load(graph, frames[1])
    chosen = SynthesisOptions.model_validate(options)
    return synthesize(*frames, graph, options=chosen, seed=7, tree_version=VERSION)


def _of(made: Synthesis, kind: str, form: str) -> pd.DataFrame:
    return made.vqa[(made.vqa["type"] == kind) & (made.vqa["format"] == form)]


def test_what_the_image_of_a_part_cannot_show_is_not_asked(graph: Graph) -> None:
    """A kidney stone in the notes of a chest film is no diagnosis of the film; without a stated part it may be."""
    nodes = {"DOID:9006": SEEN, "DOID:552": SEEN, "MET:0000010": STATED}
    made = _made(graph, [("pneumonia; kidney stone", {**nodes, "UBERON:0001443": STATED}), ("kidney stone", nodes)])
    asked = _of(made, "disease", "open")[["sample_id", "key_node"]].to_numpy().tolist()
    assert sorted(asked) == [["0" * 16, "DOID:552"], ["0" * 15 + "1", "DOID:552"], ["0" * 15 + "1", "DOID:9006"]]
    tree = TreeIndex(graph)
    (sample,) = read_samples(*_tables("UBERON:0001443"), tree)
    assert [a.node for a in sample.seen("disease")] == ["DOID:552"] and not sample.pictured
    # The metadata's diagnosis stands alone, if it is only that there is none.
    (sample,) = read_samples(*_tables("UBERON:0001443", finding="No Finding"), tree)
    assert sample.seen("disease") == [] and {a.node for a in sample.of("disease")} == {"DOID:552", "DOID:9006"}


def test_a_drawing_is_asked_for_structures_only(graph: Graph) -> None:
    made = _made(graph, [("liver", {"UBERON:0002107": SEEN, "DOID:9008": SEEN, "MET:0000022": SEEN})])
    assert set(made.vqa["type"]) <= {"organ", "region", "seat-imaging", "description"} and len(made.vqa) > 0


def _tables(part: str, finding: str = "") -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = [
        {"sample_id": "s", "node": node, "polarity": "positive", "method": method, "score": 1.0, "evidence": "{}"}
        for node, method in ((part, "metadata"), ("DOID:552", "mention"), ("DOID:9006", "mention"))
    ]
    return tables.frame("samples", [{"sample_id": "s", "image": "x.png", "finding": finding}]), tables.frame(
        "anchors", rows
    )


def test_a_side_is_asked_for_where_it_stands_beside_what_is_seen(graph: Graph) -> None:
    near = ("right pleural effusion", {"MET:0000021": SEEN, "MET:0005030": SEEN})
    far = ("pleural effusion. The right arm is out of view", {"MET:0000021": SEEN, "MET:0005030": SEEN})
    both = ("left and right pleural effusion", {"MET:0000021": SEEN, "MET:0005030": SEEN, "MET:0005031": SEEN})
    other = ("pleural effusion and right drain", {"MET:0000021": SEEN, "MET:0005030": SEEN})
    made = _made(graph, [near, far, both, other])
    asked = _of(made, "laterality", "open")
    assert asked["sample_id"].tolist() == ["0" * 16] and asked["answer"].tolist() == ["right"]
    assert "pleural effusion" in asked["question"].iloc[0]


def test_two_steps_through_the_seat_of_a_disease(graph: Graph) -> None:
    """Of a figure of the liver; the kidney lies too near, and what is of no part of the body may show the liver."""
    _add(graph, BODY, EXAMINATIONS)
    made = _made(graph, [("liver", {"UBERON:0002107": SEEN})])
    items = _of(made, "seat-imaging", "multiple-choice").to_dict("records")
    assert [i["key_node"] for i in items] == ["MET:0000014"]
    assert set(items[0]["distractor_nodes"]) == {"MET:0000015", "MET:0000016", "MET:0000017"}
    bound = json.loads(items[0]["proof"])["query"]["bindings"]
    assert (bound["claim"], bound["subject"], bound["carrier"]) == ("seat-imaging", "UBERON:0002107", "DOID:9008")
    assert "liver cancer affects the liver" in items[0]["rationale"]
    assert list(verify_items(made.vqa, graph)) == []
    # Were the disease imaged by a distractor as well, the item would have two right answers.
    other = items[0]["distractor_nodes"][0]
    names = [ox.NamedNode(expand(n)) for n in ("DOID:9008", "met:imagedBy", other, Graphs.CLOSURE)]
    graph.store.add(ox.Quad(*names))
    failed = {f.item_id: f.reasons for f in verify_items(made.vqa, graph)}
    assert failed[items[0]["item_id"]] == (f"no longer true: {other} is no seat-imaging of UBERON:0002107",)


def test_a_film_shows_more_than_the_structure_that_its_text_names(graph: Graph) -> None:
    _add(graph, BODY, EXAMINATIONS)
    made = _made(graph, [("liver", {"UBERON:0002107": SEEN}), ("a liver", {"UBERON:0002107": SEEN})])
    assert set(_of(made, "seat-imaging", "multiple-choice")["sample_id"]) == {"0" * 16}


def test_no_device_is_wrong_because_the_record_is_silent() -> None:
    (kind,) = question_types(["device"])
    assert set(kind.wordings) == {"open"}


def test_exclusion_offers_what_the_image_shows(graph: Graph) -> None:
    nodes = {"MET:0000021": SEEN, "MET:0000022": SEEN, "MET:0000024": SEEN, "MET:0000023": ("negative", "mention")}
    made = _made(graph, [("findings", nodes)])
    (item,) = _of(made, "exclusion", "multiple-choice").to_dict("records")
    assert item["key_node"] == "MET:0000023" and set(item["distractor_relations"]) == {"shown"}
    assert set(item["distractor_nodes"]) == {"MET:0000021", "MET:0000022", "MET:0000024"}
    assert list(verify_items(made.vqa, graph)) == []


def test_a_no_of_a_relation_is_no_relative_of_a_yes(graph: Graph) -> None:
    cases = [("", {"DOID:552": STATED}), ("", {"DOID:9008": STATED}), ("", {"DOID:6000": STATED})] * 6
    made = _made(graph, cases)
    asked = _of(made, "location", "yes-no")
    assert set(asked["answer"]) == {"yes", "no"}
    for item in asked.to_dict("records"):
        claim = json.loads(item["proof"])["query"]["bindings"]["claim"]
        assert claim == ("location" if item["answer"] == "yes" else "not-location")
    assert asked.groupby(["key_node"])["answer"].agg(lambda a: (a == "yes").mean()).eq(0.5).all()
    assert list(verify_items(made.vqa, graph)) == []


def test_rare_nodes_come_first_and_the_plan_accounts_for_everything(graph: Graph) -> None:
    cases = [("", {"DOID:552": STATED})] * 20 + [("", {"DOID:9008": STATED})] * 2
    made = _made(graph, cases, types=["disease"], formats=["open"], per_type=4, node_floor=2)
    assert made.vqa["key_node"].value_counts().to_dict() == {"DOID:552": 2, "DOID:9008": 2}
    plan = made.plan.set_index("node")
    assert plan.loc["DOID:552", ["wanted", "made"]].tolist() == [20, 2]
    assert plan.loc["DOID:552", "why_short"] == "18 over per_type"
    assert plan.loc["DOID:9008", "branch"] == "DOID:9008" and plan.loc["DOID:552", "branch"] == "DOID:850"


def test_each_step_of_a_rationale_names_its_facts(graph: Graph) -> None:
    made = _made(graph, [("pneumonia", {"DOID:552": SEEN})])
    (item,) = _of(made, "symptom", "open").to_dict("records")
    steps = json.loads(item["chain"])
    assert item["rationale"] == " ".join(step["sentence"] for step in steps)
    first, *rest = steps
    assert [f"sample:{'0' * 16}", "met:depicts", "DOID:552"] in first["facts"]
    assert any(isinstance(f, dict) and f["text"] == "pneumonia" for f in first["facts"])
    assert rest[-1]["facts"] == [["DOID:552", "met:hasSymptom", "SYMP:0000614"]]


def test_a_finding_that_the_text_reports_of_another_examination_is_not_asked(graph: Graph) -> None:
    other, own = (TreeIndex(graph).nodes[node].label for node in ("MET:0000014", "MET:0000010"))
    nodes = {"MET:0000014": SEEN, "MET:0000021": SEEN}
    cases = [(f"{other} showed pleural effusion", nodes), (f"After {other}. The {own}: pleural effusion", nodes)]
    made = _made(graph, cases)
    assert _of(made, "finding", "open")["sample_id"].tolist() == ["0" * 15 + "1"]


def test_the_own_examination_is_the_one_that_the_metadata_name(graph: Graph) -> None:
    """Where the text says "chest radiography" of a radiograph, its ultrasonography is another examination."""
    nodes = {"MET:0000011": "chest radiography", "MET:0000014": "ultrasonography", "MET:0000021": "pleural effusion"}
    caption = "chest radiography. ultrasonography showed pleural effusion"
    rows = []
    for node, label in nodes.items():
        start = caption.index(label)
        evidence = json.dumps({"field": "caption", "start": start, "end": start + len(label)})
        axis = TreeIndex(graph).nodes[node].axis
        row = {"sample_id": "s", "node": node, "axis": axis, "polarity": "positive", "method": "mention"}
        rows.append({**row, "score": 1.0, "evidence": evidence})
    for modality, seen in (("radiography", []), ("", ["MET:0000021"])):
        about = {"sample_id": "s", "image": "x.png", "caption": caption, "modality": modality}
        (sample,) = read_samples(tables.frame("samples", [about]), tables.frame("anchors", rows), TreeIndex(graph))
        assert [a.node for a in sample.seen("finding")] == seen


@pytest.mark.parametrize(
    ("part", "right", "wrong"),
    [
        ("UBERON:0000916", {"UBERON:0000033", "UBERON:0000978", "UBERON:0002387"}, {"UBERON:0002355"}),
        # The chin and the shoulders are on a film of the chest; where the face lies the tree does not say.
        (
            "UBERON:0001443",
            {"UBERON:0002355", "UBERON:0000978", "UBERON:0002387"},
            {"UBERON:0000033", "UBERON:0000974", "UBERON:0001467", "UBERON:0000916", "UBERON:0001456"},
        ),
    ],
)
def test_the_next_region_of_the_body_may_be_in_the_picture(
    graph: Graph, part: str, right: set[str], wrong: set[str]
) -> None:
    tree = TreeIndex(_add(graph, BODY))
    (kind,) = question_types(["region"])
    samples = tables.frame("samples", [{"sample_id": "s", "image": "x.png"}])
    row = {"sample_id": "s", "node": part, "axis": "anatomy", "polarity": "positive", "score": 1.0}
    anchors = tables.frame("anchors", [{**row, "method": "metadata", "evidence": "{}"}])
    (sample,) = read_samples(samples, anchors, tree)
    (target,) = kind.targets(sample, tree)
    distractors = Distractors(tree, Names(tree, {}), keys={"region": {part: 1}}, shown={"s": {part}}, depth_span=9)
    fitting = {c.node for c in distractors.fitting(kind, target, sample)[0]}
    assert fitting >= right and not fitting & wrong


def test_a_disease_of_another_group_has_nothing_in_common_with_the_one_shown(graph: Graph) -> None:
    """Neither organ system nor class nor, since bacterial pneumonia is classed as a lung disease, infection."""
    _add(graph, GROUPS)
    cases = [("", {"DOID:874": STATED}), ("", {"DOID:9001": STATED})] * 6
    made = _made(graph, cases, types=["same-group"])
    asked = _of(made, "same-group", "multiple-choice")
    about_lungs = asked[asked["sample_id"].isin([f"{i:016x}" for i in range(0, 12, 2)])]
    assert len(about_lungs) > 0
    others = {node for nodes in about_lungs["distractor_nodes"] for node in nodes}
    assert others <= {"DOID:9001", "DOID:9002", "DOID:9003", "DOID:9008"}
    assert list(verify_items(made.vqa, graph)) == []
    # That the liver is part of the respiratory system, or a disease of it an infection, breaks exactly these items.
    for node, predicate, value, says in (
        ("UBERON:0002107", "met:partOf", "UBERON:0001004", "sits in no organ system that"),
        ("DOID:9002", "met:ancestor", "DOID:0050117", "is no infection"),
        ("DOID:9002", "met:ancestor", "DOID:850", "shares no class with"),
    ):
        quad = ox.Quad(*(ox.NamedNode(expand(n)) for n in (node, predicate, value, Graphs.CLOSURE)))
        graph.store.add(quad)
        failed = {f.item_id: f.reasons for f in verify_items(made.vqa, graph)}
        with_it = (
            about_lungs
            if node.startswith("UBERON")
            else about_lungs[["DOID:9002" in n for n in about_lungs["distractor_nodes"]]]
        )
        assert set(with_it["item_id"]) <= set(failed)
        assert all(any(says in reason for reason in failed[item]) for item in with_it["item_id"])
        graph.store.remove(quad)


def test_groups_that_hold_the_disease_by_where_it_sits(graph: Graph) -> None:
    """The lung's diseases hold a lung fluke, and infections a pneumonia; infections of the liver alone do not."""
    found = TreeIndex(_add(graph, GROUPS)).grouping
    assert found.fits_beside("DOID:9005", "DOID:850") and found.fits_beside("DOID:552", "DOID:0050117")
    assert not found.fits_beside("DOID:9008", "DOID:850") and not found.fits_beside("DOID:552", "DOID:9004")
    assert not found.apart("DOID:552", "DOID:9009"), "of what lies in no known place nothing can be said"
    assert found.apart("DOID:552", "DOID:9008")


def test_a_disease_named_for_another_is_no_alternative(graph: Graph) -> None:
    """Non-cardiogenic pulmonary edema is a pulmonary edema, though the tree has them side by side."""
    _add(graph, 'DOID:2841 oboInOwl:hasExactSynonym "spasmodic pulmonary fibrosis" .')
    tree = TreeIndex(graph)
    assert tree.named_for("DOID:2841", "DOID:3770") and tree.named_for("DOID:3770", "DOID:2841")
    assert not tree.named_for("DOID:2841", "DOID:9675")
    made = _made(graph, [("", {"DOID:2841": STATED})], types=["disease"])
    (item,) = _of(made, "disease", "multiple-choice").to_dict("records")
    assert "DOID:3770" not in item["distractor_nodes"]
    assert list(verify_items(made.vqa, graph)) == []
    other = item["distractor_nodes"][0]
    name = ox.Literal(f"early {tree.nodes['DOID:2841'].label}")
    graph.store.add(
        ox.Quad(
            ox.NamedNode(expand(other)), ox.NamedNode(expand("met:term")), name, ox.NamedNode(expand(Graphs.CLOSURE))
        )
    )
    (failure,) = verify_items(made.vqa, graph)
    assert any("is not named for" in reason for reason in failure.reasons)


VIEWS = """
MET:0001001 a owl:Class ; rdfs:label "film" ; rdfs:subClassOf MET:0000010 ; met:treeParent MET:0000010 .
MET:0001047 a owl:Class ; rdfs:label "plane or projection" ; rdfs:subClassOf MET:0000002 ; met:treeParent MET:0000002 .
MET:0001048 a owl:Class ; rdfs:label "imaging plane" ; rdfs:subClassOf MET:0001047 ; met:treeParent MET:0001047 .
MET:0001052 a owl:Class ; rdfs:label "projection" ; rdfs:subClassOf MET:0001047 ; met:treeParent MET:0001047 .
""" + "".join(
    f'MET:000{number} a owl:Class ; rdfs:label "{name}" ; rdfs:subClassOf MET:{kind} ; met:treeParent MET:{kind} .\n'
    for number, name, kind in (
        (1049, "axial plane", "0001048"),
        (1050, "coronal plane", "0001048"),
        (1051, "sagittal plane", "0001048"),
        (1629, "oblique plane", "0001048"),
        (1647, "frontal projection", "0001052"),
        (1056, "lateral projection", "0001052"),
        (1058, "oblique projection", "0001052"),
        (1059, "lordotic projection", "0001052"),
    )
)


def test_no_projection_stands_beside_a_plane(graph: Graph) -> None:
    """A slice may have its scout film in the corner, and a frontal film lies in a coronal plane."""
    _add(graph, VIEWS)
    made = _made(graph, [("", {"MET:0001001": STATED, view: STATED}) for view in ("MET:0001049", "MET:0001647")])
    items = _of(made, "view", "multiple-choice")
    beside = {key: set(nodes) for key, nodes in zip(items["key_node"], items["distractor_nodes"], strict=True)}
    assert beside["MET:0001049"] == {"MET:0001050", "MET:0001051", "MET:0001629"}
    assert beside["MET:0001647"] == {"MET:0001056", "MET:0001058", "MET:0001059"} and len(beside) == 2
    assert sum("The image is in the axial plane." in said for said in items["rationale"]) == 1
