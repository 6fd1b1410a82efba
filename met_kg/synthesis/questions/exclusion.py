"""Which one is not there? The key is what the text says is absent, the wrong answers are what the image shows."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, most_specific
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    for axis in ("disease", "finding"):
        possible = tree.answers(axis)
        shown = most_specific((a for a in sample.seen(axis) if a.node in possible), tree)
        for anchor in sample.of(axis, "negative"):
            if anchor.node in possible and anchor.node not in sample.barred:
                yield Target(anchor, anchor.node, "excludes", beside=tuple((a.node, "shown", "") for a in shown))


QUESTION = QuestionType(
    name="exclusion",
    answers="finding",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which of these is NOT present in this image?",
            "All but one of these are reported for this image. Which one is absent?",
            "Which of the following is not seen here?",
            "Which of these findings would you deny in the report?",
            "Which of the following is absent?",
            "Which one of these does the image NOT show?",
        ),
    },
)
