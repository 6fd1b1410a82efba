"""Captions found for a node: BM25 on its label, on all its names, and node-guided retrieval, on ROCO's validation set.

Run: ``python -m benchmarks.retrieval --run RUN`` with a run of the full tree. Right for a node are the captions whose
machine-extracted UMLS codes (``cuis``) hold a code of the node or of one of its kinds. Asked are the nodes of the
disease and anatomy axes that have a UMLS code and at least five right captions. Weights are learned on half of the
nodes and used for the other half: a branch of the tree is never on both sides. The codes of a caption serve to judge
and, on the other half of the nodes, to learn; no query ever sees them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from met_kg import tables
from met_kg.graph.store import Graph
from met_kg.literature.codes import node_codes
from met_kg.literature.lexicon import Lexicon
from met_kg.literature.linker import Linker
from met_kg.literature.normalise import normal_form
from met_kg.models.text import BUILT_IN, text_embedder
from met_kg.paths import data_root
from met_kg.retrieval.fusion import Example, Ranking, Weights, default_weights, fuse, halves, learn, quality
from met_kg.retrieval.index import IndexWriter, SampleIndex
from met_kg.retrieval.learning import branch_of
from met_kg.retrieval.names import NodeNames
from met_kg.retrieval.options import RetrievalOptions
from met_kg.retrieval.search import NodeSearch

CAPTIONS: Final = "captions/roco-validation/radiology.jsonl.gz"
#: Nodes with fewer right captions say little.
LEAST: Final = 5
MEASURES: Final = ("ndcg@10", "recall@100", "ap", "r-precision", "recall@max(100,n)")


@dataclass(frozen=True, slots=True)
class Question:
    """A node and the rows of the captions that are right for it; ``own``: by a code of its own, not of a kind of it."""

    node: str
    axis: str
    label: str
    right: frozenset[int]
    own: frozenset[int]


def captions() -> list[dict[str, Any]]:
    """The caption records."""
    root = data_root()
    if root is None:
        raise SystemExit("needs the data packs: set MET_DATA or lay them in ../shared/data")
    with gzip.open(root / CAPTIONS, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def questions(graph: Graph, records: Sequence[Mapping[str, Any]]) -> list[Question]:
    """The nodes asked for."""
    rows_of: dict[str, set[int]] = defaultdict(set)
    for row, record in enumerate(records):
        for code in record["cuis"]:
            rows_of[f"UMLS:{code}"].add(row)
    codes = node_codes(graph, ("UMLS",))
    own: dict[str, set[int]] = {n: {r for c in held for r in rows_of.get(c, ())} for n, held in codes.items()}
    right = {n: set(rows) for n, rows in own.items()}
    nodes = {str(r["node"]): r for r in graph.rows("retrieve/nodes") if r["axis"] in ("disease", "anatomy")}
    for node in own:
        if own[node]:
            for above in graph.rows("tree/ancestors", node=node):
                if above["ancestor"] in right:
                    right[str(above["ancestor"])] |= own[node]
    return [
        Question(n, str(nodes[n]["axis"]), str(nodes[n]["label"]), frozenset(right[n]), frozenset(own[n]))
        for n in sorted(nodes)
        if n in right and len(right[n]) >= LEAST
    ]


def index(graph: Graph, records: Sequence[Mapping[str, Any]], embedder: str, folder: Path) -> SampleIndex:
    """All captions, indexed."""
    names = NodeNames(graph)
    writer = IndexWriter(folder, names, Linker(Lexicon.from_graph(graph)), text_embedder(embedder))
    writer.add(tables.frame("samples", [{"sample_id": r["id"], "caption": r["caption"]} for r in records]))
    return writer.finish()


def synonyms(graph: Graph) -> dict[str, str]:
    """Label and synonyms of every node, broad ones left out, as one text."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in sorted(graph.rows("retrieve/lexicon"), key=lambda r: (str(r["property"]), str(r["term"]))):
        if row["property"] != "oboInOwl:hasBroadSynonym":
            found[str(row["node"])].append(str(row["term"]))
    return {node: " ".join(terms) for node, terms in found.items()}


def bm25(held: SampleIndex, text: str) -> Ranking:
    """The captions that have a word of a text."""
    tokens = [t for t in dict.fromkeys(normal_form(text).split()) if t[0].isalnum() and t in held.bm25.vocab_dict]
    scores = held.bm25.get_scores(tokens) if tokens else np.zeros(len(held), np.float32)
    rows = np.flatnonzero(scores > 0).astype(np.int32)
    return Ranking(rows, scores[rows])


def measured(order: Sequence[int], right: frozenset[int]) -> dict[str, float]:
    """The measures of one ranking."""
    hit = np.isin(np.array(order, dtype=np.int64), np.array(sorted(right)))
    n = len(right)
    return quality(hit, n) | {
        "r-precision": float(hit[:n].sum() / n),
        "recall@max(100,n)": float(hit[: max(100, n)].sum() / n),
    }


def ordered(ranking: Ranking | None) -> list[int]:
    """Rows, best first; ties in order of the identifiers, which is that of the file."""
    if ranking is None:
        return []
    return [int(ranking.rows[i]) for i in np.lexsort((ranking.rows, -np.round(ranking.scores, 7)))]


