"""What happened to a proof that no longer holds: which node moved, became obsolete, got a name or an anchor.

A broken condition is read for the terms that stand in it, and the graph is asked about these (``sparql/prove/``). So a
condition of a new kind is explained without a word here, as long as it speaks of the same predicates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any, Final, Literal, get_args

from met_kg.graph.store import Graph, Row
from met_kg.vocabulary import contract

__all__ = ["KINDS", "Cause", "Causes", "Kind"]

Kind = Literal[
    "obsolete", "gone", "reparented", "relation", "synonym", "anchor", "words", "changed", "unreadable", "other"
]
#: What can make an item fail: of the tree, of the sample's anchors, of the item itself.
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

Ask = Callable[[str], bool]

_IRI: Final = re.compile(r"<([^<>]*)>")
#: A triple without variables.
_GROUND: Final = re.compile(r"<([^<>]*)> <([^<>]*)> (?:<([^<>]*)>|\"([^\"]*)\")")
#: A node whose tree parent is a variable.
_OPEN_PARENT: Final = re.compile(r"<([^<>]*)> <[^<>]*#treeParent> \?\w+")
_SAID_OF_SAMPLES: Final = frozenset(("met:depicts", "met:mayDepict", "met:excludes"))
_LINKS: Final = {
    "met:hasLocation": "location",
    "met:hasSymptom": "symptom",
    "met:imagedBy": "imaging",
    "met:disjoint": "disjoint class",
}
_FEW: Final = 3
_PLACE: Final = frozenset(("met:treeParent", "met:ancestor", "met:axis"))


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a condition broke: the kind of change, the node that changed, and what is the case now."""

    kind: Kind
    node: str
    what: str


