from __future__ import annotations

import json
from collections import Counter

import pyoxigraph as ox
import pytest
from synthesis_corpus import VERSION, corpus, load

from met_kg.errors import UnknownName
from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.synthesis import Synthesis, SynthesisOptions, synthesize
from met_kg.synthesis.index import TreeIndex, spaced
from met_kg.synthesis.names import Names
from met_kg.synthesis.questions import question_types
from met_kg.synthesis.verify import verify_items
from met_kg.vocabulary import Graphs, expand


def _made(graph: Graph, count: int = 24, seed: int = 7, **options: object) -> Synthesis:
    samples, anchors = corpus(count)
    load(graph, anchors)
    chosen = SynthesisOptions.model_validate(options)
    return synthesize(samples, anchors, graph, options=chosen, seed=seed, tree_version=VERSION)


def _failed(graph: Graph, made: Synthesis) -> dict[str, tuple[str, ...]]:
    return {f.item_id: f.reasons for f in verify_items(made.vqa, graph)}


def _iri(curie: str) -> ox.NamedNode:
    return ox.NamedNode(expand(curie))


def test_every_type_has_six_wordings_a_format_and_each_only_once() -> None:
    types = question_types()
    assert len(types) == 21 and {"modality", "disease", "exclusion", "seat-imaging", "laterality"} < {
        t.name for t in types
    }
    for kind in types:
        for form, wordings in kind.wordings.items():
            assert len(set(wordings)) >= 6, (kind.name, form)
    with pytest.raises(UnknownName, match="organ"):
        question_types(["organs"])


def test_distractors_are_wrong_and_unseen(mini_graph: Graph) -> None:
    made = _made(mini_graph)
    tree = TreeIndex(mini_graph)
    samples, anchors = corpus()
    text = dict(zip(samples["sample_id"], map(spaced, samples["caption"]), strict=True))
    choices = made.vqa[made.vqa["format"] == "multiple-choice"]
    assert len(choices) > 35
    for item in choices.to_dict("records"):
        shown = anchors[(anchors["sample_id"] == item["sample_id"]) & (anchors["polarity"] != "negative")]["node"]
        barred = tree.lineage(item["key_node"]).union(*(tree.lineage(n) for n in shown))
        assert len(item["options"]) == len(set(item["options"])) == 4
        assert len(item["distractor_nodes"]) == len(item["distractor_relations"]) == 3
        for node in item["distractor_nodes"]:
            assert node not in barred
            assert tree.nodes[node].axis == tree.nodes[item["key_node"]].axis
            assert not any(term in text[item["sample_id"]] for term in tree.terms(node))
        options = [o for o in item["options"] if o != Names(tree)[item["key_node"]]]
        assert options == [Names(tree)[n] for n in item["distractor_nodes"]]
    named = choices[choices["sample_id"].isin({s for s, t in text.items() if "fibrosis" in t})]
    assert len(named) > 0
    assert not any("DOID:3770" in nodes for nodes in named["distractor_nodes"])


def test_too_few_distractors_reject_the_item_with_a_reason(mini_graph: Graph) -> None:
    made = _made(mini_graph)
    reasons = [r.reason for r in made.rejected if "symptom (multiple-choice)" in r.where]
    assert len(reasons) == 8
    assert all(r.startswith("only ") and "SYMP:0000614" in r for r in reasons)
    plan = made.plan.set_index(["type", "format", "node"])
    assert plan.loc[("symptom", "multiple-choice", "SYMP:0000614"), "made"] == 0
    assert plan.loc[("symptom", "multiple-choice", "SYMP:0000614"), "why_short"] == "8 too few distractors"
    assert plan.loc[("view", "open", ""), "why_short"] == "nothing to ask about"


def test_no_question_names_its_answer(mini_graph: Graph) -> None:
    made = _made(mini_graph)
    tree = TreeIndex(mini_graph)
    for item in made.vqa[made.vqa["format"] != "yes-no"].to_dict("records"):
        assert not any(term in spaced(item["question"]) for term in tree.terms(item["key_node"]))


