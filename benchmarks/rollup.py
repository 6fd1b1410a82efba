"""The roll-up along a run's tree as benchmarks grow, beside a peer that walks the same tree with networkx.

Run: ``python -m benchmarks.rollup RUN``; 33,430 items are PMC-VQA's test set. Items have four options: labels of the
tree, alone or in a phrase, and parts of real captions; questions hold a caption's sentence or ask about a node. Ours is
all that ``met eval --tree`` does after scoring, the store opened and the names read. The peer gets the links found and
only counts: items and right ones of each node, and the relation of each wrong answer, by networkx over is-a edges.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any

from benchmarks.measure import Measured, measure, report
from met_kg.errors import MissingData
from met_kg.evaluation.benchmark import find
from met_kg.evaluation.score import score
from met_kg.evaluation.tree import Along, along_the_tree
from met_kg.graph.store import Graph
from met_kg.literature.sentences import sentences
from met_kg.paths import data_root

QUESTIONS = (1_000, 10_000, 33_430)
_PHRASES = ("{}", "{}", "{}", "{}", "Findings of {}", "{} on the left side", "Possible {}", "{} with {other}")
_QUESTIONS = (
    "What does the image show?",
    "Which of these is seen in the {}?",
    "What is the most likely diagnosis in a patient with {}?",
    "{caption} What is shown here?",
    "What is the arrow pointing at? {caption}",
)
_LETTERS = "ABCD"


def captions() -> list[str]:
    """The sentences of the captions of ROCO's validation part.

    Raises
    ------
    MissingData
        when the data packs are not there.
    """
    data = data_root()
    if data is None:
        raise MissingData("the data packs are not there", hint="set MET_DATA or lay them in ../shared/data")
    found: dict[str, None] = {}
    with gzip.open(data / "captions/roco-validation/radiology.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line)["caption"].strip()
            found.update((text[start:end].strip(), None) for start, end in sentences(text))
    return [text for text in found if len(text) > 20]


def items_of(graph: Graph, texts: Sequence[str], size: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """So many lines of PMC-VQA: four in ten right, wrong options near the right one and far, one in fifty unread.

    Nodes are named as often as words are: the n-th in a shuffled order 1 / (n + 30) times (Zipf).
    """
    rng = random.Random(seed)
    rows = [(str(r["node"]), str(r["axis"]), str(r["label"])) for r in graph.rows("retrieve/nodes")]
    parent = {str(r["node"]): str(r["parent"]) for r in graph.rows("build/tree-parents")}
    near: dict[str, list[str]] = {}
    axis: dict[str, list[str]] = {}
    for node, kind, label in rows:
        near.setdefault(parent.get(node, node), []).append(label)
        axis.setdefault(kind, []).append(label)
    rng.shuffle(rows)
    weights = list(accumulate(1 / (rank + 30) for rank in range(len(rows))))
    lines = []
    for index, (node, kind, label) in enumerate(rng.choices(rows, cum_weights=weights, k=size)):
        other = rng.choices(rows, cum_weights=weights)[0][2]
        pools = (near[parent.get(node, node)], axis[kind], axis[kind], [other], texts)
        wrong = [rng.choice(rng.choice(pools)) for _ in range(3)]
        said = [rng.choice(_PHRASES).format(text, other=other) for text in (label, *wrong)]
        order = rng.sample(range(4), 4)
        right = _LETTERS[order.index(0)]
        record = {f"Choice {letter}": said[place] for letter, place in zip(_LETTERS, order, strict=True)}
        asked = rng.choice(_QUESTIONS).format(other, caption=rng.choice(texts))
        record |= {"Question": asked, "Answer": right, "Figure_path": f"{index * 7 // 10}.jpg"}
        answer = right if rng.random() < 0.4 else rng.choice([*_LETTERS * 12, "unclear"])
        lines.append({"id": str(index), "record": record, "model_output": answer})
    return lines


@dataclass(frozen=True, slots=True)
class Scored:
    """A scored benchmark, the run whose tree it is rolled up along, and where the result is laid."""

    run: Path
    lines: list[dict[str, Any]]
    items: list[dict[str, Any]]
    found: list[Along] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Links:
    """What the peer gets: edges of the tree, and for each item its nodes, its right answer's and the answer given's."""

    edges: list[tuple[str, str]]
    about: list[list[str]]
    gold: list[list[str]]
    given: list[list[str]]
    right: list[bool]


def roll_up(on: Scored) -> int:
    """Ours, from a store that is not open yet."""
    with Graph.open(on.run / "store") as graph:
        on.found.append(along_the_tree(graph, find("pmc-vqa"), on.lines, on.items))
    return len(on.items)


def links_of(found: Along, items: Sequence[dict[str, Any]], edges: list[tuple[str, str]]) -> Links:
    """The links that ours found."""
    gold = [item["answer"] for item in found.items]
    about = [list(dict.fromkeys((*item["question"], *item["answer"]))) for item in found.items]
    return Links(edges, about, gold, [item["given"] for item in found.items], [bool(i["correct"]) for i in items])


def networkx_counts(on: Links) -> int:
    """Items and right ones of each node, and whether each wrong answer is above, below or beside the right one.

    No linking, no names read, no intervals, no chance, no wholes and no branches.
    """
    import networkx

    tree = networkx.DiGraph(on.edges)  # from kind to what it is a kind of
    known: dict[str, set[str]] = {}

    def above(node: str) -> set[str]:
        if node not in known:
            known[node] = networkx.descendants(tree, node) if node in tree else set()
        return known[node]

    total: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    relations: Counter[str] = Counter()
    for about, gold, given, right in zip(on.about, on.gold, on.given, on.right, strict=True):
        places = set(about).union(*map(above, about))
        total.update(places)
        if right:
            hits.update(places)
            continue
        for one in gold:
            for other in given:
                over, under = other in above(one), one in above(other)
                relations["above" if over else "below" if under else "beside"] += 1
    return len(on.about)


def run(folder: Path, sizes: Sequence[int], out: Path) -> list[Measured]:
    """Measure, print and write ``rollup.json``; the work is items."""
    texts, bench = captions(), find("pmc-vqa")
    rows: list[Measured] = []
    for size in sizes:
        with Graph.open(folder / "store") as graph:
            lines = items_of(graph, texts, size)
            scored = Scored(folder, lines, score(bench, lines).items)
            edges = [(str(r["child"]), str(r["parent"])) for r in graph.rows("build/subclasses")]
        rows.append(measure("met-kg", size, roll_up, scored, repeats=1))
        links = links_of(scored.found[-1], scored.items, edges)
        rows.append(measure("networkx, which only counts", size, networkx_counts, links, repeats=1))
        print(*(f"{r.contender}: {r.size:,} items, {r.seconds:.1f} s" for r in rows[-2:]), sep="; ", flush=True)
    report("rollup", "items", rows, out, ["networkx", "pyoxigraph"])
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a run, whose tree it is")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(QUESTIONS))
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder for the figures as JSON")
    asked = parser.parse_args()
    run(asked.run, asked.sizes, asked.out)
