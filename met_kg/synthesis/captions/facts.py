"""What a sentence of a caption stands on, and a sentence with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from met_kg.synthesis.english import is_plural
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.sample import Anchor, Sample

__all__ = ["Fact", "Line", "Said", "Span", "facts_of", "said"]

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
    """A node that the sample's anchors state, with what states it; ``span`` is where a text names it."""

    node: str
    facts: tuple[Fact, ...]
    span: Span | None
    several: bool
    from_metadata: bool

    @property
    def place(self) -> tuple[int, int]:
        """An order as in the source: metadata, caption, context."""
        if self.span is None:
            return (0, 0)
        return ({"caption": 1, "context": 2}.get(self.span.column, 0), self.span.start)


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
    in_text = found is not None and found.column in ("caption", "context")
    return Said(
        anchor.node,
        facts,
        found if in_text else None,
        in_text and found is not None and _several(found.text, tree.nodes[anchor.node].label),
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


def _several(words: str, label: str) -> bool:
    """Whether words name more than one of what a label names."""
    if words[:-1].isupper() and len(words) > 2:
        return words.endswith("s")
    return is_plural(words.lower()) and not is_plural(label.lower())
