"""The engine's own queries over its own graph conventions: the store (pyoxigraph) and rdflib on the same triples.

Run: ``python -m benchmarks.queries``. The size is the number of samples that are anchored to the project's ontology.
"""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph as ox
import rdflib

from benchmarks.measure import Measured, arguments, measure, report
from met_kg.graph.queries import find
from met_kg.graph.store import Graph
from met_kg.log import silent
from met_kg.pipeline.recipe import Recipe
from met_kg.pipeline.steps import STEPS, run_steps
from met_kg.vocabulary import Graphs, expand

SIZES = (500, 2_000, 8_000, 32_000)
#: rdflib is left out above this size: it would take many minutes.
MOST_FOR_RDFLIB = 2_000
QUERIES = ("overview/depicted", "slices/by-modality")
RADIOGRAPHY = "MET:0001001"


def sample_triples(graph: Graph, count: int) -> list[ox.Triple]:
    """Each sample shows six nodes and a modality."""
    rng = random.Random(1)
    nodes = sorted(str(r["node"]) for r in graph.rows_of("SELECT ?node { ?node met:axis ?axis }"))
    modalities = sorted(str(r["node"]) for r in graph.rows_of('SELECT ?node { ?node met:axis "modality" }'))
    found = []

    def say(sample: int, predicate: str, node: str) -> None:
        found.append(ox.Triple(*(ox.NamedNode(expand(c)) for c in (f"sample:{sample}", predicate, node))))

    for sample in range(count):
        for node in rng.sample(nodes, 6):
            say(sample, "met:depicts", node)
        say(sample, "met:depicts", rng.choice(modalities))
    return found


def run(sizes: list[int], out: Path) -> list[Measured]:
    """Measure all sizes; the work is rows of all queries."""
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        run_steps(STEPS, Recipe.of({"name": "tree"}), tree, silent, until="tree")
        files = {
            name: tree / "graph" / f"{file}.nt" for name, file in ((Graphs.TREE, "tree"), (Graphs.CLOSURE, "closure"))
        }
        rows: list[Measured] = []
        for size in sizes:
            graph = Graph.memory()
            for name, file in files.items():
                graph.load_file(name, file)
            triples = sample_triples(graph, size)
            graph.load_triples(Graphs.SAMPLES, triples)
            rows.append(measure("met-kg (pyoxigraph)", size, _ours, graph))
            if size <= MOST_FOR_RDFLIB:
                peer = rdflib.Dataset(default_union=True)
                for name, file in files.items():
                    peer.graph(rdflib.URIRef(expand(name))).parse(file, format="nt")
                lines = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
                peer.graph(rdflib.URIRef(expand(Graphs.SAMPLES))).parse(data=lines or b"", format="nt")
                rows.append(measure("rdflib", size, _theirs, peer, repeats=1))
    report("queries", "rows", rows, out, ["pyoxigraph", "rdflib"])
    return rows


def _values(name: str) -> dict[str, str]:
    return {"modality": RADIOGRAPHY} if name == "slices/by-modality" else {}


def _ours(graph: Graph) -> int:
    return sum(len(list(graph.rows(name, **_values(name)))) for name in QUERIES)


def _theirs(peer: rdflib.Dataset) -> int:
    total = 0
    for name in QUERIES:
        bound = {key: rdflib.URIRef(expand(value)) for key, value in _values(name).items()}
        total += len(list(peer.query(find(name).text, initBindings=bound)))
    return total


if __name__ == "__main__":
    given = arguments(__doc__, SIZES)
    run(given.sizes, given.out)
