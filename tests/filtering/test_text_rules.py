"""Rules on captions and licences, and the tables that they read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from met_kg import tables
from met_kg.errors import DataProblem, UnknownName
from met_kg.filtering import rules, words
from met_kg.filtering.context import Context
from met_kg.filtering.profile import load_profile
from met_kg.filtering.rules.licence import licence_name
from met_kg.filtering.words import Terms
from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.log import silent

ALLOWED = "CC0,PDM,CC-BY,CC-BY-NC-4.0"

TREE = """
MET:0000002 a owl:Class ; rdfs:label "imaging modality" .
MET:0001009 a owl:Class ; rdfs:label "computed tomography" ; met:treeParent MET:0000002 ; rdfs:subClassOf MET:0000002 .
MET:0001021 a owl:Class ; rdfs:label "ultrasonography" ; met:treeParent MET:0000002 ; rdfs:subClassOf MET:0000002 .
MET:0001034 a owl:Class ; rdfs:label "endoscopy" ; met:treeParent MET:0000002 ; rdfs:subClassOf MET:0000002 .
MET:0001295 a owl:Class ; rdfs:label "endoscopic ultrasonography" ; met:treeParent MET:0001021 ;
  rdfs:subClassOf MET:0001021 , MET:0001034 .
MET:0000003 a owl:Class ; rdfs:label "finding" .
MET:0005028 a owl:Class ; rdfs:label "descriptor" ; met:treeParent MET:0000003 ; rdfs:subClassOf MET:0000003 .
MET:0005029 a owl:Class ; rdfs:label "left" ; met:treeParent MET:0005028 ; rdfs:subClassOf MET:0005028 .
UBERON:0001062 a owl:Class ; rdfs:label "anatomical entity" .
UBERON:0002107 a owl:Class ; rdfs:label "liver" ; met:treeParent UBERON:0001062 ; rdfs:subClassOf UBERON:0001062 .
UBERON:0000970 a owl:Class ; rdfs:label "eye" ; met:treeParent UBERON:0001062 ; rdfs:subClassOf UBERON:0001062 .
UBERON:0000964 a owl:Class ; rdfs:label "cornea" ; met:treeParent UBERON:0001062 ; rdfs:subClassOf UBERON:0001062 ,
  [ a owl:Restriction ; owl:onProperty BFO:0000050 ; owl:someValuesFrom UBERON:0000970 ] .
