"""The records that pass between rooms: what a source says of a concept, and what a text says of a node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from met_kg.vocabulary import Axis, Scope

__all__ = ["Assertion", "Concept", "Mention", "Quarantined", "Relation", "Synonym"]

#: Whether a text says that a thing is there. Only ``positive`` makes a positive anchor.
Assertion = Literal["positive", "negated", "uncertain", "historical", "family", "hypothetical", "other-panel"]


@dataclass(frozen=True, slots=True)
class Synonym:
    """One further name of a concept; ``kind`` is '' or an OMO type: abbreviation, layperson, latin, plural."""

    text: str
    scope: Scope = "EXACT"
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Relation:
    """``concept property some target`` as a CURIE pair, e.g. ``BFO:0000050 UBERON:0001004`` (part of)."""

    property: str
    target: str


@dataclass(frozen=True, slots=True)
class Concept:
    """What one source says of one concept. All identifiers are CURIEs with normalised prefixes.

    ``parents`` are is-a parents only; part-of, has-location and the like are ``relations``. ``logical`` is what the
    source says the concept is equivalent to: CURIEs of genera, and "property target" of differentiae.
    ``semantic_types`` are those of the UMLS Semantic Network ("STY:T047").
    """

    curie: str
    label: str
    axis: Axis | None = None
    definition: str = ""
    synonyms: tuple[Synonym, ...] = ()
    parents: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    xrefs: tuple[str, ...] = ()
    obsolete: bool = False
    replaced_by: tuple[str, ...] = ()
    source: str = ""
    logical: tuple[str, ...] = ()
    semantic_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """A node named in a text: ``text == document[start:end]`` (offsets in characters, end exclusive)."""

    start: int
    end: int
    text: str
    node: str
    axis: Axis
    label: str
    score: float
    assertion: Assertion = "positive"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A piece of input set aside: where it stood, why, and the start of what it said."""

    source: str  # file or corpus
    where: str  # line, row or record id
    reason: str  # one sentence
    content: str = field(default="")
