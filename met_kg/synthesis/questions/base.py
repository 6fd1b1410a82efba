"""What a question type is: whom it asks about, what it claims, and how it is worded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.sample import Anchor, Sample

__all__ = ["DENIALS", "QuestionType", "Target", "most_specific", "within"]

#: Claims that make the key what the sample does not show.
DENIALS: Final = frozenset(("excludes", "disjoint"))


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to ask of a sample.

    ``claim`` says what makes the key right: ``depicts`` (the sample shows the key), ``excludes`` (it says the key is
    absent), ``parent``, ``location``, ``symptom``, ``imaging`` or ``disjoint`` (the key stands in that relation to
    ``carrier``, which is the depicted subject or an ancestor of it).
    """

    anchor: Anchor
    key: str
    claim: str = "depicts"
    carrier: str = ""

    @property
    def subject(self) -> str:
        """What the sample shows (or excludes)."""
        return self.anchor.node

    @property
    def denied(self) -> bool:
        """Whether the key is what the sample does not show: the answer is 'no'."""
        return self.claim in DENIALS


@dataclass(frozen=True, slots=True)
class QuestionType:
    """A question type.

    ``wordings`` maps a format to its wordings. In them and in ``rationale`` may stand ``{subject}`` and ``{key}``, or
    ``{a_subject}`` and ``{a_key}`` with the article they need. Distractors come
    from the subtrees ``inside`` (from anywhere when empty) and never from those ``outside``. An image is one thing in
    this respect when ``sole``: what is disjoint with the key is then denied, and can be asked for a 'no'.
    """

    name: str
    targets: Callable[[Sample, TreeIndex], Iterable[Target]]
    wordings: Mapping[str, tuple[str, ...]]
    rationale: str
    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    sole: bool = False


def most_specific(anchors: list[Anchor], tree: TreeIndex) -> list[Anchor]:
    """Anchors that no other of them is a kind of."""
    depth = {a.node: tree.nodes[a.node].depth for a in anchors}
    return [
        a
        for a in anchors
        if not any(b != a.node and a.node in tree.lineage(b) and depth[b] > depth[a.node] for b in depth)
    ]


def within(node: str, roots: tuple[str, ...], tree: TreeIndex) -> bool:
    """Whether the node is one of the roots or lies below one of them by tree parents."""
    return any(step in roots for step in tree.path(node))
