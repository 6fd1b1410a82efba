"""Is it there? 'Yes' from what the image shows, 'no' from what its text says is absent."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, most_specific
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    for axis in ("disease", "finding"):
        possible = tree.answers(axis) | (tree.answers("device") if axis == "finding" else frozenset())
        shown = most_specific((a for a in sample.seen(axis) if a.node in possible), tree)
        # What the text denies here and shows elsewhere is no safe 'no'.
        denied = [a for a in sample.of(axis, "negative") if a.node in possible and a.node not in sample.barred]
        for anchor in (*shown, *denied):
            yield Target(anchor, anchor.node, "depicts" if anchor.polarity == "positive" else "excludes")


QUESTION = QuestionType(
    name="presence",
    answers="finding",
    targets=_targets,
    wordings={
        "yes-no": (
            "Is there evidence of {a_key} in this image?",
            "Does this image show {a_key}?",
            "Is {a_key} present?",
            "Would you report {a_key} here?",
            "Can {a_key} be seen here?",
            "Judging by this image, is {a_key} present?",
            "Do you see {a_key}?",
        ),
    },
)
