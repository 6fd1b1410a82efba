"""A document as the rest of the room sees it, and what a corpus says is in it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Annotation", "Document"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """A span that people marked in a corpus: ``text == document.text[start:end]``; ``codes`` are CURIEs."""

    start: int
    end: int
    text: str
    kind: str
    codes: tuple[str, ...]

    def overlaps(self, start: int, end: int) -> bool:
        """Whether it shares a character with this span."""
        return self.start < end and start < self.end


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its origin. Offsets of mentions count characters of ``text``."""

    id: str
    text: str
    title: str = ""
    source: str = ""
    licence: str = ""
    section: str = ""
    annotations: tuple[Annotation, ...] = ()
