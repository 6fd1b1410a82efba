"""The dictionary: every name of every live node, in compared form, with the reading that each casing allows.

Label before exact synonym before narrow and related; broad synonyms stay out (they name something wider). One node
per axis for a name; two axes only where both readings are equally good (a disease that is also a finding).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, cast

from met_kg.graph.store import Graph
from met_kg.literature.names import Casing, adjectives, alike, casing, variants
from met_kg.literature.normalise import normal_form, words
from met_kg.records import Concept
from met_kg.vocabulary import AXES, Axis, Scope

__all__ = ["Lexicon", "LexiconEntry", "Reading"]

_SCOPE_OF: Final[dict[str, Literal["LABEL", "EXACT", "NARROW", "RELATED", "BROAD"]]] = {
    "rdfs:label": "LABEL",
    "oboInOwl:hasExactSynonym": "EXACT",
    "oboInOwl:hasNarrowSynonym": "NARROW",
    "oboInOwl:hasRelatedSynonym": "RELATED",
    "oboInOwl:hasBroadSynonym": "BROAD",
}
_KIND_OF: Final = {
    "OMO:0003000": "abbreviation",
    "OMO:0003003": "layperson",
    "OMO:0003004": "plural",
    "OMO:0003010": "latin",
}
#: How sure a name of each scope makes a link.
_SCORE: Final = {"LABEL": 1.0, "EXACT": 0.95, "NARROW": 0.85, "RELATED": 0.75}
#: A form that we made (uninverted, joined, adjective) is a little less sure than one that a source states.
_MADE: Final = 0.02
#: Readings in another axis stay only when they are this close to the best.
_TIE: Final = 0.06


@dataclass(frozen=True, slots=True)
class LexiconEntry:
    """One name of one node. ``scope`` is an OBO scope or LABEL; ``kind`` as in :class:`met_kg.records.Synonym`."""

    term: str
    node: str
    axis: Axis
    label: str
    scope: Scope | Literal["LABEL"] = "LABEL"
    kind: str = ""
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read a form: the entry, how its case must agree, the exact writing, and its score."""

    entry: LexiconEntry
    casing: Casing
    written: str
    score: float

    def allows(self, written: str) -> bool:
        """Whether this writing (words as in the text, joined by spaces) can mean the entry."""
        if self.casing == "any":
            return True
        return written == self.written if self.casing == "exact" else any(c.isupper() for c in written[1:])


