"""A node as a person reads it: path to the root, names, codes, relations, evidence, what is anchored to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from met_kg.errors import UnknownName
from met_kg.graph.store import Graph
from met_kg.vocabulary import is_curie

__all__ = ["Description", "describe", "resolve"]


@dataclass(slots=True)
class Description:
    """What the graph says of a node."""

    node: str
    label: str
    axis: str
    path: list[tuple[str, str]]  # from the root down
    said: dict[str, list[str]] = field(default_factory=dict)
    children: list[tuple[str, str]] = field(default_factory=list)
    mentions: int = 0
    documents: int = 0
    samples: int = 0


def resolve(graph: Graph, name: str) -> str:
    """The node that a CURIE, label or synonym names.

    Raises
    ------
    UnknownName
        when there is none; the nearest labels are offered.
    """
    if is_curie(name):
        if any(graph.rows("tree/about", node=name)):
            return name
        raise UnknownName("node", name, [])
    found = [str(row["node"]) for row in graph.rows("tree/lookup", text=name.lower())]
    if not found:
        raise UnknownName("node", name, (str(r["label"]) for r in graph.rows("tree/labels")))
    return found[0]


def describe(graph: Graph, name: str) -> Description:
    """Everything the graph says of a node given by CURIE, label or synonym."""
    node = resolve(graph, name)
    said: dict[str, list[str]] = {}
    for row in graph.rows("tree/about", node=node):
        value = str(row["value"]) + (f"  {row['label']}" if row["label"] else "")
        said.setdefault(str(row["property"]), []).append(value)
    path = [(node, said.get("rdfs:label", [node])[0])]
    while parent := next(iter(graph.rows("tree/parent", node=path[0][0])), None):
        path.insert(0, (str(parent["parent"]), str(parent["label"])))
    counted = next(iter(graph.rows("tree/evidence", node=node)), None) or {}
    return Description(
        node,
        path[-1][1],
        said.get("met:axis", [""])[0],
        path,
        said,
        [(str(r["child"]), str(r["label"])) for r in graph.rows("tree/children", node=node)],
        int(counted.get("mentions") or 0),
        int(counted.get("documents") or 0),
        int(counted.get("samples") or 0),
    )