def cross_fitted(
    asked: Sequence[Question], rankings: Mapping[str, Mapping[str, Ranking]], groups: Sequence[str], seed: int, k: int
) -> dict[str, Weights]:
    """For each node, weights learned on the half of the nodes that it is not in."""
    side = halves(groups, seed)
    learned = [
        learn([Example(rankings[q.node], q.right) for q, s in zip(asked, side, strict=True) if s != held], k)
        for held in (0, 1)
    ]
    return {q.node: learned[s] for q, s in zip(asked, side, strict=True)}


def faults(search: NodeSearch, asked: Sequence[Question], records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Where the automatic gold and the caption's own words disagree, node by node, by caption id."""
    found = []
    for q in asked:
        kin = search.kin(q.node)
        named = {
            int(p["row"]) for n in (q.node, *kin.below) for p in search.index.named(n) if p["kind"] <= 1
        }  # the label or an exact synonym, read by the linker
        missed, unnamed = sorted(named - q.right), sorted(q.right - named)
        found.append(
            {
                "node": q.node,
                "label": q.label,
                "right": len(q.right),
                "named": len(named),
                "named and right": len(named & q.right),
                "named, yet not in the gold": [records[r]["id"] for r in missed[:10]],
                "in the gold, yet not named": [records[r]["id"] for r in unnamed[:10]],
            }
        )
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="a run of the full tree (its store is read)")
    parser.add_argument("--seed", type=int, nargs="+", default=[0, 1, 2], help="of dealing the nodes into halves")
    parser.add_argument("--split", choices=["branches", "nodes"], default="branches", help="what is dealt into halves")
    parser.add_argument("--embedder", default=BUILT_IN)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"))
    given = parser.parse_args()
    records = captions()
    with Graph.open(given.run / "store") as graph, TemporaryDirectory() as folder:
        asked = questions(graph, records)
        held = index(graph, records, given.embedder, Path(folder))
        groups = [branch_of(graph, q.node) if given.split == "branches" else q.node for q in asked]
        results: dict[str, list[dict[str, float]]] = {}
        weights: dict[str, Weights] = {}
        for vocabulary in ("", "UMLS"):
            options = RetrievalOptions(vocabulary=vocabulary)
            search = NodeSearch(held, graph, options)
            rankings = {q.node: search.rankings(q.node) for q in asked}
            k = options.rank_constant
            if not vocabulary:
                results["BM25, label"] = [measured(ordered(rankings[q.node].get("words")), q.right) for q in asked]
                named = synonyms(graph)
                results["BM25, label and synonyms"] = [
                    measured(ordered(bm25(held, named[q.node])), q.right) for q in asked
                ]
                disagreement = faults(search, asked, records)
            what = "node-guided" if not vocabulary else "node-guided, kinds with a UMLS code"
            results[f"{what}, stated weights"] = [
                measured(ordered(fuse(rankings[q.node], default_weights(), k)), q.right) for q in asked
            ]
            for seed in given.seed:
                of = cross_fitted(asked, rankings, groups, seed, k)
                results[f"{what}, learned weights, seed {seed}"] = [
                    measured(ordered(fuse(rankings[q.node], of[q.node], k)), q.right) for q in asked
                ]
                weights[f"{what}, seed {seed}"] = dict(of[asked[0].node])
        results["oracle"] = [measured(sorted(q.right), q.right) for q in asked]
    show(asked, results, disagreement)
    given.out.mkdir(parents=True, exist_ok=True)
    figures = {
        "benchmark": "retrieval",
        "captions": len(records),
        "nodes": {axis: sum(q.axis == axis for q in asked) for axis in ("disease", "anatomy")},
        "split": given.split,
        "embedder": given.embedder,
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": {p: metadata.version(p) for p in ("bm25s", "faiss-cpu", "scikit-learn", "numpy")},
        "means": {way: mean(rows) for way, rows in results.items()},
        "weights of one half": weights,
        "by node": [
            {"node": q.node, "label": q.label, "right": len(q.right)} | {way: rows[i] for way, rows in results.items()}
            for i, q in enumerate(asked)
        ],
        "gold and words": disagreement,
    }
    (given.out / "retrieval.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def mean(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each measure."""
    held = list(rows)
    return {m: round(fmean(r[m] for r in held), 4) for m in MEASURES} if held else {}


def show(
    asked: Sequence[Question], results: Mapping[str, list[dict[str, float]]], disagreement: Sequence[Mapping[str, Any]]
) -> None:
    """Print a table for all nodes and for those that the gold can judge."""
    from rich.console import Console
    from rich.table import Table

    # Where fewer than half of the captions that write the name out have its code, the gold does not mean the node.
    sound = [
        i
        for i, d in enumerate(disagreement)
        if d["named and right"] >= 0.5 * d["named"] and d["named and right"] >= 0.5 * d["right"]
    ]
    by_axis = {axis: [i for i, q in enumerate(asked) if q.axis == axis] for axis in ("disease", "anatomy")}
    console = Console(width=150)
    parts = {"all nodes": list(range(len(asked))), **by_axis, "nodes on which the gold and the words agree": sound}
    for part, chosen in parts.items():
        table = Table(title=f"{part} ({len(chosen)})")
        for column in ("way", *MEASURES):
            table.add_column(column, justify="left" if column == "way" else "right")
        for way, rows in results.items():
            of = mean(rows[i] for i in chosen)
            table.add_row(way, *(f"{of[m]:.3f}" for m in MEASURES) if of else [])
        console.print(table)


if __name__ == "__main__":
    main()
