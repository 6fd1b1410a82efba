"""Is it there? 'Yes' from what the sample shows, 'no' from what its text says is absent."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, most_specific, within
from met_kg.synthesis.questions.finding import NOT_SEEN
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    for axis in ("disease", "finding"):
        shown = most_specific(sample.of(axis), tree)
        # What the text denies here and shows elsewhere is no safe 'no'.
        denied = [a for a in sample.of(axis, "negative") if a.node not in sample.barred]
        for anchor in (*shown, *denied):
            if tree.nodes[anchor.node].depth >= 2 and not within(anchor.node, NOT_SEEN, tree):
                yield Target(anchor, anchor.node, "depicts" if anchor.polarity == "positive" else "excludes")


QUESTION = QuestionType(
    name="presence",
    targets=_targets,
    wordings={
        "yes-no": (
            "Is there evidence of {a_key} in this image?",
            "Does this image show {a_key}?",
            "Is {a_key} present?",
            "Would you report {a_key} here?",
            "Can {a_key} be seen here?",
            "Judging by this image, is {a_key} present?",
        ),
    },
    rationale="The record of this image {states}.",
)
