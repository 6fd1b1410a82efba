"""Every name of every live node, and where a text holds it, seen by the dictionary or hidden from it.

The linker takes the longest name at each place and one node for it, so that an anchor is what the text means. A search
wants more: "aorta" inside "aortic valve stenosis of the abdominal aorta" is no anchor of its own, yet says something of
the text. Each name that stands in a text has one of five kinds (:data:`KINDS`), surest first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from met_kg.graph.store import Graph
from met_kg.literature.names import adjectives
from met_kg.literature.normalise import Words, normal_form
from met_kg.records import Mention

__all__ = ["KINDS", "NodeNames"]

#: A name that the linker read: label, exact synonym, narrow or related one; and one that it passed over.
KINDS: Final = ("label", "exact", "loose", "inner", "inner-loose")
_LABEL, _EXACT, _LOOSE, _INNER, _INNER_LOOSE = range(5)

_SCOPES: Final = {
    "rdfs:label": (_LABEL, 1.0),
    "oboInOwl:hasExactSynonym": (_EXACT, 1.0),
    "oboInOwl:hasNarrowSynonym": (_LOOSE, 0.8),
    "oboInOwl:hasRelatedSynonym": (_LOOSE, 0.7),
    "oboInOwl:hasBroadSynonym": (_INNER_LOOSE, 0.3),
}
#: Shorter names count only where they are written with a capital beyond the first letter.
_SHORT: Final = 4
#: An adjective says less than the noun.
_ADJECTIVE: Final = 0.7


class NodeNames:
    """Names of nodes in compared form; nodes have numbers, in order of their identifiers."""

    def __init__(self, graph: Graph) -> None:
        import ahocorasick_rs

        axis: dict[str, str] = {}
        held: dict[str, dict[str, tuple[int, float]]] = defaultdict(dict)  # form -> node -> kind and weight
        self.label_of: dict[str, str] = {}
        for row in graph.rows("retrieve/lexicon"):
            node, form = str(row["node"]), normal_form(str(row["term"]))
            kind, weight = _SCOPES[str(row["property"])]
            axis[node] = str(row["axis"])
            if kind == _LABEL:
                self.label_of[node] = str(row["term"])
            if form and (node not in held[form] or kind < held[form][node][0]):
                held[form][node] = kind, weight
        for adjective, noun in sorted(adjectives().items()):
            for node, (kind, _) in held.get(normal_form(noun), {}).items():
                if kind in (_LABEL, _EXACT) and axis[node] == "anatomy":
                    held[normal_form(adjective)].setdefault(node, (_LOOSE, _ADJECTIVE))
        self.nodes = sorted(axis)
        self.number = {node: i for i, node in enumerate(self.nodes)}
        self.of: dict[str, dict[str, float]] = {node: {} for node in self.nodes}  # node -> its names and their weights
        self._read: dict[str, list[tuple[int, int]]] = {}
        for form in sorted(held):
            meant = sorted(held[form].items())
            best: dict[str, int] = {}
            for node, (kind, weight) in meant:
                self.of[node][form] = weight
                best[axis[node]] = min(kind, best.get(axis[node], kind))
            # Where two nodes of an axis share a name, it is the name of the one that has it as its label.
            self._read[form] = [
                (self.number[node], kind)
                for node, (kind, _) in meant
                if kind == best[axis[node]] or kind == _INNER_LOOSE
            ]
        self._forms = sorted(self._read)
        self._lengths = [form.count(" ") + 1 for form in self._forms]
        self._automaton = ahocorasick_rs.AhoCorasick([f" {form} " for form in self._forms], store_patterns=False)

    def occurrences(self, found: Words, mentions: Iterable[Mention]) -> Iterator[tuple[int, int]]:
        """Number of a node and number of a kind, once for each place where a text names the node.

        Parameters
        ----------
        found
            the words of the text.
        mentions
            what the linker read in it.
        """
        read: dict[tuple[int, int], int] = {}  # node and place -> kind
        linked = {(self.number[m.node], m.start) for m in mentions if m.node in self.number}
        for first, last, form in self._hits(found):
            start = found.start[first]
            for node, kind in self._read[form]:
                if (node, start) in linked:
                    kind = min(kind, _LOOSE)
                elif len(form) < _SHORT and not _has_capital(found.raw[first : last + 1]):
                    continue
                else:
                    kind = _INNER if kind <= _EXACT else _INNER_LOOSE
                read[node, start] = min(kind, read.get((node, start), kind))
        for node, start in linked:
            read.setdefault((node, start), _EXACT)  # an abbreviation written out, names that share a head
        for (node, _), kind in sorted(read.items()):
            yield node, kind

    def _hits(self, found: Words) -> Iterator[tuple[int, int, str]]:
        padded = f" {' '.join(found.norm)} "
        counted = spaces = 0
        for pattern, _, end in self._automaton.find_matches_as_indexes(padded, overlapping=True):
            spaces += padded.count(" ", counted, end)
            counted = end
            last = spaces - 2
            yield last - self._lengths[pattern] + 1, last, self._forms[pattern]


def _has_capital(written: Iterable[str]) -> bool:
    """Whether a word has a capital beyond its first letter."""
    return any(c.isupper() for word in written for c in word[1:])
