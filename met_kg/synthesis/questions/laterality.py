"""On which side? Asked where the text states a side beside what the image shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, sole
from met_kg.synthesis.sample import Anchor, Sample

#: So near, in letters, a side stands to what it is said of.
_NEAR: Final = 40
_STOPS: Final = frozenset(".,;:?!(")


def _beside(side: Anchor, what: Anchor, sample: Sample) -> bool:
    """Whether the text says the side next to the thing, in one sentence."""
    one, other = side.evidence, what.evidence
    if not (isinstance(one, dict) and isinstance(other, dict) and one.get("field") == other.get("field")):
        return False
    text = {"caption": sample.caption, "context": sample.context}.get(str(one.get("field")), "")
    if not text or "start" not in one or "start" not in other:
        return False
    start, end = min(one["end"], other["end"]), max(one["start"], other["start"])
    between = text[start:end]
    return end - start <= _NEAR and not _STOPS & set(between) and " and " not in between


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    anchor = sole(sample, "finding", "laterality", tree)
    if anchor is None:
        return
    possible = tree.answers("finding") | tree.answers("disease")
    for what in (*sample.seen("finding"), *sample.seen("disease")):
        if what.node in possible and _beside(anchor, what, sample):
            yield Target(anchor, anchor.node, words=(("what", what.node),))
            return


QUESTION = QuestionType(
    name="laterality",
    answers="laterality",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "On which side is the {what}?",
            "Where, in terms of side, does the {what} lie?",
            "Is the {what} left-sided, right-sided or bilateral?",
            "Is the {what} on the left, on the right, on both sides or in the middle?",
            "How is the {what} distributed between the sides of the body?",
            "The {what} is seen on which side of the patient?",
        ),
        "open": (
            "On which side is the {what}?",
            "Is the {what} left-sided, right-sided, bilateral or in the midline?",
            "State the side of the {what}.",
            "Is the {what} on the left, on the right, or on both sides?",
            "On which side of the patient do you see the {what}?",
            "What is the laterality of the {what}?",
        ),
    },
    single=True,
)
