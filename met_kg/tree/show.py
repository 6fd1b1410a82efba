"""A node as a person reads it: path to the root, names, codes, relations, evidence, what is anchored to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from met_kg.errors import UnknownName
from met_kg.graph.store import Graph
from met_kg.vocabulary import is_curie

__all__ = ["Description", "describe", "resolve"]

#: Documents and samples named of each kind.
_QUOTED: Final = 3
#: How a person calls a property; others go by the end of their name.
_CALLED: Final = {
    "IAO:0000115": "definition",
    "IAO:0100001": "replaced by",
    "dcterms:source": "sources",
    "oboInOwl:hasDbXref": "codes, as stated",
    "skos:exactMatch": "codes that are this node's alone",
    "oboInOwl:hasExactSynonym": "exact synonyms",
    "oboInOwl:hasRelatedSynonym": "related synonyms",
    "oboInOwl:hasNarrowSynonym": "narrower names",
    "oboInOwl:hasBroadSynonym": "wider names",
    "met:semanticType": "UMLS semantic type",
    "met:hasLocation": "location",
    "met:hasSymptom": "symptom",
    "met:imagedBy": "imaged by",
    "met:partOf": "part of",
    "met:depth": "depth",
    "met:placedBy": "placed by",
    "met:minedLocation": "location",
    "met:minedSymptom": "symptom",
    "met:minedImagedBy": "imaged by",
}
#: Shown elsewhere, or for machines.
_UNSAID: Final = frozenset({"rdfs:label", "met:axis", "met:treeParent", "met:term", "met:sex"})


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
    mined: list[str] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)


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
    label = said.get("rdfs:label", [node])[0]
    axis = said.get("met:axis", [""])[0]
    path = [(node, label)]
    while parent := next(iter(graph.rows("tree/parent", node=path[0][0])), None):
        path.insert(0, (str(parent["parent"]), str(parent["label"])))
    counted = next(iter(graph.rows("tree/evidence", node=node)), None) or {}
    return Description(
        node,
        label,
        axis,
        path,
        {_CALLED.get(name, name): values for name, values in said.items() if name not in _UNSAID},
        [(str(r["child"]), str(r["label"])) for r in graph.rows("tree/children", node=node)],
        int(counted.get("mentions") or 0),
        int(counted.get("documents") or 0),
        int(counted.get("samples") or 0),
        [
            f"{_CALLED[str(r['property'])]}: {r['target']}  {r['label']}  ({r['count']} sentences, q {r['q']})"
            for r in graph.rows("tree/mined", node=node)
        ],
        _quotes(graph, node),
    )


def _quotes(graph: Graph, node: str) -> list[str]:
    """A few documents and samples, as a person can look them up."""
    shown: dict[str, list[str]] = {}
    for row in graph.rows("tree/quoted", node=node):
        kind = str(row["kind"])
        if len(shown.setdefault(kind, [])) < _QUOTED:
            words = f'  "{row["words"]}", {row["count"]} times' if row["words"] else ""
            shown[kind].append(f"{kind} {row['where']}{words}")
    return [line for lines in shown.values() for line in lines]
