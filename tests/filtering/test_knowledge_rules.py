"""Rules that are queries: each on a small tree in memory, with the identifiers that the query names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from met_kg import tables
from met_kg.errors import DataProblem, MissingData
from met_kg.filtering import filter_files, rules
from met_kg.filtering.context import Context
from met_kg.filtering.facts import age_of, is_introduced, sample_triples
from met_kg.filtering.knowledge import knowledge_rules
from met_kg.filtering.options import FilterOptions
from met_kg.filtering.profile import load_profile
from met_kg.graph import queries
from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.log import silent

TREE = """
MET:0000002 a owl:Class ; rdfs:label "imaging modality" .
MET:0001001 a owl:Class ; rdfs:label "radiography" ; met:treeParent MET:0000002 ; rdfs:subClassOf MET:0000002 .
MET:0001002 a owl:Class ; rdfs:label "chest radiography" ; met:treeParent MET:0001001 ; rdfs:subClassOf MET:0001001 .
MET:0001009 a owl:Class ; rdfs:label "computed tomography" ; met:treeParent MET:0000002 ; rdfs:subClassOf MET:0000002 .
MET:0001015 a owl:Class ; rdfs:label "MRI" ; met:treeParent MET:0000002 ; rdfs:subClassOf MET:0000002 ;
  owl:disjointWith MET:0001009 .
MET:0001021 a owl:Class ; rdfs:label "ultrasonography" ; met:treeParent MET:0000002 ; rdfs:subClassOf MET:0000002 .
MET:0001047 a owl:Class ; rdfs:label "plane or projection" ; met:treeParent MET:0000002 ; rdfs:subClassOf MET:0000002 .
MET:0001049 a owl:Class ; rdfs:label "axial plane" ; met:treeParent MET:0001047 ; rdfs:subClassOf MET:0001047 .
MET:0000003 a owl:Class ; rdfs:label "finding" .
MET:0005432 a owl:Class ; rdfs:label "signal or density" ; met:treeParent MET:0000003 ; rdfs:subClassOf MET:0000003 .
MET:0005443 a owl:Class ; rdfs:label "hypoechogenicity" ; met:treeParent MET:0005432 ; rdfs:subClassOf MET:0005432 ,
  [ a owl:Restriction ; owl:onProperty met:imagedBy ; owl:someValuesFrom MET:0001021 ] .
MET:0005440 a owl:Class ; rdfs:label "hypodensity" ; met:treeParent MET:0005432 ; rdfs:subClassOf MET:0005432 ,
  [ a owl:Restriction ; owl:onProperty met:imagedBy ; owl:someValuesFrom MET:0001009 ] .
UBERON:0001062 a owl:Class ; rdfs:label "anatomical entity" .
UBERON:0001443 a owl:Class ; rdfs:label "chest" ; met:treeParent UBERON:0001062 ; rdfs:subClassOf UBERON:0001062 ,
  [ a owl:Restriction ; owl:onProperty met:imagedBy ; owl:someValuesFrom MET:0001002 ] .
UBERON:0000916 a owl:Class ; rdfs:label "abdomen" ; met:treeParent UBERON:0001062 ; rdfs:subClassOf UBERON:0001062 .
UBERON:0002103 a owl:Class ; rdfs:label "hindlimb" ; met:treeParent UBERON:0001062 ; rdfs:subClassOf UBERON:0001062 .
UBERON:0002048 a owl:Class ; rdfs:label "lung" ; met:treeParent UBERON:0001062 ; rdfs:subClassOf UBERON:0001062 ,
  [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0001443 ] .
UBERON:0002106 a owl:Class ; rdfs:label "spleen" ; met:treeParent UBERON:0001062 ; rdfs:subClassOf UBERON:0001062 ,
  [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0000916 ] .
UBERON:0000387 a owl:Class ; rdfs:label "meniscus" ; met:treeParent UBERON:0001062 ; rdfs:subClassOf UBERON:0001062 ,
  [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0002103 ] .