class Lexicon:
    """Names to nodes.

    >>> e = LexiconEntry("pleural effusion", "MET:0000021", "finding", "pleural effusion")
    >>> [r.entry.node for r in Lexicon([e]).lookup("Pleural effusions")]
    ['MET:0000021']
    """

    def __init__(self, entries: Iterable[LexiconEntry]) -> None:
        self.forms: dict[str, list[Reading]] = {}
        self._best: dict[tuple[str, str], tuple[Reading, ...]] = {}
        self._taught: dict[str, tuple[Reading, ...]] = {}
        self._not_meant: tuple[frozenset[str], Axis | None] = frozenset(), None
        self.axis_of: dict[str, Axis] = {}
        self.label_of: dict[str, str] = {}
        self.size = 0
        kept = [e for e in entries if e.scope in _SCORE]
        for entry in kept:
            self._add(entry)
        self._add_adjectives()
        self._add_alike()

    @classmethod
    def from_graph(cls, graph: Graph) -> Lexicon:
        """The names of all live nodes of a tree with its closure."""
        kinds = {
            (row["node"], row["term"]): _KIND_OF.get(str(row["type"]), "")
            for row in graph.rows("retrieve/synonym-types")
        }
        rows = list(graph.rows("retrieve/lexicon"))
        labels = {row["node"]: str(row["term"]) for row in rows if row["property"] == "rdfs:label"}
        entries = (
            LexiconEntry(
                str(row["term"]),
                str(row["node"]),
                cast(Axis, row["axis"]),
                labels.get(row["node"], str(row["node"])),
                _SCOPE_OF[str(row["property"])],
                kinds.get((row["node"], row["term"]), ""),
                int(cast(int, row["depth"])),
            )
            for row in rows
        )
        return cls(entries)

    @classmethod
    def from_concepts(cls, concepts: Iterable[Concept]) -> Lexicon:
        """The names of concepts that have an axis, before there is a tree."""
        return cls(_entries(concepts))

    def _add(self, entry: LexiconEntry) -> None:
        self.size += 1
        self.axis_of[entry.node], self.label_of[entry.node] = entry.axis, entry.label
        base = _SCORE[entry.scope]
        for made, name in enumerate(variants(entry.term)):
            case = casing(name, abbreviation=entry.kind == "abbreviation", anatomy=entry.axis == "anatomy")
            if case == "never" or (case != "any" and _is_obscure(entry)):
                continue
            form = normal_form(name)
            written = " ".join(words(name).raw)
            reading = Reading(entry, case, written, base - _MADE * bool(made))
            self.forms.setdefault(form, []).append(reading)

    def _add_adjectives(self) -> None:
        for adjective, noun in sorted(adjectives().items()):
            form = normal_form(adjective)
            for reading in self._ranked(normal_form(noun), noun):
                if reading.entry.axis == "anatomy" and form not in self.forms:
                    made = Reading(reading.entry, "any", adjective, reading.score - 5 * _MADE)
                    self.forms[form] = [made]
                    break

    def _add_alike(self) -> None:
        """Names of diseases with a word swapped for one that people use alike, where nothing has that name."""
        made: dict[str, list[Reading]] = {}
        for form, readings in self.forms.items():
            diseases = [r for r in readings if r.entry.axis == "disease" and r.casing == "any"]
            if diseases:
                for other, cost in alike(form):
                    if other not in self.forms:
                        made.setdefault(other, []).extend(replace(r, score=r.score - cost) for r in diseases)
        self.forms.update(made)

    def teach(self, names: Mapping[str, tuple[Reading, ...]], not_meant: frozenset[str], axis: Axis) -> None:
        """Take over what people say in an annotated corpus: their names come first, and some of ours mean nothing.

        A later call replaces an earlier one. A :class:`~met_kg.literature.linker.Linker` knows what its lexicon was
        taught before it was made.
        """
        self._taught, self._not_meant = dict(names), (not_meant, axis)
        self._best.clear()

    def all_forms(self) -> list[str]:
        """Every compared form that can be read, in order."""
        return sorted(self.forms.keys() | self._taught.keys())

    def lookup(self, name: str) -> tuple[Reading, ...]:
        """The readings of a whole name: at most one an axis, best first; empty when the name is not known."""
        return self.readings(normal_form(name), " ".join(words(name).raw))

    def readings(self, form: str, written: str) -> tuple[Reading, ...]:
        """The readings of a compared form as written in a text."""
        key = (form, written)
        found = self._best.get(key)
        if found is None:
            ranked = self._ranked(form, written)
            taught = [r for r in self._taught.get(form, ()) if r.allows(written)]
            if taught:
                ranked = [*taught, *(r for r in ranked if r.entry.axis != taught[0].entry.axis)]
            found = self._best[key] = tuple(r for r in ranked if r.score >= ranked[0].score - _TIE)
        return found

    def _ranked(self, form: str, written: str) -> list[Reading]:
        not_meant, without = self._not_meant
        allowed = [r for r in self.forms.get(form, ()) if r.allows(written)]
        if form in not_meant:
            allowed = [r for r in allowed if r.entry.axis != without]
        best: list[Reading] = []
        for axis in AXES:
            here = sorted((r for r in allowed if r.entry.axis == axis), key=_preference)
            if here and not _ambiguous_abbreviation(here):
                best.append(here[0])
        return sorted(best, key=lambda r: (-r.score, AXES.index(r.entry.axis)))


def _preference(reading: Reading) -> tuple[float, int, int, str]:
    # Between equals the more general node, then the older identifier: it promises the least.
    return -reading.score, reading.entry.depth, len(reading.entry.node), reading.entry.node


def _is_obscure(entry: LexiconEntry) -> bool:
    """Whether a short abbreviation is one that few people know: atlases abbreviate nearly every structure.

    A text that means it defines it, and then its long form is what is looked up.
    """
    return entry.scope not in ("LABEL", "EXACT") or (entry.axis == "anatomy" and len(entry.term) < 3)


def _ambiguous_abbreviation(ranked: list[Reading]) -> bool:
    """Whether two nodes claim a short abbreviation with equal right: then it means neither until a text defines it."""
    best = ranked[0]
    rivals = {r.entry.node for r in ranked if r.score >= best.score}
    return len(rivals) > 1 and best.casing != "any"


def _entries(concepts: Iterable[Concept]) -> Iterator[LexiconEntry]:
    for concept in concepts:
        if concept.axis is None or concept.obsolete:
            continue
        yield LexiconEntry(concept.label, concept.curie, concept.axis, concept.label)
        for synonym in concept.synonyms:
            yield LexiconEntry(synonym.text, concept.curie, concept.axis, concept.label, synonym.scope, synonym.kind)
