"""What a sentence of a caption stands on, and a sentence with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from met_kg.synthesis.english import names_several
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.sample import Anchor, Sample

__all__ = ["Fact", "Line", "Said", "Span", "facts_of", "said"]

#: Columns of text, in the order in which they are told; first what no text says.
_TEXTS: Final = ("", "caption", "context")
_STATES: Final = {"positive": "met:depicts", "negative": "met:excludes", "uncertain": "met:mayDepict"}


@dataclass(frozen=True, slots=True)
class Span:
    """Words of a sample's source: ``sample[column][start:end]`` is ``text``."""

    column: str
    text: str
    start: int
    end: int


#: A triple of the graph (CURIEs; a definition stands as it is), or words of the source.
Fact = tuple[str, str, str] | Span


@dataclass(frozen=True, slots=True)
class Said:
    """A node that the sample's anchors state, with what states it.

    ``column``: the text that names it, '' for metadata; ``span``: where, when the anchor's evidence still stands there.
    """

    node: str
    facts: tuple[Fact, ...]
    column: str
    span: Span | None
    several: bool
    from_metadata: bool

    @property
    def place(self) -> tuple[int, int]:
        """An order as in the source: metadata, caption, context."""
        return (_TEXTS.index(self.column), self.span.start if self.span else 0)


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence and its facts."""

    text: str
    facts: tuple[Fact, ...]

    def as_json(self) -> dict[str, object]:
        """As it stands in column ``facts``."""
        return {"sentence": self.text, "facts": [_plain(f) for f in self.facts]}


def _plain(fact: Fact) -> list[str] | dict[str, str | int]:
    if isinstance(fact, Span):
        return {"column": fact.column, "text": fact.text, "start": fact.start, "end": fact.end}
    return list(fact)


def facts_of(found: Iterable[Said]) -> tuple[Fact, ...]:
    """All facts of what is said, each once."""
    return tuple(dict.fromkeys(fact for one in found for fact in one.facts))


def said(sample: Sample, anchor: Anchor, tree: TreeIndex) -> Said:
    """An anchor with its triple and, where its evidence still stands in the source, the words."""
    triple: Fact = (f"sample:{sample.sample_id}", _STATES[anchor.polarity], anchor.node)
    found = _span(sample, anchor)
    facts = (triple,) if found is None else (triple, found)
    in_text = found is not None and found.column in _TEXTS
    field = str(anchor.evidence.get("field", "")) if isinstance(anchor.evidence, dict) else ""
    return Said(
        anchor.node,
        facts,
        field if field in _TEXTS else "",
        found if in_text else None,
        in_text and found is not None and names_several(found.text, tree.nodes[anchor.node].label),
        "metadata" in anchor.method,
    )


def _span(sample: Sample, anchor: Anchor) -> Span | None:
    evidence = anchor.evidence
    if not isinstance(evidence, dict):
        return None
    if "column" in evidence:
        column, value = str(evidence["column"]), str(evidence.get("value", ""))
        stated = sample.columns.get(column, "")
        return Span(column, value, 0, len(value)) if value and stated == value else None
    column = str(evidence.get("field", ""))
    text = {"caption": sample.caption, "context": sample.context}.get(column, "")
    start, end = evidence.get("start"), evidence.get("end")
    if not (isinstance(start, int) and isinstance(end, int)) or text[start:end] != evidence.get("text"):
        return None
    return Span(column, text[start:end], start, end)