UBERON:0000178 a owl:Class ; rdfs:label "blood" ; met:treeParent UBERON:0001062 ; rdfs:subClassOf UBERON:0001062 .
UBERON:0000995 a owl:Class ; rdfs:label "uterus" ; met:treeParent UBERON:0001062 ; rdfs:subClassOf UBERON:0001062 .
UBERON:0002221 a owl:Class ; rdfs:label "fontanelle" ; met:treeParent UBERON:0001062 ; rdfs:subClassOf UBERON:0001062 .
DOID:4 a owl:Class ; rdfs:label "disease" .
DOID:11132 a owl:Class ; rdfs:label "prostatic hypertrophy" ; met:treeParent DOID:4 ; rdfs:subClassOf DOID:4 .
DOID:13223 a owl:Class ; rdfs:label "uterine fibroid" ; met:treeParent DOID:4 ; rdfs:subClassOf DOID:4 ,
  [ a owl:Restriction ; owl:onProperty RO:0004026 ; owl:someValuesFrom UBERON:0000995 ] .
DOID:552 a owl:Class ; rdfs:label "pneumonia" ; met:treeParent DOID:4 ; rdfs:subClassOf DOID:4 ,
  [ a owl:Restriction ; owl:onProperty RO:0004026 ; owl:someValuesFrom UBERON:0002048 ] .
