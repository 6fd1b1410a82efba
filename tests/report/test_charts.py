"""Geometry: shares of an icicle, folded chains, gathered small branches, marks of a chart."""

from __future__ import annotations

import math

from met_kg.graph.store import Graph
from met_kg.report.charts import Branch, branches, fold, icicle, line_chart
from met_kg.vocabulary import AXES, AXIS_ROOT, Graphs


def leaf(name: str, weight: int) -> Branch:
    return Branch(name, name, "disease", weight, own=weight)


def test_heights_are_shares_and_children_lie_within_their_parent() -> None:
    root = Branch("r", "root", "disease", 100, own=20, children=[leaf("a", 50), leaf("b", 30)])
    boxes = {b.text: b for b in icicle([root], width=200, height=100)}
    assert (boxes["root"].height, boxes["a"].height, boxes["b"].height) == (100, 50, 30)
    assert (boxes["a"].y, boxes["b"].y) == (0, 50)
    assert boxes["a"].x == boxes["root"].width == 100


def test_small_children_are_gathered_and_named() -> None:
    small = [leaf(f"s{i}", 1) for i in range(5)]
    root = Branch("r", "root", "disease", 100, children=[leaf("big", 95), *small])
    gathered = [b for b in icicle([root], height=200) if "s0 1" in b.title]
    assert len(gathered) == 1 and gathered[0].height == 10 and "s4 1" in gathered[0].title


def test_folding_keeps_all_weight_and_every_other_branch() -> None:
    middle = Branch("m", "middle", "disease", 100, own=5, children=[leaf("heavy", 85), leaf("light", 10)])
    folded = fold(Branch("r", "root", "disease", 110, children=[middle, leaf("other", 10)]))
    assert {c.label: c.path for c in folded.children} == {"heavy": ("middle",), "light": ("middle",), "other": ()}
    assert folded.own + sum(c.weight for c in folded.children) == folded.weight == 110


def test_nothing_anchored_draws_nothing() -> None:
    assert icicle([]) == []


def test_branches_come_from_the_graph(mini_graph: Graph) -> None:
    mini_graph.load_text(
        Graphs.SAMPLES, "sample:1 met:depicts DOID:0080600 , DOID:2841 . sample:2 met:depicts DOID:0080600 ."
    )
    trees = branches(list(mini_graph.rows("overview/branches")), {a: AXIS_ROOT[a] for a in AXES})
    assert [(t.label, t.weight) for t in trees] == [("disease", 3)]
    lung_disease = trees[0].children[0]
    assert (lung_disease.label, lung_disease.path) == ("lung disease", ("respiratory system disease",))
    assert {c.label: (c.weight, c.own, c.path) for c in lung_disease.children} == {
        "COVID-19": (2, 2, ("pneumonia", "viral pneumonia")),
        "asthma": (1, 1, ()),
    }


def test_coverage_counts_what_is_shown_and_what_follows(mini_graph: Graph) -> None:
    mini_graph.load_text(Graphs.SAMPLES, "sample:1 met:depicts UBERON:0002167 . sample:2 met:excludes UBERON:0000948 .")
    rows = {r["axis"]: r for r in mini_graph.rows("overview/coverage")}
    anatomy = rows["anatomy"]
    assert (anatomy["depicted"], anatomy["reached"], anatomy["samples"]) == (1, 5, 1)
    assert (rows["disease"]["depicted"], rows["disease"]["reached"]) == (0, 0)


def test_a_chart_keeps_its_line_inside_and_leaves_out_what_is_not_finite() -> None:
    chart = line_chart([(1, 3.2), (2, math.nan), (3, 1.1), (4, 0.4)], width=300, height=100)
    assert chart is not None
    numbers = [tuple(map(float, pair.strip("ML").split())) for pair in chart.raw.split(" L")]
    assert len(numbers) == 3
    assert all(chart.left <= x <= 300 and 0 <= y <= chart.bottom for x, y in numbers)
    assert line_chart([(1, 2.0)]) is None
