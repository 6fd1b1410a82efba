"""Where structures, diseases and findings lie in the body: one query a node, remembered."""

from __future__ import annotations

from collections.abc import Iterable

from met_kg.graph.store import Graph

__all__ = ["Body"]


class Body:
    """Places in the body, as the graph states them. Nothing here knows of samples."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._wholes: dict[str, frozenset[str]] = {}
        self._divisions: dict[str, frozenset[str]] = {}
        self._neighbours: dict[str, dict[str, bool]] | None = None
        self._places: dict[str, frozenset[str]] = {}
        self._reach: dict[str, frozenset[str]] = {}
        self._placed: frozenset[str] | None = None
        self._parts_shown: dict[str, frozenset[str]] | None = None

    def wholes(self, node: str) -> frozenset[str]:
        """What a structure is part of."""
        if node not in self._wholes:
            self._wholes[node] = frozenset(str(r["whole"]) for r in self._graph.rows("synthesize/wholes", node=node))
        return self._wholes[node]

    def divisions(self, node: str) -> frozenset[str]:
        """The divisions of the body that a structure belongs to."""
        if node not in self._divisions:
            rows = self._graph.rows("synthesize/division", node=node)
            self._divisions[node] = frozenset(str(row["division"]) for row in rows)
        return self._divisions[node]

    def looks_away(self, examination: str, structure: str) -> bool:
        """Whether an examination is of parts of the body that lie away from a structure, all of them known to.

        Of what is of no part (PET, angiography) that cannot be said.
        """
        examined = [part for part in self.parts_shown(examination) if self.divisions(part)]
        near = self.nearby(self.divisions(structure))
        return bool(examined and near) and not any(near & self.divisions(part) for part in examined)

    def nearby(self, divisions: Iterable[str], *, edges: bool = False) -> frozenset[str]:
        """Divisions of the body, and those that pictures of them show as well; with edges, if only a little of them."""
        if self._neighbours is None:
            self._neighbours = {}
            for row in self._graph.rows("synthesize/neighbours"):
                self._neighbours.setdefault(str(row["division"]), {})[str(row["other"])] = bool(row["edge"])
        given = frozenset(divisions)
        beside = (self._neighbours.get(division, {}).items() for division in given)
        return given.union(*({other for other, edge in some if edges or not edge} for some in beside))

    def places(self, node: str) -> frozenset[str]:
        """The divisions of the body and the organ systems that a structure belongs to."""
        if node not in self._places:
            rows = self._graph.rows("synthesize/places", node=node)
            self._places[node] = frozenset(str(row["place"]) for row in rows)
        return self._places[node]

    def reach(self, part: str) -> frozenset[str]:
        """What lies in the division of the body that a part belongs to: structures, diseases and findings."""
        if part not in self._reach:
            wholes = {part, *self.divisions(part)}
            found = (self._graph.rows("synthesize/within", node=whole) for whole in sorted(wholes))
            self._reach[part] = frozenset(wholes).union(*({str(row["other"]) for row in rows} for rows in found))
        return self._reach[part]

    @property
    def placed(self) -> frozenset[str]:
        """Diseases and findings with a stated location, their own or an ancestor's."""
        if self._placed is None:
            self._placed = frozenset(str(row["node"]) for row in self._graph.rows("synthesize/placed"))
        return self._placed

    def parts_shown(self, examination: str) -> frozenset[str]:
        """The parts of the body that an examination is of, with their divisions; empty when it is of none."""
        if self._parts_shown is None:
            found: dict[str, set[str]] = {}
            for row in self._graph.rows("synthesize/of-a-part"):
                structure = str(row["structure"])
                found.setdefault(str(row["node"]), set()).update({structure}, self.divisions(structure))
            self._parts_shown = {node: frozenset(parts) for node, parts in found.items()}
        return self._parts_shown.get(examination, frozenset())