def test_letters_and_yes_no_are_balanced_and_caps_hold(mini_graph: Graph) -> None:
    made = _made(mini_graph, count=60, per_sample=3, per_node=9)
    for _, group in made.vqa[made.vqa["format"] == "multiple-choice"].groupby("type"):
        counts = Counter(group["answer"])
        assert max(counts[x] for x in "ABCD") - min(counts[x] for x in "ABCD") <= 1
    answers = Counter(made.vqa[made.vqa["format"] == "yes-no"]["answer"])
    assert answers["yes"] == answers["no"] > 0
    assert made.vqa.groupby("sample_id").size().max() <= 3
    assert made.vqa.groupby(["type", "format", "key_node"]).size().max() <= 9
    assert made.vqa["item_id"].is_unique


def test_an_image_is_of_one_modality_so_others_are_denied(mini_graph: Graph) -> None:
    made = _made(mini_graph, count=60)
    asked = made.vqa[(made.vqa["type"] == "modality") & (made.vqa["format"] == "yes-no")]
    assert asked["key_node"].nunique() > 1
    for _, group in asked.groupby(["split", "key_node"]):
        answers = Counter(group["answer"])
        assert answers["yes"] == answers["no"] > 0
    item = asked[asked["answer"] == "no"].iloc[0]
    bound = json.loads(item["proof"])["query"]["bindings"]
    assert bound["claim"] == "disjoint" and bound["carrier"] != item["key_node"]
    assert f"is not {Names(TreeIndex(mini_graph))[item['key_node']]}" in item["rationale"]
    # Were the two not disjoint, nothing would deny it.
    for one, other in ((bound["carrier"], item["key_node"]), (item["key_node"], bound["carrier"])):
        mini_graph.store.remove(ox.Quad(_iri(one), _iri("met:disjoint"), _iri(other), _iri(Graphs.CLOSURE)))
    reasons = _failed(mini_graph, made)[item["item_id"]]
    assert reasons == (f"no longer true: {item['key_node']} is disjoint with {bound['carrier']}",)


def test_same_seed_same_tables_and_order_does_not_matter(mini_graph: Graph) -> None:
    first, other = _made(mini_graph), _made(mini_graph, seed=8)
    samples, anchors = corpus()
    again = synthesize(
        samples.iloc[::-1], anchors.iloc[::-1], mini_graph, options=SynthesisOptions(), seed=7, tree_version=VERSION
    )
    assert again.vqa.to_json() == first.vqa.to_json()
    assert again.captions.to_json() == first.captions.to_json()
    assert other.vqa.to_json() != first.vqa.to_json()


def test_proofs_hold_until_the_tree_or_a_sample_changes(mini_graph: Graph) -> None:
    made = _made(mini_graph)
    assert _failed(mini_graph, made) == {}
    # An anchor is added: exactly the items of that sample fail that offer the node, or its kind, as a wrong answer.
    choices = made.vqa[made.vqa["type"] == "disease"]
    item = choices[choices["format"] == "multiple-choice"].iloc[0]
    sample, node = item["sample_id"], item["distractor_nodes"][0]
    quad = ox.Quad(_iri(f"sample:{sample}"), _iri("met:depicts"), _iri(node), _iri(Graphs.SAMPLES))
    mini_graph.store.add(quad)
    kin = TreeIndex(mini_graph).lineage(node)
    hit = {
        r["item_id"] for r in made.vqa.to_dict("records") if r["sample_id"] == sample and kin & {*r["distractor_nodes"]}
    }
    failed = _failed(mini_graph, made)
    assert set(failed) == hit and item["item_id"] in hit
    second = {f.item_id: f.reasons for f in verify_items(made.vqa, mini_graph, engine="rdflib")}
    assert second == failed, "another engine comes to the same end, for the same reasons"
    assert any("does not show" in r for r in failed[item["item_id"]])
    mini_graph.store.remove(quad)
    assert _failed(mini_graph, made) == {}


