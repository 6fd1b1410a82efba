"""What a question type is: whom it asks about, what it claims, and how it is worded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from met_kg.synthesis.claims import DENIALS
from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.sample import Anchor, Sample

__all__ = ["Fact", "QuestionType", "Target", "each_shown", "lifted", "most_specific", "sole"]

#: A triple of CURIEs.
Fact = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to ask of a sample: the key, and the claim of :mod:`met_kg.synthesis.claims` that makes it right.

    ``words`` stand in the wording besides the names of the key; ``answer`` is the answer to an open question where it
    is not the key's name, and ``facts`` are the further triples that it rests on. ``beside`` are the only wrong
    answers that go with the key, when they are not its relatives at large.
    """

    anchor: Anchor
    key: str
    claim: str = "depicts"
    carrier: str = ""
    words: tuple[tuple[str, str], ...] = ()
    answer: str = ""
    facts: tuple[Fact, ...] = ()
    beside: tuple[tuple[str, str, str], ...] | None = None  # node, relation, via

    @property
    def subject(self) -> str:
        """What the sample shows (or excludes)."""
        return self.anchor.node

    @property
    def denied(self) -> bool:
        """Whether the key is what is not so: a question for yes or no is answered 'no'."""
        return self.claim in DENIALS


@dataclass(frozen=True, slots=True)
class QuestionType:
    """A question type.

    Attributes
    ----------
    answers
        the query ``questions/<answers>`` of the nodes that can be an answer, right or wrong.
    targets
        whom to ask about in a sample.
    wordings
        of each format. In them may stand ``{key}``, ``{a_key}``, ``{the_key}``, and the target's own words.
    pictured
        whether only an image that a modality made can be asked: a drawing is no case and has no abnormality. A graph, a
        chart or a table is not asked about at all: the body is in its words, not in its picture.
    single
        whether an image is one thing only in this respect, so that whatever else goes with it elsewhere is wrong here.
    no
        where the 'no' of a yes-no question comes from: ``stated`` (targets that are denied), ``disjoint`` (an image is
        one thing in this respect, so what is disjoint with the key is denied), or ``relative`` (a relative of the key
        that is not right).
    visual
        whether it cannot be answered without the image.
    """

    name: str
    answers: str
    targets: Callable[[Sample, TreeIndex], Iterable[Target]]
    wordings: Mapping[str, tuple[str, ...]]
    pictured: bool = True
    single: bool = False
    no: Literal["stated", "disjoint", "relative"] = "stated"
    visual: bool = True


def most_specific(anchors: Iterable[Anchor], tree: TreeIndex) -> list[Anchor]:
    """Anchors that no other of them is a kind of."""
    found = list(anchors)
    depth = {a.node: tree.nodes[a.node].depth for a in found}
    return [
        a
        for a in found
        if not any(b != a.node and a.node in tree.lineage(b) and depth[b] > depth[a.node] for b in depth)
    ]


def each_shown(sample: Sample, axis: str, answers: str, tree: TreeIndex) -> Iterator[Target]:
    """Everything on an axis that the image shows and that can be an answer: the key is the thing itself."""
    possible = tree.answers(answers)
    for anchor in most_specific((a for a in sample.seen(axis) if a.node in possible), tree):
        yield Target(anchor, anchor.node)


def lifted(sample: Sample, axis: str, answers: str, tree: TreeIndex) -> list[Target]:
    """The answers that what the image shows is a kind of: the key stands above the thing, or is it."""
    possible = tree.answers(answers)
    found: dict[str, Target] = {}
    for anchor in most_specific(sample.seen(axis), tree):
        for node in tree.path(anchor.node):
            if node in possible:
                found.setdefault(node, Target(anchor, node))
    return list(found.values())


def sole(sample: Sample, axis: str, answers: str, tree: TreeIndex) -> Anchor | None:
    """The one thing on an axis that the image shows and that can be an answer; None where it shows several or none.

    Of what is not sole one cannot ask as 'the disease shown here'.
    """
    possible = tree.answers(answers)
    found = most_specific((a for a in sample.seen(axis) if a.node in possible), tree)
    return found[0] if len({a.node for a in found}) == 1 else None