"""
AXES = {"MET:0005": "finding", "MET:0000": "modality", "MET:0001": "modality", "UBERON:0": "anatomy"}


def objections(
    rule: str,
    captions: list[str],
    *,
    nodes: dict[str, list[str]] | None = None,
    modality: str = "",
    context: dict[str, str] | None = None,
    **parameters: float | str,
) -> dict[str, str]:
    """Reasons by caption; ``nodes`` and ``context`` are by caption, too."""
    around = context or {}
    rows = [
        {"sample_id": f"s{i}", "caption": c, "licence": c, "context": around.get(c, ""), "modality": modality}
        for i, c in enumerate(captions)
    ]
    anchors = [
        {"sample_id": f"s{captions.index(c)}", "node": n, "axis": AXES[n[:8]], "polarity": "positive"}
        for c, named in (nodes or {}).items()
        for n in named
    ]
    graph = Graph.memory()
    graph.load_text("metg:tree", TREE)
    add_closure(graph)
    given = Context(graph=graph, anchors=tables.frame("anchors", anchors), run=Path(), log=silent)
    found = rules.find(rule)(tables.frame("samples", rows), given, parameters)
    return {captions[int(h.sample_id[1:])]: h.reason for h in found}


@pytest.mark.parametrize(
    "caption",
    [
        "(c) 2020 Example Press.",
        "Figure 1",
        "Fig. 2 (A-C).",
        "Figure 3. See text for details.",
        "© 2019 Example Press Ltd. All rights reserved.",
        "Reprinted with permission from Smith et al.",
        "Case courtesy of Dr. A Smith, example.org, rID: 1234",
        "CT, computed tomography; MRI, magnetic resonance imaging",
        "Abbreviations: LV, left ventricle; RV, right ventricle; Ao, aorta.",
        "Click to enlarge",
        "Licensed under CC BY-SA 3.0 via Commons.",
        "https://example.org/image.jpg",
        "IMG_0023",
        "No caption",
    ],
)
def test_captions_of_nothing_but_boilerplate(caption: str) -> None:
    assert objections("caption-boilerplate", [caption], minimum=1) == {caption: f"nothing but boilerplate: '{caption}'"}


def test_captions_that_say_something_besides_boilerplate() -> None:
    captions = [
        "Figure 3: Chest radiograph.",
        "Pneumonia (see text for details). © 2019 Example Press.",
        "Fractures.",
        "(C) CXR image, 2 days later, in which a pattern is observed.",
        "CT: fracture of the rib.",
        "ERCP, multiple stones",
        "Left ventricle. LV, left ventricle; RV, right ventricle.",
        "胸部X光片显示肺炎",
        "",
    ]
    assert objections("caption-boilerplate", captions, minimum=1) == {}


GERMAN = "Röntgenaufnahme des Thorax mit Pleuraerguss links."
FRENCH = "Radiographie du thorax de face montrant un épanchement pleural gauche."
SPANISH = "Radiografía de tórax que muestra un derrame pleural izquierdo."
PORTUGUESE = "Ressonância magnética do encéfalo em corte axial."
CHINESE = "这是胸部CT图像吗?"
ENGLISH = [
    "Chest X-ray with a pleural effusion on the left.",
    "Tinea corporis.",
    "Musculus sternocleidomastoideus, vena jugularis interna (arrow).",
    "IOPA",
    "T2 FLAIR",
    "",
]


def test_captions_in_other_languages() -> None:
    other = [GERMAN, FRENCH, SPANISH, PORTUGUESE, CHINESE]
    found = objections("caption-language", [*ENGLISH, *other], languages="en", margin=15)
    assert list(found) == other
    assert found[GERMAN] == f"the caption '{GERMAN}' is in German; wanted: en"
    assert "is in Chinese" in found[CHINESE]
    assert list(objections("caption-language", [*ENGLISH, *other], languages="en,fr,zh", margin=15)) == [
        GERMAN,
        SPANISH,
        PORTUGUESE,
    ]
    with pytest.raises(UnknownName, match="language"):
        objections("caption-language", ENGLISH, languages="english", margin=15)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CC BY", ("CC-BY", "")),
        ("CC-BY 4.0", ("CC-BY", "4.0")),
        ("cc by-nc-sa 3.0 IGO", ("CC-BY-NC-SA", "3.0")),
        ("http://creativecommons.org/licenses/by-nc-nd/4.0/", ("CC-BY-NC-ND", "4.0")),
        ("Creative Commons Attribution Non-Commercial 4.0 International License", ("CC-BY-NC", "4.0")),
        ("https://creativecommons.org/publicdomain/zero/1.0/", ("CC0", "1.0")),
        ("CC0", ("CC0", "")),
        ("Public Domain Mark 1.0", ("PDM", "1.0")),
        ("Apache-2.0", ("Apache", "2.0")),
        ("listed as authorized for everyone", ("listed as authorized for everyone", "")),
        ("NO-CC CODE", ("NO-CC CODE", "")),
    ],
)
def test_licences_however_written(text: str, name: tuple[str, str]) -> None:
    assert licence_name(text) == name


def test_licences_that_are_allowed() -> None:
    licences = ["CC BY 3.0", "CC0 1.0", "CC BY-NC 4.0", "CC BY-NC 3.0", "CC BY-ND", "all rights reserved", ""]
    found = objections("licence", licences, allowed=ALLOWED)
    assert list(found) == ["CC BY-NC 3.0", "CC BY-ND", "all rights reserved"]
    assert found["CC BY-ND"] == f"licence 'CC BY-ND' (CC-BY-ND) is none of {ALLOWED}"


def test_descriptors_alone_are_no_entity() -> None:
    nodes = {"left one": ["MET:0005029"], "left liver": ["MET:0005029", "UBERON:0002107"]}
    found = objections("no-entity", ["left one", "left liver", "one"], nodes=nodes)
    assert list(found) == ["left one", "one"]
    assert found["left one"].startswith("nothing but descriptors") and found["one"].startswith("no node of the tree")


def test_images_that_are_none_of_radiology() -> None:
    nodes = {
        "Endoscopy of the liver": ["MET:0001034", "UBERON:0002107"],
        "Endoscopic ultrasound": ["MET:0001295"],
        "Histology and CT of the liver": ["MET:0001009", "UBERON:0002107"],
        "The cornea.": ["UBERON:0000964"],
    }
    kept = ["Axial CT of the liver", "Arrow", "Fracture of the rib", "A hypoechoic mass after incision", "Case 2"]
    dropped = ["Photograph of the wound", "H&E stain, ×400", "Flow chart of the study", "Petri dish with colonies"]
    found = objections("not-radiology", [*nodes, *kept, *dropped], nodes=nodes, minimum=0)
    assert list(found) == ["Endoscopy of the liver", "The cornea.", *dropped]
    assert found["H&E stain, ×400"] == (
        "the text speaks for microscopy ('H&E'): -2 points for radiology, at least 0 wanted"
    )
    assert "endoscopy ('Endoscopy')" in found["Endoscopy of the liver"] and "eye ('cornea')" in found["The cornea."]
    by_node = objections("not-radiology", ["It."], nodes={"It.": ["UBERON:0000964"]}, minimum=0)
    assert "eye ('cornea (UBERON:0000964)')" in by_node["It."]
    around = {"Case 2": "Photograph of the wound", "Axial CT of the liver": "Photograph of the wound"}
    assert list(objections("not-radiology", list(around), context=around, minimum=0)) == ["Case 2"], "weak evidence"
    told = {"Photograph of the wound": ["MET:0001009"]}
    assert objections("not-radiology", list(told), nodes=told, modality="CT", minimum=0) == {}
    strict = objections("not-radiology", ["Case 2"], minimum=1)
    assert strict == {"Case 2": "the text says nothing of imaging: 0 points for radiology, at least 1 wanted"}


def test_terms_fit_as_written() -> None:
    found = Terms(
        {"t2*": "method", "SEM": "microscopy", "c-arm": "method", "contrast": "sign", "contrast-medium": "method"}
    )
    assert list(found.kinds("T2-weighted; sem; SEM. C arm, C–arm")) == [
        ("method", "T2"),
        ("microscopy", "SEM"),
        ("method", "C arm"),
        ("method", "C arm"),
    ]
    assert list(found.kinds("contrast medium")) == [("method", "contrast medium")], "the longest counts"
    assert list(found.kinds("contrasting İ")) == [], "whole words, and letters that grow when lowered do no harm"


def test_every_kind_of_evidence_has_points_and_words() -> None:
    points = {kind for kind, _, _ in words.rows("image-kinds.tsv")}
    said = [(kind, term) for kind, terms in words.rows("image-terms.tsv") for term in terms.split()]
    assert {kind for kind, _ in said} <= points
    assert len({term for _, term in said}) == len(said), "no term is listed twice"
    assert not [t for _, t in said if "*" in t[:-1]], "* stands at the end"


def test_a_table_row_of_another_width_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("a\tb\n1\t2\n3\n")
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(DataProblem, match=r"t\.tsv:3: the row has 1 columns, not a b"):
        list(words.rows("t.tsv"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("caption-language\tdrop\tlanguages= margin=3\t", r"mine\.tsv:2: 'languages=' is not name=words"),
        ("caption-language\tdrop\tlanguages=en margin=few\t", r"mine\.tsv:2: 'margin=few' is not name=number"),
        ("caption-language\tdrop\tlanguages=en\t", r"mine\.tsv:2: rule caption-language takes languages margin"),
        ("licence\tsometimes\tallowed=MIT\t", r"mine\.tsv:2: severity 'sometimes'"),
        ("licences\tdrop\tallowed=MIT\t", r"no rule in mine\.tsv:2 is called 'licences' \(did you mean licence"),
        ("licence", r"mine\.tsv:2: a profile row has rule, severity"),
    ],
)
def test_a_wrong_row_of_a_profile_is_named_with_its_line(tmp_path: Path, row: str, message: str) -> None:
    profile = tmp_path / "mine.tsv"
    profile.write_text(f"# mine\n{row}\n")
    with pytest.raises((DataProblem, UnknownName), match=message):
        load_profile(str(profile))


def test_profiles_that_ship() -> None:
    default, radiology = load_profile("default").settings, load_profile("radiology").settings
    assert "not-radiology" not in default and radiology["not-radiology"].severity == "drop"
    assert default["caption-language"].parameters == {"languages": "en", "margin": 15}
    assert {r for r, s in default.items() if s.severity == "flag"} >= {"region-contradiction", "disjoint-anchors"}


@pytest.mark.data
def test_roco_captions_in_english_stay(data_root: Path) -> None:
    import gzip
    import json

    path = data_root / "captions" / "roco-validation" / "radiology.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        captions = [json.loads(line)["caption"].strip() for line in lines]
    samples = tables.frame("samples", [{"sample_id": str(i), "caption": c} for i, c in enumerate(captions)])
    context = Context(graph=Graph.memory(), anchors=pd.DataFrame(), run=Path(), log=silent)
    hits = list(rules.find("caption-language")(samples, context, {"languages": "en", "margin": 15}))
    french = [h for h in hits if "is in French" in h.reason]
    assert len(french) > 100 and len(hits) - len(french) < 15
