"""Proofs over a newer tree: which items fail, of what cause, in whatever syntax the tree was saved."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from run_folder import write_run

from met_kg import tables
from met_kg.cli import main
from met_kg.cli.items import verify
from met_kg.graph.closure import add_closure
from met_kg.graph.ntriples import write_ntriples
from met_kg.graph.store import Graph
from met_kg.sources.owl_syntax import horned
from met_kg.tree.write import missing_declarations, rdf_xml
from met_kg.vocabulary import Graphs, expand

MINI = Path(__file__).parents[1] / "mini_tree.ttl"
ROLES = ("BFO:0000050", "RO:0004026", "RO:0002452", "met:imagedBy", "met:hasLocation")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    graph = Graph.memory()
    graph.load_text(Graphs.TREE, MINI.read_text(encoding="utf-8"))
    add_closure(graph)
    return write_run(graph, tmp_path_factory.mktemp("verify") / "run")


def iri(curie: str) -> ox.NamedNode:
    return ox.NamedNode(expand(curie))


def tree_with(*more: str, without: Callable[[ox.Triple], bool] = lambda triple: False) -> list[ox.Triple]:
    """The mini tree, less some triples, with more in Turtle; an ontology with declarations, as editors need them."""
    graph = Graph.memory()
    graph.load_text(Graphs.TREE, MINI.read_text(encoding="utf-8"))
    kept = [q.triple for q in graph.store if not without(q.triple)]
    added = Graph.memory()
    added.load_text(Graphs.TREE, " ".join(more))
    kept += [q.triple for q in added.store]
    kept += [ox.Triple(iri(role), iri("rdf:type"), iri("owl:ObjectProperty")) for role in ROLES]
    kept.append(ox.Triple(ox.NamedNode("https://w3id.org/met-kg/met.owl"), iri("rdf:type"), iri("owl:Ontology")))
    return kept + missing_declarations(kept)


def says(subject: str, *predicates: str) -> Callable[[ox.Triple], bool]:
    return lambda t: t.subject == iri(subject) and t.predicate in [iri(p) for p in predicates]


def verified(run: Path, tree: Path, tmp_path: Path) -> dict[str, dict[str, str]]:
    """What ``met verify --tree`` says: item -> the row of its last cause."""
    out = tmp_path / "failures.tsv"
    result = CliRunner().invoke(verify, [str(run), "--tree", str(tree), "--out", str(out)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    with out.open(encoding="utf-8") as lines:
        rows = {row["item_id"]: row for row in csv.DictReader(lines, delimiter="\t")}
    assert result.exit_code == bool(rows)
    return rows


def save(triples: list[ox.Triple], folder: Path, syntax: str = "rdf") -> Path:
    path = folder / f"edited-{syntax}.owl"
    text = rdf_xml(triples).decode()
    path.write_text(text if syntax == "rdf" else horned(text, "rdf", path).save_to_string(syntax), encoding="utf-8")
    return path


@pytest.fixture
def failing(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., set[str]]:
    """The items that do not hold over a tree, and the run's samples or others, as decided by no code of the project."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    from benchmarks.recomputation import failing as recomputed

    def over(triples: list[ox.Triple], samples: Path | None = None) -> set[str]:
        write_ntriples(triples, tmp_path / "again.nt")
        return recomputed(run / "vqa.parquet", tmp_path / "again.nt", samples or run / "graph" / "samples.nt")

    return over


def using(run: Path, *nodes: str) -> set[str]:
    vqa = tables.read("vqa", run / "vqa.parquet").to_dict("records")
    return {r["item_id"] for r in vqa if {*nodes} & {r["key_node"], *r["distractor_nodes"]}}


@pytest.mark.parametrize("syntax", ["rdf", "ofn", "omn", "owx"])
def test_the_same_tree_in_any_syntax_keeps_all_and_a_changed_one_fails_the_same(
    run: Path, tmp_path: Path, failing: Callable[..., set[str]], syntax: str
) -> None:
    pairs = [
        f"MET:00000{a} owl:disjointWith MET:00000{b} ." for a in (10, 12, 13, 14) for b in (10, 12, 13, 14) if a < b
    ]
    assert verified(run, save(tree_with(*pairs), tmp_path, syntax), tmp_path) == {}
    moved = tree_with(
        *pairs,
        "MET:0000025 rdfs:subClassOf MET:0000003 ; met:treeParent MET:0000003 .",
        without=says("MET:0000025", "rdfs:subClassOf", "met:treeParent"),
    )
    failed = verified(run, save(moved, tmp_path, syntax), tmp_path)
    assert set(failed) == failing(moved) != set()
    assert {(r["cause"], r["node"]) for r in failed.values()} == {("reparented", "MET:0000025")}
    assert all(
        r["what"].endswith("is MET:0000003 'clinical finding' now, and was MET:0000020 'imaging finding'")
        for r in failed.values()
    )


