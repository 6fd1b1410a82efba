"""Mixes whose slices, weights, branches and order are answers of queries over a run's graph."""

from __future__ import annotations

import importlib
import json
import math
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyoxigraph as ox
import pytest
from tiny_graph import BRANCHES, KEYS, make_graph_run

from met_kg import tables
from met_kg.errors import DataProblem, MetError, MissingData, RecipeProblem, UnknownName, UsageProblem
from met_kg.graph.ntriples import write_ntriples
from met_kg.graph.store import Graph
from met_kg.training.config import TrainConfig
from met_kg.training.examples import Example, read_examples
from met_kg.training.graph_values import open_graph
from met_kg.training.mix import Mix, draw
from met_kg.training.mix_report import mix_lines, mix_sentence, mix_table, write_mix
from met_kg.training.mix_settings import MixSettings
from met_kg.vocabulary import Graphs, expand


@pytest.fixture(scope="module")
def graph_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six samples to train on: a caption and three items each, eighteen items over five keys."""
    return make_graph_run(tmp_path_factory.mktemp("mix") / "run")


@pytest.fixture(scope="module")
def graph(graph_run: Path) -> Iterator[Graph]:
    opened = open_graph(graph_run, needed=True)
    assert opened is not None
    with opened:
        yield opened


@pytest.fixture(scope="module")
def examples(graph_run: Path) -> list[Example]:
    found, problems = read_examples(graph_run)
    assert not problems
    return found


@pytest.fixture
def mix(graph: Graph, examples: list[Example]) -> Any:
    def mix(caption_share: float | None = None, max_examples: int | None = None, **settings: Any) -> Mix:
        return draw(examples, MixSettings.model_validate(settings), graph, caption_share, max_examples, 5)

    return mix


def often(found: Mix, field: str, kind: str = "vqa") -> dict[str, int]:
    return dict(Counter(getattr(e, field) for e in found.examples if e.kind == kind))


def query(folder: Path, text: str) -> str:
    path = folder / "mine.rq"
    path.write_text(text)
    return str(path)


def test_a_slice_selects_items_and_the_captions_of_their_samples(mix: Any) -> None:
    found = mix(slice={"query": "slices/items-on-node", "parameters": {"node": "DOID:552"}})
    assert set(often(found, "node")) == {"DOID:552", "DOID:10533"}
    samples = {e.sample for e in found.examples if e.kind == "vqa"}
    assert {e.sample for e in found.examples if e.kind == "caption"} == samples
    reasons = found.ledger["reason"].value_counts()
    assert reasons["query slices/items-on-node does not select it"] == 18 - len(
        [e for e in found.examples if e.kind == "vqa"]
    )
    assert reasons.sum() == 24


def test_a_slice_takes_so_many_items_of_a_sample(mix: Any) -> None:
    asked = {"query": "slices/by-split", "parameters": {"split": "train"}, "per_sample": 2}
    found = mix(slice=asked)
    assert set(often(found, "sample").values()) == {2}
    assert "more than 2 items of its sample are selected" in set(found.ledger["reason"])


def test_captions_have_a_query_of_their_own(mix: Any) -> None:
    found = mix(captions={"query": "train/depicting", "parameters": {"node": "DOID:850"}})
    assert set(often(found, "sample", "caption")) == {"s1", "s5"}  # of those with pneumonia, which two are held out
    assert sum(often(found, "sample").values()) == 18


def test_a_temperature_of_infinity_gives_branches_the_same(mix: Any) -> None:
    natural = Counter(BRANCHES[node] for node in often(mix(), "node") for _ in range(often(mix(), "node")[node]))
    assert natural == {"DOID:850": 11, "UBERON:0000062": 4, "MET:0000012": 3}
    found = mix(temperature=math.inf)
    even = Counter({b: sum(n for k, n in often(found, "node").items() if BRANCHES[k] == b) for b in natural})
    assert even == {"DOID:850": 6, "UBERON:0000062": 6, "MET:0000012": 6}
    assert max(Counter(e.id for e in found.examples).values()) <= 4


def test_a_share_of_near_misses_is_met(mix: Any) -> None:
    found = mix(hard_share=0.5)  # six of eighteen are: twelve remain
    assert (often(found, "format")["yes-no"], sum(often(found, "format").values())) == (6, 12)
    other = mix(hard_share=0.25, hard={"query": "train/hard", "parameters": {"difficulty": "easy"}}, repeats=2)
    counts = often(other, "difficulty")
    assert counts["easy"] / sum(counts.values()) == 0.25 and counts["hard"] == 12


def test_weights_of_queries_and_levels_multiply(mix: Any, tmp_path: Path) -> None:
    double = query(tmp_path, 'SELECT ?item (2 AS ?value) { ?item met:difficulty "hard" }')
    found = mix(weights=[double, {"query": "train/rare-nodes", "parameters": {"most": 1}}], caption_levels={"short": 0})
    assert set(often(found, "kind", "caption")) == set()
    nodes = Counter(e.node for e in mix().examples if e.kind == "vqa")
    told = found.ledger[found.ledger["kind"] == "vqa"]
    for row in told.to_dict("records"):
        factor = 2 if row["difficulty"] == "hard" else 1
        assert row["weight"] == pytest.approx(factor / nodes[row["node"]])
    assert "it has weight 0" in set(found.ledger["reason"])


def test_a_key_has_so_many_items_at_most(mix: Any) -> None:
    found = mix(per_node=2)
    assert set(often(found, "node").values()) == {2}
    assert (found.ledger["reason"] == "its key has more than 2 items").sum() == 18 - 10


def test_a_curriculum_takes_its_values_from_a_query(mix: Any) -> None:
    found = mix(curriculum={})
    values = found.values(found.examples)
    assert all(
        math.isnan(value) if e.kind == "caption" else value == KEYS[e.node]
        for e, value in zip(found.examples, values, strict=True)
    )
    by_sample = mix(curriculum={"by": "train/sample-depth"})
    assert {
        e.kind for e, v in zip(by_sample.examples, by_sample.values(by_sample.examples), strict=True) if v == 3
    } == {
        "caption",
        "vqa",
    }


def test_the_table_counts_what_is_drawn_and_says_why_it_is_short(mix: Any, tmp_path: Path) -> None:
    settings = MixSettings.model_validate({"temperature": "inf", "repeats": 1.2, "per_node": 3})
    found = mix(**settings.model_dump(exclude_unset=True), max_examples=18)
    kept = found.examples[1:]  # as if the first were too long
    table = mix_table(found, kept, settings).set_index(["facet", "value"])
    frame = pd.DataFrame([(e.kind, e.node, e.format, e.difficulty) for e in kept], columns=list("knfd"))
    questions = frame[frame["k"] == "vqa"]
    for facet, column in (("node", "n"), ("format", "f"), ("difficulty", "d")):
        counts = questions[column].value_counts()
        assert table.loc[facet, "drawn"].to_dict() == counts.to_dict()
        assert table.loc[facet, "share"].to_dict() == pytest.approx((counts / len(questions)).to_dict())
        assert table.loc[facet, "natural"].sum() == pytest.approx(1) == table.loc[facet, "wanted"].sum()
    assert table.loc[("node", "DOID:552"), "label"] == "pneumonia"
    assert table.loc[("branch", "MET:0000012"), "wanted"] == pytest.approx(1 / 3)
    assert table.loc[("branch", "MET:0000012"), "why_short"].startswith("has 3, taken 1.2 times at most")
    assert table.loc[("node", "UBERON:0002048"), "left_out"] == "1: its key has more than 3 items"
    assert any("1 drawn cannot be trained on" in why for why in table.loc["kind", "why_short"])
    write_mix(found, kept, settings, tmp_path)
    assert tables.read("mix", tmp_path / "mix.parquet").set_index(["facet", "value"])["drawn"].equals(table["drawn"])
    summary = json.loads((tmp_path / "mix.json").read_text())
    assert summary["settings"]["temperature"] == "inf" and set(summary["queries"]) == {"train/branches"}
    assert sum(summary["left_out"].values()) == (found.ledger["reason"] != "").sum()
    text = "\n".join(mix_lines(found, table.reset_index()))
    assert "pneumonia" not in text and "lung disease (DOID:850)" in text and "keys are trained on" in text
    assert "temperature inf over train/branches" in mix_sentence(found, kept, settings)


NOTHING = 'SELECT ?item { ?item met:difficulty "none" }'


@pytest.mark.parametrize(
    ("settings", "kind", "says"),
    [
        ({"slice": NOTHING}, DataProblem, "query mine.rq selects no item of the split"),
        ({"captions": NOTHING}, DataProblem, "query mine.rq selects no caption"),
        ({"slice": "SELECT ?key { ?item met:key ?key }"}, UsageProblem, "returns neither ?item nor ?sample"),
        ({"slice": {"query": "slices/by-level", "parameters": {"levle": "fine"}}}, UnknownName, "did you mean level"),
        ({"slice": "slices/by-brunch"}, UnknownName, "did you mean"),
        ({"weights": ["SELECT ?item { ?item met:key ?key }"]}, UsageProblem, "does not return ?value and one of"),
        ({"weights": ["SELECT ?key (1 AS ?value) { ?item met:key ?key }"]}, UsageProblem, "?item, ?sample and ?node"),
        ({"weights": [NOTHING]}, DataProblem, "returns no rows"),
        ({"weights": ["SELECT ?item (-1 AS ?value) { ?item met:key ?key }"]}, DataProblem, "value -1, which is not a"),
        (
            {"weights": ['SELECT ?item ("NaN"^^xsd:double AS ?value) { ?item met:key ?k }']},
            DataProblem,
            "the value nan",
        ),
        ({"weights": ["SELECT ?item (?key AS ?value) { ?item met:key ?key }"]}, DataProblem, "which is not a finite"),
        ({"weights": ["SELECT (met:x AS ?node) (1 AS ?value) { }"]}, DataProblem, "has no value for any of the 24"),
        ({"curriculum": {"by": "SELECT ?node (?item AS ?value) { ?item met:key ?node }"}}, DataProblem, "two values"),
        (
            {"hard_share": 0.5, "hard": {"query": "train/hard", "parameters": {"difficulty": "no"}}},
            DataProblem,
            "no rows",
        ),
    ],
)
def test_what_a_query_gets_wrong_is_one_sentence(
    mix: Any, tmp_path: Path, settings: dict[str, Any], kind: type[MetError], says: str
) -> None:
    def filed(value: Any) -> Any:
        if isinstance(value, str) and value.startswith("SELECT"):
            return query(tmp_path, value)
        if isinstance(value, list):
            return [filed(one) for one in value]
        return {name: filed(one) for name, one in value.items()} if isinstance(value, dict) else value

    with pytest.raises(kind, match=re.escape(says)) as caught:
        mix(**filed(settings))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"temperature": 0}, "mix.temperature: input should be greater than 0, got 0"),
        ({"temperature": -2}, "mix.temperature: input should be greater than 0, got -2"),
        ({"temperature": math.nan}, "mix.temperature: input should be greater than 0, got nan"),
        ({"temprature": 2}, "unknown key 'mix.temprature' (did you mean 'temperature'?)"),
        ({"hard_share": 1.5}, "mix.hard_share: input should be less than or equal to 1, got 1.5"),
        ({"caption_levels": {"short": -1}}, "mix.caption_levels.short: input should be greater than or equal to 0"),
        ({"caption_levels": {"tall": 1}}, "input should be 'short', 'descriptive' or 'knowledge', got 'tall'"),
        ({"repeats": math.inf}, "mix.repeats: input should be a finite number, got inf"),
        (
            {"slice": {"query": "topic", "per_sample": 0}},
            "mix.slice.per_sample: input should be greater than or equal to 1",
        ),
        (
            {"curriculum": {"stages": [{"share": 0.6, "most": 1}] * 2}},
            "the shares of the stages are more than 1 together",
        ),
        ({"curriculum": {"start": 0}}, "mix.curriculum.start: input should be greater than 0, got 0"),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(RecipeProblem) as caught:
        TrainConfig.of({"base": "b", "data": "d", "out": "o", "mix": settings}, "train.yaml")
    (told,) = caught.value.problems
    assert says in told


def test_two_orders_are_one_too_many() -> None:
    with pytest.raises(RecipeProblem, match="two orders"):
        TrainConfig.of({"base": "b", "data": "d", "out": "o", "order": "as-given", "mix": {"curriculum": {}}}, "c")


def test_queries_need_a_graph(graph_run: Path, tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text("")
    with pytest.raises(MissingData, match="no graph that the queries of 'mix' could ask"):
        open_graph(tmp_path / "d.jsonl", needed=True)
    assert open_graph(tmp_path / "d.jsonl", needed=False) is None


def test_the_benchmark_computes_the_same_mix_another_way(
    graph_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    run = shutil.copytree(graph_run, tmp_path / "run")
    items = tables.read("vqa", run / "vqa.parquet")
    items["distractor_relations"] = [["sibling"] if form == "yes-no" else ["cousin"] for form in items["format"]]
    tables.write("vqa", items, run / "vqa.parquet")
    with Graph.open(run / "store") as graph:
        quads = graph.store.quads_for_pattern(None, None, None, ox.NamedNode(expand(Graphs.TREE)))
        write_ntriples((quad.triple for quad in quads), run / "graph" / "tree.nt")
    found = importlib.import_module("benchmarks.mixing").compare(run)
    assert found["pass"] < 1 and found["branch"] < 2 and found["node"] < 2
