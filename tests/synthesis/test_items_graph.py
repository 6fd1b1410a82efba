"""Items as RDF: their shape, their provenance, and the slices that queries cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyshacl
import pytest
import rdflib
from click.testing import CliRunner
from run_folder import write_run

from met_kg import tables
from met_kg.cli.items import slice_items
from met_kg.errors import DataProblem, MetError, UsageProblem
from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.paths import ontology_dir
from met_kg.synthesis.items_graph import item_triples
from met_kg.synthesis.slices import select
from met_kg.vocabulary import Graphs, expand

MINI = Path(__file__).parents[1] / "mini_tree.ttl"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    graph = Graph.memory()
    graph.load_text(Graphs.TREE, MINI.read_text(encoding="utf-8"))
    add_closure(graph)
    return write_run(graph, tmp_path_factory.mktemp("slices") / "run")


@pytest.fixture(scope="module")
def vqa(run: Path) -> pd.DataFrame:
    return tables.read("vqa", run / "vqa.parquet")


def validated(data: rdflib.Graph) -> tuple[bool, str]:
    shapes = rdflib.Graph().parse(ontology_dir() / "shapes" / "items.ttl")
    conforms, _, text = pyshacl.validate(data, shacl_graph=shapes, inference="none")
    return bool(conforms), text


def test_items_have_their_shape_and_a_broken_one_is_noticed(run: Path) -> None:
    data = rdflib.Graph().parse(run / "graph" / "items.nt")
    conforms, text = validated(data)
    assert conforms, text
    item = next(data.subjects(rdflib.RDF.type, rdflib.URIRef(expand("met:Item"))))
    data.remove((item, rdflib.PROV.wasGeneratedBy, None))
    data.set((item, rdflib.URIRef(expand("met:level")), rdflib.Literal("deep")))
    conforms, text = validated(data)
    assert not conforms and text.count("Constraint Violation") == 2


def test_every_item_says_where_it_comes_from(run: Path, vqa: pd.DataFrame) -> None:
    graph = Graph.memory()
    graph.load_file(Graphs.ITEMS, run / "graph" / "items.nt")
    rows = graph.rows_of(
        """SELECT ?item ?sample ?origin ?source ?node ?polarity ?method ?score ?evidence ?generator ?version ?sha256 {
             ?item prov:wasDerivedFrom ?sample , ?anchor ; prov:wasGeneratedBy ?step ; prov:wasAttributedTo ?agent .
             ?anchor a met:Anchor ; prov:wasDerivedFrom ?sample ; met:node ?node ; met:polarity ?polarity ;
                     met:method ?method ; met:score ?score ; met:evidence ?evidence .
             ?sample prov:wasDerivedFrom ?from . ?from dcterms:title ?source . OPTIONAL { ?sample dcterms:source ?origin }
             ?agent a prov:SoftwareAgent ; dcterms:title ?generator .
             ?step prov:used ?tree ; prov:wasAssociatedWith ?agent .
             ?tree owl:versionInfo ?version ; met:sha256 ?sha256 }"""
    )
    found = {str(row["item"]).partition(":")[2]: row for row in rows}
    assert len(found) == len(vqa)
    for item in vqa.to_dict("records"):
        row, proof = found[item["item_id"]], json.loads(item["proof"])
        said, anchor = proof["provenance"], proof["provenance"]["anchor"]
        assert row["sample"] == f"sample:{item['sample_id']}" and row["source"] == said["source"]
        assert (row["version"], row["sha256"]) == (proof["tree"]["version"], proof["tree"]["sha256"])
        assert [row[k] for k in ("node", "polarity", "method", "score")] == [
            anchor[k] for k in ("node", "polarity", "method", "score")
        ]
        assert json.loads(str(row["evidence"])) == anchor["evidence"] and row["generator"] == said["generator"]


def test_shared_nodes_are_said_once_and_the_graph_is_the_same_each_time(vqa: pd.DataFrame) -> None:
    triples = list(item_triples(vqa))
    assert len(triples) == len(set(triples))
    assert list(item_triples(vqa)) == triples
    assert len(triples) / len(vqa) < 30


def _cut(run: Path, query: str, **values: str | int) -> set[str]:
    return set(select(run, query, values)["item_id"])


#: Query and its parameters -> which rows of the table it selects.
SLICES: list[tuple[str, dict[str, str | int], Callable[[dict[str, object]], bool]]] = [
    ("by-difficulty", {}, lambda r: r["difficulty"] == "hard"),
    ("by-difficulty", {"difficulty": "easy"}, lambda r: r["difficulty"] == "easy"),
    ("by-level", {}, lambda r: r["level"] == "fine"),
    ("by-split", {"split": "test"}, lambda r: r["split"] == "test"),
    ("by-relation", {}, lambda r: "sibling" in r["distractor_relations"]),
    ("by-relation", {"least": 3}, lambda r: list(r["distractor_relations"]).count("sibling") == 3),
    ("by-claim", {"claim": "location"}, lambda r: '"claim": "location"' in str(r["proof"])),
    ("items-on-node", {"node": "DOID:850"}, lambda r: str(r["key_node"]) in LUNG),
    ("by-branch", {"branch": "DOID:850"}, lambda r: str(r["key_node"]) in LUNG),
]
LUNG = {
    "DOID:850",
    "DOID:552",
    "DOID:874",
    "DOID:2841",
    "DOID:3083",
    "DOID:9675",
    "DOID:3770",
    "DOID:10533",
    "DOID:11339",
    "DOID:0080600",
}


@pytest.mark.parametrize(("query", "values", "wanted"), SLICES, ids=[f"{q} {v}" for q, v, _ in SLICES])
def test_a_slice_is_what_it_says(
    run: Path, vqa: pd.DataFrame, query: str, values: dict[str, str | int], wanted: Callable[[dict[str, object]], bool]
) -> None:
    expected = {r["item_id"] for r in vqa.to_dict("records") if wanted(r)}
    assert _cut(run, query, **values) == expected
    assert 0 < len(expected) < len(vqa)


def test_the_topic_query_joins_tree_samples_and_items(run: Path, vqa: pd.DataFrame) -> None:
    ct = {"modality": "MET:0000012", "level": "fine", "relation": "sibling", "topic": "DOID:850"}
    found = vqa[vqa["item_id"].isin(_cut(run, "topic", **ct))]
    assert 0 < len(found) < len(vqa)
    shown = _shown(run, "MET:0000012")
    for row in found.to_dict("records"):
        assert row["level"] == "fine" and "sibling" in row["distractor_relations"] and row["sample_id"] in shown
        bound = json.loads(row["proof"])["query"]["bindings"]
        assert {bound["key"], bound["subject"]} & LUNG
    all_three = _cut(run, "topic", **ct, least=3)
    assert all_three == {
        r["item_id"] for r in found.to_dict("records") if list(r["distractor_relations"]) == ["sibling"] * 3
    }


def _shown(run: Path, node: str) -> set[str]:
    graph = rdflib.Graph().parse(run / "graph" / "samples.nt")
    samples = graph.subjects(rdflib.URIRef(expand("met:depicts")), rdflib.URIRef(expand(node)))
    return {str(s).rpartition("/")[2] for s in samples}


def test_at_most_so_many_of_a_sample_drawn_by_seed(run: Path) -> None:
    def drawn(seed: int, most: int) -> list[str]:
        return list(select(run, "by-split", {}, per_sample=most, seed=seed)["item_id"])

    whole = select(run, "by-split", {})
    assert whole.groupby("sample_id").size().max() > 2
    few = select(run, "by-split", {}, per_sample=2, seed=1)
    assert few.groupby("sample_id").size().tolist() == whole.groupby("sample_id").size().clip(upper=2).tolist()
    types = whole.groupby("sample_id")["type"].nunique().clip(upper=2)
    assert few.groupby("sample_id")["type"].nunique().tolist() == types.tolist(), "types take turns"
    assert drawn(1, 2) == drawn(1, 2) != drawn(2, 2)
    assert set(drawn(1, 1)) <= set(drawn(1, 2)), "a smaller slice lies in a larger one"


def test_counting_exports_nothing_and_mistakes_are_said(run: Path, tmp_path: Path) -> None:
    def cut(*line: str) -> tuple[str, BaseException | None]:
        result = CliRunner().invoke(slice_items, [*line, "--run", str(run)])
        return result.output, result.exception

    output, problem = cut("by-level", "-p", "level=fine", "--count", "--per-sample", "1")
    assert problem is None and output.startswith("items ") and not (tmp_path / "out").exists()
    assert cut("by-level", "-p", "level=' } DROP ALL #", "--count")[0].split()[:2] == ["items", "0"]
    for line, kind in (
        (["by-level"], UsageProblem),
        (["by-level", "-p", "depth=1", "--count"], MetError),
        (["by-relation", "-p", "least=many", "--count"], UsageProblem),
        (["tree/siblings", "-p", "node=DOID:552", "--count"], UsageProblem),
        (["by-level", "-p", "level=deep", "--out", str(tmp_path / "out")], DataProblem),
    ):
        assert isinstance(cut(*line)[1], kind), line
