"""What a question type is: whom it asks about, what it claims, and how it is worded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.sample import Anchor, Sample

__all__ = ["QuestionType", "Target", "most_specific", "within"]


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to ask of a sample.

    ``claim`` says what makes the key right: ``depicts`` (the sample shows the key), ``excludes`` (it says the key is
    absent), ``parent``, ``location`` or ``symptom`` (the key stands in that relation to ``carrier``, which is the
    depicted subject or an ancestor of it).
    """

    anchor: Anchor
    key: str
    claim: str = "depicts"
    carrier: str = ""

    @property
    def subject(self) -> str:
        """What the sample shows (or excludes)."""
        return self.anchor.node


@dataclass(frozen=True, slots=True)
class QuestionType:
    """A question type. ``wordings`` maps a format to its wordings, in which ``{subject}`` and ``{key}`` may stand;
    ``rationale`` may use ``{a_key}`` too. ``outside`` are subtrees from which no distractor is taken."""

    name: str
    targets: Callable[[Sample, TreeIndex], Iterable[Target]]
    wordings: Mapping[str, tuple[str, ...]]
    rationale: str
    outside: tuple[str, ...] = field(default=())


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
    here = node
    for _ in range(len(tree.nodes)):
        if here in roots:
            return True
        if here not in tree.nodes or not tree.nodes[here].parent:
            return False
        here = tree.nodes[here].parent
    return False
