from __future__ import annotations

from collections import Counter

import pytest

from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.synthesis.english import definite, indefinite, plural
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.names import Names
from met_kg.vocabulary import Graphs

MORE = """
MESH:D1 a owl:Class ; rdfs:label "Hyperkalemia" ; rdfs:subClassOf DOID:4 ; met:treeParent DOID:4 .
MESH:D2 a owl:Class ; rdfs:label "Tomography, Lung" ; rdfs:subClassOf DOID:4 ; met:treeParent DOID:4 .
MESH:D3 a owl:Class ; rdfs:label "Hashimoto Disease" ; rdfs:subClassOf DOID:4 ; met:treeParent DOID:4 .
DOID:900 a owl:Class ; rdfs:label "hard palate cancer" ; rdfs:subClassOf DOID:4 ; met:treeParent DOID:4 ;
  oboInOwl:hasExactSynonym "Hard Palate" , "Palatal Carcinoma" .
UBERON:900 a owl:Class ; rdfs:label "hard palate" ; rdfs:subClassOf UBERON:0000465 ; met:treeParent UBERON:0000465 .
UBERON:901 a owl:Class ; rdfs:label "strange limb" ; rdfs:subClassOf UBERON:0000465 ; met:treeParent UBERON:0000465 ;
  oboInOwl:hasExactSynonym "upper limb" , "LIMB" .
"""


@pytest.fixture
def tree(mini_graph: Graph) -> TreeIndex:
    mini_graph.load_text(Graphs.TREE, MORE)
    add_closure(mini_graph)
    return TreeIndex(mini_graph)


def test_names_in_ordinary_case_and_order(tree: TreeIndex) -> None:
    names = Names(tree)
    assert [names[f"MESH:D{i}"] for i in (1, 2, 3)] == ["hyperkalemia", "lung tomography", "Hashimoto disease"]


def test_the_word_of_the_corpus_is_taken_unless_another_node_bears_it(tree: TreeIndex) -> None:
    said = {"DOID:900": Counter({"hard palate": 9, "palatal carcinoma": 2})}
    assert Names(tree, said)["DOID:900"] == "palatal carcinoma"
    assert Names(tree)["DOID:900"] == "hard palate cancer"


def test_the_words_of_one_source(tree: TreeIndex) -> None:
    names = Names(tree)
    assert names.as_said("UBERON:901", "upper limbs") == "upper limb"
    assert names.as_said("UBERON:901", "limb") == "strange limb"
    assert names.spells("UBERON:901", "LIMB") and not names.spells("UBERON:901", "limb")
    assert names.short("MET:0000012") == "CT" and names.short("MET:0000011") == ""


@pytest.mark.parametrize(
    ("name", "with_article", "many"),
    [
        ("pneumonia", "pneumonia", "pneumonias"),
        ("pleural effusion", "a pleural effusion", "pleural effusions"),
        ("ultrasound artifact", "an ultrasound artifact", "ultrasound artifacts"),
        ("bulla", "a bulla", "bullae"),
        ("burns", "burns", "burns"),
        ("ground-glass opacity", "a ground-glass opacity", "ground-glass opacities"),
        ("atelectasis", "atelectasis", "atelectases"),
    ],
)
def test_articles_and_plurals(name: str, with_article: str, many: str) -> None:
    assert (indefinite(name), plural(name)) == (with_article, many)


def test_structures_take_the_article_that_english_gives_them() -> None:
    assert [definite(n) for n in ("heart", "connective tissue", "nerve", "Peyer's patch")] == [
        "the heart", "connective tissue", "a nerve", "a Peyer's patch",
    ]  # fmt: skip
    assert [definite(n, several=True) for n in ("kidney", "nerve", "foot")] == ["the kidneys", "nerves", "the feet"]


def test_what_only_an_ontologist_would_say(mini_graph: Graph) -> None:
    turtle = "".join(
        f'UBERON:{number} a owl:Class ; rdfs:label "{label}" ; rdfs:subClassOf UBERON:0000465 ; '
        "met:treeParent UBERON:0000465 .\n"
        for number, label in (
            ("9000001", "hindlimb stylopod muscle"),
            ("9000002", "foot digit"),
            ("9000003", "distal phalanx of manus"),
            ("9000004", "thoracic vertebra 12"),
            ("9000005", "manubrium"),
        )
    )
    mini_graph.load_text(Graphs.TREE, turtle)
    add_closure(mini_graph)
    names = Names(TreeIndex(mini_graph))
    assert [names[f"UBERON:900000{n}"] for n in range(1, 6)] == [
        "thigh muscle",
        "toe",
        "distal phalanx of the hand",
        "twelfth thoracic vertebra",
        "manubrium",
    ]