def test_many_disjoint_classes_in_one_axiom_stay_disjoint(run: Path, tmp_path: Path) -> None:
    many = " ".join(f"<{expand(f'MET:00000{n}')}>" for n in (10, 12, 13, 14))
    apart = tree_with(without=lambda t: t.predicate in (iri("owl:members"), iri("rdf:first"), iri("rdf:rest")))
    path = save([t for t in apart if t.object != iri("owl:AllDisjointClasses")], tmp_path, "ofn")
    text = path.read_text(encoding="utf-8").rstrip().removesuffix(")")
    assert {r["cause"] for r in verified(run, path, tmp_path).values()} == {"relation"}
    path.write_text(f"{text}DisjointClasses({many})\n)\n", encoding="utf-8")
    assert verified(run, path, tmp_path) == {}


def test_an_obsolete_node_is_named_with_what_replaced_it(
    run: Path, tmp_path: Path, failing: Callable[..., set[str]]
) -> None:
    tree = tree_with(
        "MET:0000025 owl:deprecated true ; IAO:0100001 MET:0000022 .",
        without=says("MET:0000025", "rdfs:subClassOf", "met:treeParent"),
    )
    failed = verified(run, save(tree, tmp_path), tmp_path)
    assert set(failed) == failing(tree) == using(run, "MET:0000025") != set()
    said = "MET:0000025 'cardiomegaly' is obsolete, replaced by MET:0000022 'consolidation'"
    assert {(r["cause"], r["what"]) for r in failed.values()} == {("obsolete", said)}


def test_a_colliding_synonym_a_removed_relation_and_a_node_that_is_gone(
    run: Path, tmp_path: Path, failing: Callable[..., set[str]]
) -> None:
    vqa = tables.read("vqa", run / "vqa.parquet").to_dict("records")
    item = next(r for r in vqa if r["type"] == "disease" and r["format"] == "multiple-choice")
    key, other = item["key_node"], item["distractor_nodes"][0]
    failed = verified(
        run,
        save(tree_with(f"{key} oboInOwl:hasExactSynonym 'One Name' . {other} rdfs:comment 'x' ."), tmp_path),
        tmp_path,
    )
    assert failed == {}
    both = tree_with(f"{key} oboInOwl:hasExactSynonym 'One Name' . {other} oboInOwl:hasBroadSynonym 'one name' .")
    failed = verified(run, save(both, tmp_path), tmp_path)
    assert {(r["cause"], r["what"].rpartition("are both called ")[2]) for r in failed.values()} == {
        ("synonym", "'one name'")
    }
    assert set(failed) == failing(both)

    unlinked = tree_with(without=lambda t: t.object == iri("SYMP:0000614"))
    failed = verified(run, save(unlinked, tmp_path), tmp_path)
    assert set(failed) == failing(unlinked)
    asked = {r["item_id"] for r in vqa if json.loads(r["proof"])["query"]["bindings"]["claim"] == "symptom"}
    assert asked and asked <= set(failed)
    assert {failed[name]["what"] for name in asked} == {
        "SYMP:0000614 'cough' is no symptom of DOID:552 'pneumonia' any more"
    }

    gone = verified(run, save(tree_with(without=lambda t: t.subject == iri("MET:0000025")), tmp_path), tmp_path)
    assert set(gone) == using(run, "MET:0000025")
    assert {r["what"] for r in gone.values()} == {"MET:0000025 is not in the tree any more"}


def test_an_anchor_and_a_tree_that_brings_an_anchor_and_a_distractor_together(
    run: Path, tmp_path: Path, failing: Callable[..., set[str]]
) -> None:
    vqa = tables.read("vqa", run / "vqa.parquet").to_dict("records")
    item = next(r for r in vqa if "MET:0000023" in r["distractor_nodes"] and r["key_node"] != "MET:0000022")
    sample, folder = f"sample:{item['sample_id']}", tmp_path / "run"
    folder.mkdir()
    shutil.copytree(run / "graph", folder / "graph")
    shutil.copy(run / "vqa.parquet", folder)
    quads = ox.parse(path=str(run / "graph" / "samples.nt"), format=ox.RdfFormat.N_TRIPLES)
    said = [q.triple for q in quads]
    write_ntriples(
        [*said, ox.Triple(iri(sample), iri("met:depicts"), iri("MET:0000023"))], folder / "graph" / "samples.nt"
    )
    same = save(tree_with(), tmp_path)
    failed = verified(folder, same, tmp_path)
    assert set(failed) == failing(tree_with(), folder / "graph" / "samples.nt") != set()
    assert {(r["cause"], r["node"]) for r in failed.values()} == {("anchor", "MET:0000023")}
    result = CliRunner().invoke(verify, [str(folder)])
    assert result.exit_code == 1 and f"anchor: {sample} depicts MET:0000023 'pneumothorax'" in result.output
    assert f"{'anchor':<12} {len(failed):>8} {1:>8}" in result.output

    shown = next(str(t.object.value) for t in said if t.subject == iri(sample) and t.predicate == iri("met:depicts"))
    together = tree_with(f"<{shown}> rdfs:subClassOf MET:0000023 .")
    causes = {
        r["cause"]
        for r in verified(run, save(together, tmp_path), tmp_path).values()
        if r["sample_id"] == item["sample_id"]
    }
    assert "reparented" in causes and "anchor" not in causes


