"""What an anchor says of an image, from what a text says of a node."""

from __future__ import annotations

import json

import pytest

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.retrieval.mentions import _depicts, mention_anchors, other_panels, polarity

CAPTION = "Asthma. (A) Chest X-ray: no pneumothorax. (B) CT: pleural effusion and pneumothorax."


def _said(graph: Graph, caption: str, meta: str = "") -> dict[str, tuple[str, str]]:
    samples = tables.frame("samples", [{"sample_id": "s", "source": "c", "caption": caption, "meta": meta}])
    linker = Linker(Lexicon.from_graph(graph))
    return {row["node"]: (row["polarity"], row["assertion"]) for row in mention_anchors(samples, linker)}


def _meta(panel: str, **starts: int) -> str:
    ends = [*list(starts.values())[1:], len(CAPTION)]
    panels = [{"label": k, "start": a, "end": b} for (k, a), b in zip(starts.items(), ends, strict=True)]
    return json.dumps({"panel": panel, "panels": panels})


def test_what_relatives_have_and_what_would_be_anchors_nothing(mini_graph: Graph) -> None:
    assert _said(mini_graph, "Her mother had asthma. Return if a pneumothorax develops.") == {}


def test_what_was_before_may_still_be_there(mini_graph: Graph) -> None:
    assert _said(mini_graph, "History of asthma.") == {"DOID:2841": ("uncertain", "historical")}


def test_another_panel_is_not_this_image(mini_graph: Graph) -> None:
    a, b = CAPTION.index("Chest"), CAPTION.index("CT:")
    shown = _said(mini_graph, CAPTION, _meta("A", A=a, B=b))
    assert shown["DOID:2841"] == ("positive", "positive"), "said of all panels"
    assert shown["MET:0000021"] == ("uncertain", "other-panel"), "the same patient: maybe"
    assert shown["MET:0000023"] == ("negative", "negated"), "what is said of the panel itself counts"
    assert "MET:0000012" not in shown, "the CT is another image"
    other = _said(mini_graph, CAPTION, _meta("B", A=a, B=b))
    assert other["MET:0000021"] == ("positive", "positive")
    assert "MET:0000012" in other and "MET:0000011" not in other, "the X-ray is"


def test_where_the_panel_is_not_known_nothing_is_about_another(mini_graph: Graph) -> None:
    said = _said(mini_graph, CAPTION)
    assert said["MET:0000021"] == ("positive", "positive")
    assert said == _said(mini_graph, CAPTION, _meta("C", A=12, B=42))


@pytest.mark.parametrize(
    "meta", ["", "{}", '{"panel": "B"}', '{"panel": "B", "panels": "A and B"}', '{"panel": "B", "panels": ["B"]}']
)
def test_meta_of_another_kind_tells_no_panels(meta: str) -> None:
    assert other_panels(meta) == []


def test_panels_named_together_share_their_text() -> None:
    panels = [{"label": label, "start": a, "end": a + 5} for label, a in (("A", 0), ("B", 0), ("C", 9))]
    assert other_panels(json.dumps({"panel": "B", "panels": panels})) == [(9, 14)]


def test_polarity_of_each_status() -> None:
    assert [polarity(s, "finding") for s in ("positive", "negated", "uncertain", "historical")] == [
        "positive",
        "negative",
        "uncertain",
        "uncertain",
    ]
    assert polarity("family", "disease") is polarity("hypothetical", "disease") is None
    assert polarity("other-panel", "anatomy") is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A kidney-shaped mass.", False),
        ("It branches like the lung of a fish.", False),
        ("Spots that resemble a small liver.", False),
        ("These changes take place at the heart, liver, kidney and elsewhere.", False),
        ("The bud will become the right lung.", False),
        ("Folds develop into the heart and the lung.", False),
        ("The level of liver hormones.", False),
        ("Blood reaches the liver via the heart.", True),
        ("A liver and a kidney.", True),
    ],
)
def test_what_a_text_names_and_no_picture_draws(mini_graph: Graph, text: str, shown: bool) -> None:
    structures = {node for node in _said(mini_graph, text) if node.startswith("UBERON")}
    assert bool(structures) == shown


def test_a_likeness_is_none_of_a_finding_either(mini_graph: Graph) -> None:
    assert _said(mini_graph, "A consolidation-like shadow.") == {}
    assert set(_said(mini_graph, "Later it will become a consolidation.")) == {"MET:0000022"}, "no structure"


def test_letters_that_grow_in_lower_case_move_no_name() -> None:
    text = "İİİİ patient: blood leaves via the Inguinal Canal, and a FINGER-LIKE fold is drawn."
    for name, depicted in (("Inguinal Canal", False), ("FINGER", False), ("fold", True)):
        at = text.index(name)
        assert _depicts(text, at, at + len(name)) is depicted, name
