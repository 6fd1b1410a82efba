from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from met_kg import tables
from met_kg.corpus import phantoms
from met_kg.corpus.images import fingerprint
from met_kg.filtering import rules
from met_kg.filtering.context import Context
from met_kg.filtering.profile import load_profile
from met_kg.graph.store import Graph
from met_kg.log import silent
from tests import drawn

RULES = tuple(f"image-{n}" for n in ("blank", "border", "diagram", "screenshot", "logo", "colour"))
MODALITIES = """
MET:0001001 met:axis "modality" ; met:depth 1 .
MET:0001009 met:axis "modality" ; met:depth 1 .
MET:0001021 met:axis "modality" ; met:depth 1 .
MET:0001022 met:axis "modality" ; met:depth 2 ; met:ancestor MET:0001021 .
MET:0001042 met:axis "modality" ; met:depth 2 ; met:ancestor MET:0001041 .
MET:0001047 met:axis "modality" ; met:depth 1 .
MET:0001706 met:axis "modality" ; met:depth 2 ; met:ancestor MET:0001701 .
MET:0001714 met:axis "modality" ; met:depth 2 ; met:ancestor MET:0001701 .
"""
RADIOGRAPHY, CT, ULTRASOUND, DOPPLER = "MET:0001001", "MET:0001009", "MET:0001021", "MET:0001022"
HISTOLOGY, PLANE, RENDERING = "MET:0001042", "MET:0001047", "MET:0001706"


@pytest.fixture(scope="module")
def graph() -> Graph:
    graph = Graph.memory()
    graph.load_text("metg:closure", MODALITIES)
    return graph


def objections(
    graph: Graph,
    folder: Path,
    picture: Image.Image,
    *nodes: str,
    profile: str = "radiology",
    polarity: str = "positive",
) -> set[str]:
    """The image rules of a profile that object to a picture with anchors on these modalities."""
    path = folder / "picture.png"
    picture.save(path)
    print_ = fingerprint(path)
    assert print_.measures is not None
    samples = tables.frame("samples", [{"sample_id": "s", "phash": print_.phash, **asdict(print_.measures)}])
    anchors = tables.frame("anchors", [{"sample_id": "s", "node": n, "polarity": polarity} for n in nodes])
    context = Context(graph, folder, silent, anchors=anchors)
    settings = load_profile(profile).settings
    return {n for n in RULES if list(rules.find(n)(samples, context, settings[n].parameters))}


@pytest.mark.parametrize(
    ("draw", "rule"),
    [
        (drawn.text_page, "image-diagram"),
        (drawn.bar_chart, "image-diagram"),
        (drawn.screenshot, "image-screenshot"),
        (drawn.logo, "image-logo"),
        (drawn.letterboxed, "image-border"),
        (lambda: Image.new("L", (200, 200), 90), "image-blank"),
    ],
)
def test_each_rule_finds_its_own(graph: Graph, tmp_path: Path, draw: Callable[[], Image.Image], rule: str) -> None:
    assert rule in objections(graph, tmp_path, draw(), RADIOGRAPHY)


@pytest.mark.parametrize("draw", [drawn.radiograph, drawn.tinted_film, lambda: drawn.with_arrow(drawn.radiograph())])
def test_radiographs_pass_plain_tinted_and_with_an_arrow(
    graph: Graph, tmp_path: Path, draw: Callable[[], Image.Image]
) -> None:
    assert objections(graph, tmp_path, draw(), RADIOGRAPHY, CT) == set()


@pytest.mark.parametrize("kind", phantoms.names())
def test_the_drawn_corpus_passes(graph: Graph, tmp_path: Path, kind: str) -> None:
    found = phantoms.find(kind)
    scene = phantoms.Scene(found.states[0].name, "left", found.views[0] if found.views else "")
    values = found.draw(np.random.default_rng(7), scene)
    assert objections(graph, tmp_path, Image.fromarray((np.clip(values, 0, 1) * 255).astype(np.uint8))) == set()


def test_colour_is_judged_by_the_modalities_of_the_sample(graph: Graph, tmp_path: Path) -> None:
    def coloured(*nodes: str, polarity: str = "positive") -> bool:
        return "image-colour" in objections(graph, tmp_path, drawn.doppler(), *nodes, polarity=polarity)

    assert coloured(ULTRASOUND) and coloured(CT) and coloured(CT, PLANE) and coloured(CT, "MET:0001714")
    assert not coloured(DOPPLER) and not coloured(ULTRASOUND, DOPPLER)
    assert not coloured(HISTOLOGY) and not coloured(CT, HISTOLOGY) and not coloured(CT, RENDERING)
    assert not coloured() and not coloured(PLANE) and not coloured(CT, polarity="negative")


def test_a_text_without_image_concerns_no_image_rule(graph: Graph, tmp_path: Path) -> None:
    samples = tables.frame("samples", [{"sample_id": "s", "caption": "text alone"}])
    anchors = tables.frame("anchors", [{"sample_id": "s", "node": CT, "polarity": "positive"}])
    context = Context(graph, tmp_path, silent, anchors=anchors)
    for name, setting in load_profile("radiology").settings.items():
        if name.startswith("image-"):
            assert not list(rules.find(name)(samples, context, setting.parameters)), name


def test_what_is_drawn_is_flagged_by_default_and_dropped_in_radiology() -> None:
    default, radiology = load_profile("default").settings, load_profile("radiology").settings
    for name in ("image-diagram", "image-screenshot", "image-logo", "image-border", "image-colour"):
        assert (default[name].severity, radiology[name].severity) == ("flag", "drop")
