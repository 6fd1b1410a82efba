"""A run over the mini tree as the pipeline leaves it, made once and copied."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
from synthesis_corpus import VERSION, corpus, draw, load, triples

from met_kg import tables
from met_kg.graph.ntriples import write_ntriples
from met_kg.graph.store import Graph
from met_kg.synthesis import SynthesisOptions, synthesize
from met_kg.synthesis.items_graph import item_triples
from met_kg.vocabulary import Graphs, expand


def write_run(graph: Graph, folder: Path) -> Path:
    """Tables, images, graphs and store of a run over the tree and closure of ``graph``."""
    samples, anchors = corpus()
    samples = draw(samples, folder)
    load(graph, anchors)
    made = synthesize(samples, anchors, graph, options=SynthesisOptions(), seed=3, tree_version=VERSION)
    for name, table in (("samples", samples), ("captions", made.captions), ("vqa", made.vqa)):
        tables.write(name, table, folder / f"{name}.parquet")
    stored = {"samples": triples(anchors), "items": list(item_triples(made.vqa))}
    for name in (Graphs.TREE, Graphs.CLOSURE):
        quads = graph.store.quads_for_pattern(None, None, None, ox.NamedNode(expand(name)))
        stored[name.partition(":")[2]] = [q.triple for q in quads]
    with Graph.open(folder / "store", read_only=False) as store:
        for name, found in stored.items():
            write_ntriples(found, folder / "graph" / f"{name}.nt")
            store.load_file(f"metg:{name}", folder / "graph" / f"{name}.nt")
    return folder
