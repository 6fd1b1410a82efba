"""In how many ways diseases belong together: by class, and by the organ system that they sit in."""

from __future__ import annotations

from typing import Final

from met_kg.graph.store import Graph
from met_kg.vocabulary import AXIS_ROOT

__all__ = ["INFECTION", "NO_CLASS", "SYSTEM", "Grouping"]

#: 'Disease by infectious agent'.
INFECTION: Final = "DOID:0050117"
#: 'Disease' and 'disease of anatomical entity': half of all diseases have them in common.
NO_CLASS: Final = (AXIS_ROOT["disease"], "DOID:7")
#: 'Anatomical system'.
SYSTEM: Final = "UBERON:0000467"
_ASKS: Final = {"classes": "class", "systems": "system", "infected": "system"}


class Grouping:
    """What diseases have in common, as the graph states it: one query a node, remembered."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._found: dict[tuple[str, str], frozenset[str]] = {}

    def apart(self, disease: str, other: str) -> bool:
        """Whether another disease is in no group with a disease in any respect: no class of both, other organ systems.

        That cannot be said of what the tree places in no organ system, nor of an infection: bacterial pneumonia is a
        lung disease to the tree, and none.
        """
        one, two = self._of("systems", disease), self._of("systems", other)
        if not (one and two and one.isdisjoint(two)) or INFECTION in self._of("classes", other):
            return False
        return not self._share_class(disease, other)

    def fits_beside(self, disease: str, group: str) -> bool:
        """Whether a group of another part of the classification holds the disease as well, by where it sits.

        COVID-19 is an infection to the tree, and a disease of the lung to people; a pneumonia may be an infection.
        """
        if self._share_class(disease, group):
            return False
        return not self._of("systems", disease).isdisjoint(self._of("systems", group) | self._of("infected", group))

    def _share_class(self, disease: str, other: str) -> bool:
        return not self._of("classes", disease).isdisjoint(self._of("classes", other))

    def _of(self, query: str, node: str) -> frozenset[str]:
        if (query, node) not in self._found:
            rows = self._graph.rows(f"synthesize/{query}", node=node)
            self._found[query, node] = frozenset(str(row[_ASKS[query]]) for row in rows)
        return self._found[query, node]
