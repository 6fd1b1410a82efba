"""Which region of the body? The key is what the image shows or the one region that all of it is part of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, most_specific
from met_kg.synthesis.sample import Sample

#: So many structures of a region, or its own name in the metadata, make sure of it: one may be said in passing.
_SURE: Final = 2


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    regions = tree.answers("region")
    found: dict[str, Target] = {}
    named: Counter[str] = Counter()
    for anchor in most_specific(sample.seen("anatomy"), tree):
        for node in sorted(regions & ({anchor.node} | tree.body.wholes(anchor.node))):
            found.setdefault(node, Target(anchor, node, "part-of"))
            named[node] += _SURE if "metadata" in anchor.method else 1
    # The head holds the face: the smallest regions count, and only one may remain.
    inner = [node for node in found if not any(node in tree.body.wholes(other) for other in found)]
    if len(inner) == 1 and named[inner[0]] >= _SURE:
        yield found[inner[0]]


QUESTION = QuestionType(
    name="region",
    answers="region",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which region of the body is shown?",
            "Which part of the body is shown here?",
            "Which body region does this image show?",
            "Which region does this image cover?",
            "Which of these regions of the body do you see?",
            "From which region of the body is this image?",
            "Which body part is depicted?",
        ),
        "open": (
            "Which region of the body is shown?",
            "Name the body region in this image.",
            "What part of the body is depicted?",
            "Which body part does this image cover?",
            "State the region of the body shown here.",
            "Where in the body is this?",
        ),
    },
    pictured=False,
    single=True,
)
