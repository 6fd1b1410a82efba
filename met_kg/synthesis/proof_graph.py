"""The graph that items are proved over: that of their run or data set, or one with a newer tree in its place."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from met_kg.errors import DataProblem, MetError, MissingData
from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.log import Log, silent
from met_kg.sources.owl_syntax import owl_triples
from met_kg.synthesis.proofs import PROOF_GRAPHS
from met_kg.vocabulary import AXIS_ROOT, Graphs, expand

__all__ = ["newer_graph", "own_graph"]

#: The file that names the newest state of a store on disk.
_STORE_FILE: Final = "CURRENT"
_FEW: Final = 5


def own_graph(folder: Path) -> Graph:
    """The graphs that proofs speak of, of a run (its store) or of an exported data set (its N-Triples).

    Raises
    ------
    MissingData
        when one of them is not there.
    DataProblem
        when one does not load.
    """
    if (folder / "store").is_dir():
        return Graph.open(folder / "store")
    graph = Graph.memory()
    for name in PROOF_GRAPHS:
        _load_file(graph, folder, name)
    return graph


def newer_graph(folder: Path, tree: Path, *, log: Log = silent) -> Graph:
    """The samples of ``folder`` with another tree: an ontology file in any OWL syntax, a run's folder, or its store.

    The closure is built again from that tree, whatever closure lies beside it.

    Raises
    ------
    MissingData
        when there is no such tree, or no graph of samples.
    DataProblem
        when the tree does not load whole, is no Medical Entity Tree, or has a cycle.
    """
    graph = Graph.memory()
    log.info(f"Reading the tree {tree}")
    if tree.is_file():
        graph.load_triples(Graphs.TREE, _file_tree(tree))
    else:
        _load(graph, tree, Graphs.TREE)
    _load(graph, folder, Graphs.SAMPLES)
    log.info("Building its closure")
    try:
        add_closure(graph)
    except MetError as problem:
        raise DataProblem(problem.message, where=str(tree), hint=problem.hint) from problem
    _check_tree(graph, tree, log)
    return graph


def _check_tree(graph: Graph, tree: Path, log: Log) -> None:
    axis, name = ox.NamedNode(expand("met:axis")), ox.NamedNode(expand(Graphs.CLOSURE))
    # The roots are on their axes even in an empty tree: at least one needs a node below it.
    found = sum(1 for _ in graph.store.quads_for_pattern(None, axis, None, name))
    if found <= len(AXIS_ROOT):
        roots = ", ".join(AXIS_ROOT.values())
        raise DataProblem(
            f"this is no Medical Entity Tree: nothing lies below {roots}",
            where=str(tree),
            hint="give tree/met.owl as edited, or a run's folder",
        )
    stale = [str(row["entity"]) for row in graph.rows("verify/tree-parent-not-superclass")]
    if stale:
        shown = ", ".join(stale[:_FEW]) + (f" and {len(stale) - _FEW} more" if len(stale) > _FEW else "")
        log.info(
            f"Warning: {len(stale)} nodes have a met:treeParent that is none of their superclasses ({shown}); "
            "who moves a class in an editor changes this annotation too. 'met tree check' lists them."
        )


def _file_tree(path: Path) -> list[ox.Triple]:
    triples, damaged = owl_triples(path)
    if damaged:
        first = damaged[0]
        raise DataProblem(
            f"the tree does not load whole: {first.reason}",
            where=f"{path}, {first.where}" if first.where else str(path),
            hint="save it again; over half a tree every proof would fail",
        )
    return triples


def _load(graph: Graph, folder: Path, name: str) -> None:
    """Load one named graph of a run, an export, or a store."""
    store = folder if (folder / _STORE_FILE).is_file() else folder / "store"
    if not store.is_dir():
        _load_file(graph, folder, name)
        return
    with Graph.open(store) as other:
        quads = list(other.store.quads_for_pattern(None, None, None, ox.NamedNode(expand(name))))
    if not quads:
        raise MissingData(f"the graph '{name}' is empty", where=str(store), hint="give a run or an export")
    graph.store.bulk_extend(quads)


def _load_file(graph: Graph, folder: Path, name: str) -> None:
    local = name.partition(":")[2]
    plain, packed = folder / "graph" / f"{local}.nt", folder / "graph" / f"{local}.nt.gz"
    path = packed if packed.is_file() and not plain.is_file() else plain
    if not path.is_file():
        raise MissingData(f"the graph '{local}' is not there", where=str(path), hint="give a run or an export")
    try:
        text = gzip.decompress(path.read_bytes()) if path is packed else path.read_bytes()
        graph.store.bulk_load(input=text, format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(expand(name)))
    except (OSError, EOFError, SyntaxError, zlib.error) as problem:
        raise DataProblem(f"the graph does not load: {problem}", where=str(path), hint="make it again") from problem
