"""How many samples are wanted of each node: a number for all, numbers for branches, or a query."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from met_kg.errors import DataProblem, UnknownName
from met_kg.graph.queries import find, parse
from met_kg.graph.store import Graph
from met_kg.paths import expand_path
from met_kg.retrieval.options import RetrievalOptions

__all__ = ["wanted"]


def wanted(graph: Graph, options: RetrievalOptions) -> dict[str, int]:
    """Samples wanted of every live node.

    The query says it for the nodes that it returns; else the nearest node above (or the node itself) that
    ``wanted_of`` lists; else it is ``wanted``.

    Raises
    ------
    UnknownName
        when ``wanted_of`` lists what is no node of the tree.
    DataProblem
        when the query does not return ``?node ?wanted``, the latter a whole number from 0.
    """
    parents = {str(row["node"]): str(row["parent"]) for row in graph.rows("build/tree-parents")}
    nodes = [str(row["node"]) for row in graph.rows("retrieve/nodes")]
    known = set(nodes)
    for node in options.wanted_of:
        if node not in known:
            raise UnknownName("node in wanted_of", node, known)
    asked = _asked(graph, options.wanted_query) if options.wanted_query else {}
    return {n: asked[n] if n in asked else _stated(n, parents, options) for n in nodes}


def _stated(node: str, parents: Mapping[str, str], options: RetrievalOptions) -> int:
    seen: set[str] = set()
    here: str | None = node
    while here is not None and here not in seen and options.wanted_of:
        if here in options.wanted_of:
            return options.wanted_of[here]
        seen.add(here)
        here = parents.get(here)
    return options.wanted


def _asked(graph: Graph, name: str) -> dict[str, int]:
    path = expand_path(name) if name.endswith(".rq") else None
    query = parse(Path(name).stem, path.read_text(encoding="utf-8")) if path and path.is_file() else find(name)
    found = {}
    for row in graph.run(query, {}):
        count = row.get("wanted")
        if "node" not in row or not isinstance(count, int) or count < 0:
            raise DataProblem(f"query {name} says {dict(row)}", hint="it returns ?node ?wanted, a whole number from 0")
        found[cast(str, row["node"])] = count
    return found