def test_a_name_that_two_options_come_to_share_fails_their_items_only(mini_graph: Graph) -> None:
    made = _made(mini_graph)
    rows = made.vqa.to_dict("records")
    item = next(r for r in rows if r["type"] == "disease" and r["format"] == "multiple-choice")
    key, other = item["key_node"], item["distractor_nodes"][0]
    for node in (key, other):
        mini_graph.store.add(ox.Quad(_iri(node), _iri("met:term"), ox.Literal("shared name"), _iri(Graphs.CLOSURE)))
    hit = {
        r["item_id"]
        for r in rows
        if (r["key_node"] == key and other in r["distractor_nodes"])
        or (r["key_node"] == other and key in r["distractor_nodes"])
    }
    failed = _failed(mini_graph, made)
    assert set(failed) == hit and item["item_id"] in hit
    assert failed[item["item_id"]] == (f"no longer true: {key} shares no name with {other}",)


def test_a_reparented_or_obsolete_node_fails_its_items_only(mini_graph: Graph) -> None:
    made = _made(mini_graph)
    parent, old, new = _iri("met:treeParent"), _iri("MET:0000020"), _iri("MET:0000003")
    for predicate in (parent, _iri("rdfs:subClassOf")):
        mini_graph.store.remove(ox.Quad(_iri("MET:0000025"), predicate, old, _iri(Graphs.TREE)))
        mini_graph.store.add(ox.Quad(_iri("MET:0000025"), predicate, new, _iri(Graphs.TREE)))
    add_closure(mini_graph)
    using = {r["item_id"] for r in made.vqa.to_dict("records") if "MET:0000025" in r["distractor_nodes"]}
    failed = _failed(mini_graph, made)
    assert using and set(failed) == using
    assert all("MET:0000025 is sibling of" in reasons[0] for reasons in failed.values())


def test_an_obsolete_node_fails_every_item_that_uses_it(mini_graph: Graph) -> None:
    made = _made(mini_graph)
    node = _iri("MET:0000025")
    mini_graph.store.add(ox.Quad(node, _iri("owl:deprecated"), ox.Literal(True), _iri(Graphs.TREE)))
    for quad in list(mini_graph.store.quads_for_pattern(node, None, None, _iri(Graphs.TREE))):
        if quad.predicate in (_iri("rdfs:subClassOf"), _iri("met:treeParent")):
            mini_graph.store.remove(quad)
    add_closure(mini_graph)
    rows = made.vqa.to_dict("records")
    using = {r["item_id"] for r in rows if "MET:0000025" in (r["key_node"], *r["distractor_nodes"])}
    failed = _failed(mini_graph, made)
    assert using and set(failed) == using
    assert all(any("MET:0000025 is a live node" in r for r in reasons) for reasons in failed.values())


@pytest.mark.parametrize("column", ["answer", "key_node", "options", "distractor_nodes", "proof", "ask"])
def test_a_changed_item_is_noticed(mini_graph: Graph, column: str) -> None:
    made = _made(mini_graph)
    vqa = made.vqa[made.vqa["format"] == "multiple-choice"].head(1).reset_index(drop=True)
    row = vqa.iloc[0]
    proof = json.loads(row["proof"])
    changed = {
        "answer": "ABCD"[("ABCD".index(row["answer"]) + 1) % 4],
        "key_node": row["distractor_nodes"][0],
        "options": [*row["options"][:3], "something else"],
        "distractor_nodes": list(row["distractor_nodes"][::-1]),
        "proof": "[]",
        "ask": json.dumps({**proof, "ask": "ASK { SERVICE <http://localhost:1/> { ?s ?p ?o } }"}),
    }[column]
    target = "proof" if column == "ask" else column
    vqa[target] = [changed]
    failures = list(verify_items(vqa, mini_graph))
    assert [f.item_id for f in failures] == [row["item_id"]]
    assert failures[0].reasons