class Causes:
    """Finds causes over the graph that was asked.

    Parameters
    ----------
    before
        the graph with the tree that the items were made over, where it is another: it tells what a changed place was,
        and a changed tree from a changed sample.
    """

    def __init__(self, graph: Graph, before: Graph | None = None) -> None:
        self._graph, self._before = graph, before
        self._state = cache(self._state_of)
        self._parents = cache(self._parents_of)
        self._pairs = cache(self._pairs_of)
        self._links = cache(self._links_of)

    def of(self, says: str, pattern: str, bound: Mapping[str, Any], held_before: bool) -> list[Cause]:
        """The causes of one broken condition of a proof with these bindings, in a stable order.

        ``held_before`` says whether the condition holds over the graph before.
        """
        terms = [contract(iri) for iri in _IRI.findall(pattern)]
        nodes = [node for node in _nodes(bound) if node in terms]
        lost = [cause for node in nodes for cause in self._lost(node)]
        if lost:
            return lost
        negated = "NOT EXISTS" in pattern
        found = (
            self._appeared(set(terms), nodes, str(bound["sample"]), held_before) if negated else self._missing(pattern)
        )
        if "rdfs:label" in terms and not negated:
            found = (Cause("words", node, f"{self._named(node)} has another name now") for node in self._renamed(nodes))
        # What a condition finds by two steps has no pair of nodes to name: then whoever moved, where that is known.
        causes = list(dict.fromkeys(found)) or [self._moved(node) for node in nodes if self._has_moved(node)]
        return causes or [Cause("other", "", f"no single change explains: {says}")]

    # --- nodes ---------------------------------------------------------------------------------------------------
    def _rows(self, query: str, before: bool = False, **values: str) -> list[Row]:
        graph = self._before if before else self._graph
        return list(graph.rows(f"prove/{query}", **values)) if graph is not None else []

    def _state_of(self, node: str) -> list[Row]:
        return self._rows("state", node=node)

    def _parents_of(self, node: str, before: bool = False) -> dict[str, str]:
        """Tree parents and how to name them."""
        rows = self._rows("parents", before, node=node)
        return {str(row["parent"]): _called(row["parent"], row["label"]) for row in rows}

    def _has_moved(self, node: str) -> bool:
        return self._before is not None and self._parents(node).keys() != self._parents(node, True).keys()

    def _mover(self, node: str) -> str | None:
        """The node, or the nearest above it in the tree, that hangs from another parent than before."""
        seen: list[str] = []
        here: str | None = node
        while here is not None and here not in seen:
            if self._has_moved(here):
                return here
            seen.append(here)
            here = next(iter(self._parents(here)), None)
        return None

    def _pairs_of(self, query: str, node: str, other: str) -> list[Row]:
        return self._rows(query, node=node, other=other)

    def _links_of(self, node: str, other: str) -> list[tuple[str, str]]:
        """Carrier and property of what relates the two; only what is new, where the graph before is known; a few."""

        def asked(before: bool) -> list[tuple[str, str]]:
            rows = self._rows("links", before, node=node, other=other)
            return [(str(row["carrier"]), str(row["property"])) for row in rows]

        now, was = asked(False), set(asked(True))
        return ([link for link in now if link not in was] or now)[:_FEW]

    def _named(self, node: str) -> str:
        return _called(node, self._state(node)[0]["label"])

    def _renamed(self, nodes: list[str]) -> list[str]:
        """Those whose label was another; all where that cannot be known."""

        def labels(node: str, before: bool) -> list[object]:
            return [row["label"] for row in self._rows("state", before, node=node)]

        return [n for n in nodes if self._before is None or labels(n, False) != labels(n, True)]

    def _lost(self, node: str) -> Iterator[Cause]:
        """Nothing while the node is live."""
        rows = self._state(node)
        first = rows[0]
        if first["axis"] is not None:
            return
        if first["obsolete"]:
            heirs = sorted({_called(r["replacement"], r["called"]) for r in rows if r["replacement"]})
            then = f"replaced by {' or '.join(heirs)}" if heirs else "replaced by nothing"
            yield Cause("obsolete", node, f"{_called(node, first['label'])} is obsolete, {then}")
        elif first["label"] is None:
            yield Cause("gone", node, f"{node} is not in the tree any more")
        else:
            yield Cause("reparented", node, f"{_called(node, first['label'])} lies below no root any more")

    # --- what should be and is not -----------------------------------------------------------------------------------
    def _missing(self, pattern: str) -> Iterator[Cause]:
        for subject, predicate, node, text in _GROUND.findall(pattern):
            if not self._holds(subject, predicate, node, text):
                yield self._without(contract(subject), contract(predicate), contract(node) if node else text)
        for iri in _OPEN_PARENT.findall(pattern):
            # Two places that should have one parent: name both, or those that moved where it is known.
            node = contract(iri)
            if self._before is None or self._has_moved(node):
                yield self._moved(node)

    def _holds(self, subject: str, predicate: str, node: str, text: str) -> bool:
        import pyoxigraph as ox

        value = ox.NamedNode(node) if node else ox.Literal(text)
        pattern = self._graph.store.quads_for_pattern(ox.NamedNode(subject), ox.NamedNode(predicate), value)
        return next(pattern, None) is not None

    def _without(self, subject: str, predicate: str, value: str) -> Cause:
        if predicate in _SAID_OF_SAMPLES:
            return Cause("anchor", value, f"{subject} {predicate} {self._named(value)} is no anchor any more")
        if predicate in _PLACE:
            return self._moved(subject)
        what = _LINKS.get(predicate, predicate)
        if predicate == "met:partOf":
            return Cause("relation", subject, f"{self._named(subject)} is no part of {self._named(value)} any more")
        return Cause("relation", subject, f"{self._named(value)} is no {what} of {self._named(subject)} any more")

    def _moved(self, node: str) -> Cause:
        node = self._mover(node) or node
        now, was = (" and ".join(self._parents(node, b).values()) or "nothing" for b in (False, True))
        said = f"the tree parent of {self._named(node)} is {now}"
        if self._has_moved(node):
            return Cause("reparented", node, f"{said} now, and was {was}")
        if self._before is not None:
            return Cause("reparented", node, f"{said} as before, and what else lies above it changed")
        return Cause("reparented", node, f"{said} now")

    # --- what should not be and is -----------------------------------------------------------------------------------
    def _appeared(self, terms: set[str], nodes: list[str], sample: str, held_before: bool) -> Iterator[Cause]:
        if terms & _SAID_OF_SAMPLES:
            yield from self._shown(nodes, sample, held_before)
            return
        for one, other in combinations(nodes, 2):
            if "met:term" in terms:
                shared = [str(row["name"]) for row in self._pairs("shared-names", one, other)]
                if shared:
                    names = ", ".join(f"'{name}'" for name in shared)
                    yield Cause(
                        "synonym", other, f"{self._named(one)} and {self._named(other)} are both called {names}"
                    )
            elif terms & _LINKS.keys():
                for carrier, prop in self._links(one, other):
                    said = f"{self._named(other)} is a {_LINKS[prop]} of {self._named(carrier)}"
                    yield Cause("relation", carrier, said)
            else:
                yield from self._kin(one, other)

    def _shown(self, nodes: list[str], sample: str, held_before: bool) -> Iterator[Cause]:
        for node in nodes:
            for row in self._rows("shown", sample=sample, node=node):
                anchor = str(row["anchor"])
                kin = list(self._kin(anchor, node))
                if held_before and kin:  # the sample is as it was: the tree brought the two together
                    yield from kin
                else:
                    how = f"; {kin[0].what}" if kin else ""
                    yield Cause("anchor", anchor, f"{sample} {row['says']} {self._named(anchor)}{how}")

    def _kin(self, one: str, other: str) -> Iterator[Cause]:
        for row in self._pairs("kin", one, other):
            lower, upper = str(row["lower"]), str(row["upper"])
            said = f"{self._named(lower)} is a {row['relation']} of {self._named(upper)}"
            mover = self._mover(lower)
            if mover is not None:
                yield Cause("reparented", mover, f"{said}; {self._moved(mover).what}")
            else:
                yield Cause("reparented" if row["relation"] == "kind" else "relation", lower, said)


def _called(node: object, label: object) -> str:
    return f"{node} '{label}'" if label else str(node)


def _nodes(bound: Mapping[str, Any]) -> list[str]:
    """Every node that the bindings name, in their order."""

    def texts(value: object) -> Iterable[str]:
        if isinstance(value, Mapping):
            for part in value.values():
                yield from texts(part)
        elif isinstance(value, (list, tuple)):
            for part in value:
                yield from texts(part)
        elif isinstance(value, str) and ":" in value and not value.startswith("sample:"):
            yield value

    return list(dict.fromkeys(texts(bound)))
