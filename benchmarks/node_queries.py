"""What is asked of a node a thousand times: siblings, ancestors, descendants, synonym lookup; median time of one query.

Run: ``python -m benchmarks.node_queries``. The size is the number of terms of a generated tree. The store is asked in
memory and on disk after compaction; rdflib is asked the same text on the same triples, up to a size it can bear.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyoxigraph as ox
import rdflib

from benchmarks.measure import Measured, arguments, report
from met_kg.graph.closure import closure_triples
from met_kg.graph.queries import find
from met_kg.graph.store import Graph
from met_kg.vocabulary import Graphs, expand

SIZES = (18_000, 180_000, 900_000)
#: rdflib is left out above this size: it would take hours.
MOST_FOR_RDFLIB = 18_000
ASKED = 200
ASKED_OF_RDFLIB = 20
ROOT = "DOID:4"
QUERIES = ("siblings", "ancestors", "descendants", "lookup")


def write_tree(path: Path, size: int) -> None:
    """A tree of so many terms, eight levels deep at 18,000; a label and a synonym each, a tenth with two parents."""
    rng = random.Random(1)

    def iri(number: int) -> str:
        return f"<{expand(ROOT if number == 0 else f'DOID:{1_000_000 + number}')}>"

    kind, a_class = f"<{expand('rdf:type')}>", f"<{expand('owl:Class')}>"
    label, synonym = f"<{expand('rdfs:label')}>", f"<{expand('oboInOwl:hasExactSynonym')}>"
    is_a, tree_parent = f"<{expand('rdfs:subClassOf')}>", f"<{expand('met:treeParent')}>"
    with path.open("w") as out:
        out.write(f'{iri(0)} {kind} {a_class} .\n{iri(0)} {label} "disease" .\n')
        for n in range(1, size):
            # Parents lie a factor of two to six before their children: levels grow, as in a real hierarchy.
            parent = n // rng.randint(2, 6)
            out.write(f'{iri(n)} {kind} {a_class} .\n{iri(n)} {label} "disorder {n}" .\n')
            out.write(f'{iri(n)} {synonym} "condition {n}" .\n{iri(n)} {is_a} {iri(parent)} .\n')
            out.write(f"{iri(n)} {tree_parent} {iri(parent)} .\n")
            if n % 10 == 0:
                out.write(f"{iri(n)} {is_a} {iri(n // 7)} .\n")


def questions(size: int, count: int) -> list[tuple[str, dict[str, str]]]:
    """So many nodes anywhere in the tree, each with the four queries."""
    rng = random.Random(2)
    found = []
    for n in (rng.randrange(1, size) for _ in range(count)):
        node = {"node": f"DOID:{1_000_000 + n}"}
        found += [(q, {"text": f"condition {n}"} if q == "lookup" else node) for q in QUERIES]
    return found


def timed(name: str, size: int, asked: list[tuple[str, dict[str, str]]], ask: Callable[..., int]) -> list[Measured]:
    """Median seconds of each query; the work is the number of queries asked."""
    seconds: dict[str, list[float]] = {query: [] for query in QUERIES}
    for query, values in asked:
        start = time.perf_counter()
        ask(query, values)
        seconds[query].append(time.perf_counter() - start)
    return [Measured(f"{query}, {name}", size, statistics.median(seconds[query]), 1) for query in QUERIES]


def run(sizes: list[int], out: Path) -> list[Measured]:
    """Measure all sizes."""
    rows: list[Measured] = []
    for size in sizes:
        with TemporaryDirectory() as folder:
            tree, closure = Path(folder) / "tree.nt", Path(folder) / "closure.nt"
            write_tree(tree, size)
            memory = Graph.memory()
            memory.load_file(Graphs.TREE, tree)
            with closure.open("wb") as stream:
                ox.serialize(closure_triples(memory), stream, format=ox.RdfFormat.N_TRIPLES)
            memory.load_file(Graphs.CLOSURE, closure)
            asked = questions(size, ASKED)
            rows += timed("memory", size, asked, _ours(memory))
            with Graph.open(Path(folder) / "store", read_only=False) as disk:
                disk.load_file(Graphs.TREE, tree)
                disk.load_file(Graphs.CLOSURE, closure)
                disk.store.flush()
                disk.store.optimize()
            with Graph.open(Path(folder) / "store") as disk:
                rows += timed("disk", size, asked, _ours(disk))
            if size <= MOST_FOR_RDFLIB:
                peer = rdflib.Dataset(default_union=True)
                peer.graph(rdflib.URIRef(expand(Graphs.TREE))).parse(tree, format="nt")
                peer.graph(rdflib.URIRef(expand(Graphs.CLOSURE))).parse(closure, format="nt")
                few = asked[: ASKED_OF_RDFLIB * len(QUERIES)]
                if [_ours(memory)(*q) for q in few[:8]] != [_theirs(peer)(*q) for q in few[:8]]:
                    raise AssertionError("the two stores give different answers")
                rows += timed("rdflib", size, few, _theirs(peer))
        print(f"{size:,} terms done", file=sys.stderr)
    report("node_queries", "queries", rows, out, ["pyoxigraph", "rdflib"])
    return rows


def _ours(graph: Graph) -> Callable[..., int]:
    return lambda query, values: len(list(graph.rows(f"tree/{query}", **values)))


def _theirs(peer: rdflib.Dataset) -> Callable[..., int]:
    def ask(query: str, values: dict[str, str]) -> int:
        bound: dict[str, Any] = {
            key: rdflib.Literal(value) if key == "text" else rdflib.URIRef(expand(value))
            for key, value in values.items()
        }
        return len(list(peer.query(find(f"tree/{query}").text, initBindings=bound)))

    return ask


if __name__ == "__main__":
    given = arguments(__doc__, SIZES)
    run(given.sizes, given.out)
