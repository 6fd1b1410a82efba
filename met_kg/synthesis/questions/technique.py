"""Which technique or sequence exactly? The key is the most specific modality that the sample shows."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, sole
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    if (anchor := sole(sample, "modality", "technique", tree)) is not None:
        yield Target(anchor, anchor.node)


QUESTION = QuestionType(
    name="technique",
    answers="technique",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which specific technique or sequence is this?",
            "Which exact kind of study is shown?",
            "Which examination is this an image of?",
            "Which of these protocols produced this image?",
            "What would the request form for this image have asked for?",
            "Exactly which technique produced this image?",
            "Name the exact type of study: which one is it?",
        ),
        "open": (
            "Which specific technique or sequence was used?",
            "Name the exact type of study shown.",
            "What exact kind of imaging is this?",
            "With which technique was this image made?",
            "State the technique as exactly as you can.",
            "What is the specific imaging technique here?",
        ),
    },
    single=True,
)