"""
XRAY, CHEST_XRAY, CT, MRI, ULTRASOUND = "MET:0001001", "MET:0001002", "MET:0001009", "MET:0001015", "MET:0001021"
AXIAL, HYPOECHOIC, HYPODENSE = "MET:0001049", "MET:0005443", "MET:0005440"
CHEST, SPLEEN, MENISCUS, BLOOD = "UBERON:0001443", "UBERON:0002106", "UBERON:0000387", "UBERON:0000178"


class Corpus:
    """Samples whose captions open with some nodes, name others later, and whose metadata state others."""

    def __init__(self) -> None:
        self.graph = Graph.memory()
        self.graph.load_text("metg:tree", TREE)
        add_closure(self.graph)
        self.rows, self.anchors = list[dict[str, object]](), list[dict[str, object]]()

    def add(
        self,
        name: str,
        *,
        opens: tuple[str, ...] = (),
        later: tuple[str, ...] = (),
        metadata: tuple[str, ...] = (),
        polarity: str = "positive",
        **values: str,
    ) -> None:
        name = name.replace(" ", "-")
        caption = f"{', '.join(opens)}. {', '.join(later)}"
        self.rows.append({"sample_id": name, "caption": caption, "source": "test", **values})
        for node in (*opens, *later):
            start = caption.index(node)
            found = {"field": "caption", "start": start, "end": start + len(node), "text": node}
            self._anchor(name, node, "mention", polarity, json.dumps(found))
        for node in metadata:
            self._anchor(name, node, "metadata", "positive", "")

    def _anchor(self, sample: str, node: str, method: str, polarity: str, evidence: str) -> None:
        self.anchors.append(
            {
                "sample_id": sample,
                "node": node,
                "axis": "finding",
                "polarity": polarity,
                "method": method,
                "score": 1.0,
                "evidence": evidence,
            }
        )

    def hits(self, rule: str, **parameters: float | str) -> dict[str, str]:
        samples, anchors = tables.frame("samples", self.rows), tables.frame("anchors", self.anchors)
        self.graph.drop("metg:samples")
        self.graph.load_triples("metg:samples", sample_triples(samples, anchors))
        context = Context(graph=self.graph, anchors=anchors, run=Path(), log=silent)
        found = rules.find(rule)
        one_by_one = [h for i in range(len(samples)) for h in found(samples.iloc[i : i + 1], context, parameters)]
        assert one_by_one == list(found(samples, context, parameters)), "batches change nothing"
        return {h.sample_id.replace("-", " "): h.reason for h in one_by_one}


@pytest.fixture
def corpus() -> Corpus:
    return Corpus()


def test_modality_of_text_against_metadata(corpus: Corpus) -> None:
    corpus.add("contradicts", opens=(MRI,), metadata=(XRAY,))
    corpus.add("agrees below", opens=(CHEST_XRAY,), metadata=(XRAY,))
    corpus.add("names both", opens=(MRI,), later=(CHEST_XRAY,), metadata=(XRAY,))
    corpus.add("tells of another examination", opens=(BLOOD,), later=(MRI,), metadata=(XRAY,))
    corpus.add("denies", opens=(MRI,), metadata=(XRAY,), polarity="negative")
    corpus.add("a plane is no modality", opens=(AXIAL,), metadata=(XRAY,))
    corpus.add("no metadata", opens=(MRI,))
    assert corpus.hits("modality-contradiction") == {
        "contradicts": "the text names MRI (MET:0001015), the metadata radiography (MET:0001001)"
    }


def test_findings_that_another_modality_measures(corpus: Corpus) -> None:
    corpus.add("echo in a radiograph", opens=(XRAY, HYPOECHOIC))
    corpus.add("echo in an MRI by metadata", opens=(HYPOECHOIC,), metadata=(MRI,))
    corpus.add("echo in ultrasound", opens=(ULTRASOUND, HYPOECHOIC))
    corpus.add("ultrasound too", opens=(MRI, HYPOECHOIC), later=(ULTRASOUND,))
    corpus.add("density in a radiograph", opens=(XRAY, HYPODENSE))
    corpus.add("density in an MRI", opens=(MRI, HYPODENSE))
    corpus.add("no modality", opens=(HYPODENSE,))
    assert set(corpus.hits("finding-contradiction")) == {
        "echo in a radiograph",
        "echo in an MRI by metadata",
        "density in an MRI",
    }


def test_regions_out_of_reach(corpus: Corpus) -> None:
    corpus.add("meniscus in a chest image", opens=(MENISCUS,), metadata=(CHEST,))
    corpus.add("meniscus in a chest radiograph", opens=(CHEST_XRAY, MENISCUS))
    corpus.add("spleen is in reach", opens=(SPLEEN,), metadata=(CHEST,))
    corpus.add("something else is in reach", opens=(MENISCUS,), later=("DOID:552",), metadata=(CHEST,))
    corpus.add("blood is nowhere", opens=(BLOOD,), metadata=(CHEST,))
    corpus.add("told later", opens=(BLOOD,), later=(MENISCUS,), metadata=(CHEST,))
    corpus.add("any radiograph", opens=(XRAY, MENISCUS))
    assert corpus.hits("region-contradiction") == {
        "meniscus in a chest image": "the text is about meniscus (UBERON:0000387), which an image of chest"
        " (UBERON:0001443) does not show",
        "meniscus in a chest radiograph": "the text is about meniscus (UBERON:0000387), which an image of chest"
        " radiography (MET:0001002) does not show",
    }


def test_organs_of_the_other_sex(corpus: Corpus) -> None:
    corpus.add("organ", opens=("UBERON:0000995",), sex="M")
    corpus.add("disease there", opens=("DOID:13223",), sex="male")
    corpus.add("woman", opens=("DOID:13223",), sex="F")
    corpus.add("unstated", opens=("DOID:13223",))
    found = corpus.hits("sex-contradiction")
    assert set(found) == {"organ", "disease there"}
    assert found["disease there"] == (
        "the text shows uterine fibroid (DOID:13223), the metadata give the sex as M: no uterus (UBERON:0000995)"
    )


def test_what_another_age_has(corpus: Corpus) -> None:
    corpus.add("fontanelle at 40", opens=("UBERON:0002221",), age="40")
    corpus.add("fontanelle at 6 months", opens=("UBERON:0002221",), age="6 months")
    corpus.add("prostate of a boy", opens=("DOID:11132",), age="007Y")
    corpus.add("prostate of a man", opens=("DOID:11132",), age="71")
    corpus.add("no age", opens=("DOID:11132",), age="unknown")
    found = corpus.hits("age-contradiction")
    assert set(found) == {"fontanelle at 40", "prostate of a boy"}
    assert found["fontanelle at 40"] == (
        "the text shows fontanelle (UBERON:0002221), the metadata give the age as 40.0 years;"
        " fontanelle (UBERON:0002221) occurs from 0 to 4"
    )


def test_two_anchors_on_disjoint_classes(corpus: Corpus) -> None:
    corpus.add("both", opens=(CT, MRI))
    corpus.add("text and metadata", opens=(CT,), metadata=(MRI,))
    corpus.add("the text fits too", opens=(CT,), later=(MRI,), metadata=(MRI,))
    corpus.add("told later", opens=(CT,), later=(MRI,))
    corpus.add("not disjoint", opens=(CT, XRAY))
    assert set(corpus.hits("disjoint-anchors")) == {"both", "text and metadata"}


@pytest.mark.parametrize(
    ("text", "years"),
    [("52", 52), ("90+", 90), ("18 months", 1.5), ("006M", 0.5), ("045Y", 45), ("newborn", 0), ("3-year-old", 3)],
)
def test_ages(text: str, years: float) -> None:
    assert age_of(text) == pytest.approx(years)


@pytest.mark.parametrize("text", ["", "F", "adult", "60-70", "many years"])
def test_no_age(text: str) -> None:
    assert age_of(text) is None


@pytest.mark.parametrize(
    ("caption", "word", "introduced"),
    [
        ("Axial CT of the chest.", "CT", True),
        ("Fever. A CT followed.", "CT", False),
        ("MRI and CT of the knee.", "CT", False),
        ("CT and MRI of the knee.", "CT", False),
        ("CT scan or MRI.", "CT", False),
        ("X-ray/CT of the chest.", "CT", False),
        ("Landmark on CT.", "CT", True),
    ],
)
def test_what_a_caption_introduces(caption: str, word: str, introduced: bool) -> None:
    start = caption.index(word)
    assert is_introduced(caption, start, start + len(word)) is introduced


OWN = """# title: Diseases of the lung
# description: For a test.
# reason: the sample of {corpus} shows {said}
# param from: string  a corpus
# returns: ?sample ?said ?saidLabel ?corpus ?from
SELECT ?sample ?said ?saidLabel ?corpus ?from WHERE {
  ?sample met:depicts ?said ; met:corpus ?corpus . ?said met:hasLocation UBERON:0002048 ; rdfs:label ?saidLabel
  FILTER(STR(?corpus) = STR(?from))
}
"""


def test_a_query_of_ones_own_is_a_rule(corpus: Corpus, tmp_path: Path) -> None:
    query, profile = tmp_path / "lung-disease.rq", tmp_path / "mine.tsv"
    query.write_text(OWN)
    profile.write_text("# extends: default\nlung-disease.rq\tflag\tfrom=test\tas a query\n")
    setting = load_profile(str(profile)).settings["lung-disease"]
    assert (setting.severity, setting.parameters) == ("flag", {"from": "test"})
    corpus.add("ill", opens=("DOID:552",))
    corpus.add("well", opens=(CHEST,))
    assert corpus.hits(str(query), **setting.parameters) == {"ill": "the sample of test shows pneumonia (DOID:552)"}
    assert filter_files(FilterOptions(profile=str(profile))) == [profile, query]


def test_a_query_that_is_no_rule_says_so(corpus: Corpus, tmp_path: Path) -> None:
    query, profile = tmp_path / "q.rq", tmp_path / "mine.tsv"
    profile.write_text("q.rq\tflag\t\t\n")
    with pytest.raises(DataProblem, match=r"mine\.tsv:1: the rule's query .* is not there"):
        load_profile(str(profile))
    for line, message in (
        ("# reason: the sample of {corpus} shows {said}\n", "has a line '# reason:'"),
        ("# returns: ?sample ?said ?saidLabel ?corpus ?from\n", r"returns no \?sample"),
    ):
        query.write_text(OWN.replace(line, "") + f"# {message}\n")
        queries.find.cache_clear()
        with pytest.raises(DataProblem, match=message):
            load_profile(str(profile))
    query.write_text(OWN.replace("?corpus ?from WHERE", "?from WHERE"))
    queries.find.cache_clear()
    corpus.add("ill", opens=("DOID:552",))
    with pytest.raises(DataProblem, match=r"returns no \?corpus, which its header promises"):
        corpus.hits(str(query), **{"from": "test"})
    with pytest.raises(MissingData):
        rules.find(str(tmp_path / "none.rq"))


def test_rules_that_ship_are_found_and_set() -> None:
    assert {"modality-contradiction", "age-contradiction", "disjoint-anchors"} <= set(knowledge_rules())
    assert {"generic", "image-kinds"}.isdisjoint(knowledge_rules()), "queries without a reason are no rules"
    assert set(knowledge_rules()) <= set(load_profile("default").settings)


def test_a_query_is_asked_again_only_with_other_values(mini_graph: Graph) -> None:
    context = Context(mini_graph, Path(), silent)
    lung, head = (context.once("tree/ancestors", node=node) for node in ("DOID:552", "DOID:114"))
    assert lung != head and context.once("tree/ancestors", node="DOID:552") is lung