def test_another_run_or_its_store_is_a_tree_too(run: Path, tmp_path: Path) -> None:
    assert verified(run, run, tmp_path) == verified(run, run / "store", tmp_path) == {}
    newer = tmp_path / "newer"
    write_ntriples(tree_with(without=lambda t: t.subject == iri("MET:0000025")), newer / "graph" / "tree.nt")
    shutil.copy(run / "graph" / "closure.nt", newer / "graph")  # a stale closure beside it is not looked at
    assert set(verified(run, newer, tmp_path)) == using(run, "MET:0000025")


def test_a_superclass_moved_without_its_tree_parent_is_said(run: Path, tmp_path: Path) -> None:
    tree = tree_with("MET:0000025 rdfs:subClassOf MET:0000003 .", without=says("MET:0000025", "rdfs:subClassOf"))
    result = CliRunner().invoke(verify, [str(run), "--tree", str(save(tree, tmp_path))])
    assert "1 nodes have a met:treeParent that is none of their superclasses (MET:0000025)" in result.stderr


def _half(text: str) -> str:
    return text[: len(text) // 2]


BAD: list[tuple[str, str, str]] = [
    ("half.owl", _half(rdf_xml(tree_with()).decode()), "the tree does not load whole"),
    ("empty.owl", "", "the file does not begin like OWL"),
    ("other.ttl", "<urn:a> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <urn:b> .", "is no Medical Entity Tree"),
    ("broken.ofn", "Prefix(:=<urn:x>)\nOntology(<urn:o>\nSubClassOf(", "does not read as OWL"),
    (
        "cycle.ttl",
        "@prefix r: <http://www.w3.org/2000/01/rdf-schema#> . <urn:a> r:subClassOf <urn:b> . <urn:b> r:subClassOf <urn:a> .",
        "cycle.ttl: the is-a relation has a cycle",
    ),
]


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[object, str]]:
    """The command as a user starts it: exit code, and all it says."""

    def start(*line: object) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["met", *map(str, line)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return end.value.code or 0, said.err + said.out

    return start


@pytest.mark.parametrize(("name", "text", "words"), BAD, ids=[case[0] for case in BAD])
def test_a_tree_that_does_not_load(
    run: Path, tmp_path: Path, met: Callable[..., tuple[object, str]], name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    code, said = met("verify", run, "--tree", tmp_path / name)
    assert (code, words in said, "Traceback" in said) == (1, True, False), said


def test_tables_that_were_tampered_with_or_broken(
    run: Path, tmp_path: Path, met: Callable[..., tuple[object, str]]
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    vqa = tables.read("vqa", run / "vqa.parquet")
    proof = json.loads(vqa.loc[2, "proof"])
    foreign = {**proof, "ask": "ASK { SERVICE <http://localhost:1/> { ?s ?p ?o } }"}
    bound = {**proof["query"]["bindings"], "claim": "nonsense"}
    vqa.loc[0, "proof"] = vqa.loc[0, "proof"][:100]
    vqa.loc[1, "proof"] = "[]"
    vqa.loc[2, "proof"] = json.dumps(foreign)
    vqa.loc[3, "proof"] = json.dumps({**proof, "query": {**proof["query"], "bindings": bound}})
    vqa.loc[4, "proof"] = None
    vqa.loc[5, "key_node"] = "DOID:4"
    vqa.loc[6, "proof"] = vqa.loc[7, "proof"]
    tables.write("vqa", vqa, folder / "vqa.parquet")
    code, said = met("verify", folder)
    assert code == 1 and f"{len(vqa) - 7} of {len(vqa)} items hold" in said
    assert f"{'unreadable':<12} {4:>8}" in said and f"{'changed':<12} {3:>8}" in said

    whole = (folder / "vqa.parquet").read_bytes()
    (folder / "vqa.parquet").write_bytes(whole[: len(whole) // 2])
    code, said = met("verify", folder)
    assert (code, "Traceback" in said) == (1, False) and "vqa.parquet" in said
    (folder / "vqa.parquet").write_bytes(whole)
    shutil.rmtree(folder / "store")
    (folder / "graph" / "samples.nt").unlink()
    code, said = met("verify", folder)
    assert code == 2 and "samples.nt: the graph 'samples' is not there" in said
    (folder / "graph" / "samples.nt").write_text("<urn:a> <urn:b", encoding="utf-8")
    code, said = met("verify", folder)
    assert code == 1 and "samples.nt: the graph does not load" in said
