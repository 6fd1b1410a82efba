"""What kind of abnormality? The key is the broad kind of the finding that the image shows."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, lifted
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    yield from lifted(sample, "finding", "finding-group", tree)


QUESTION = QuestionType(
    name="finding-group",
    answers="finding-group",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "What kind of abnormality is present?",
            "In the broadest terms, what does this image show?",
            "Which type of imaging abnormality is seen?",
            "Which of these kinds of finding is visible?",
            "Which broad class of abnormality is seen here?",
            "Which general category of finding fits this image?",
            "Which general kind of abnormality is shown?",
        ),
        "open": (
            "What kind of abnormality is present, in the broadest terms?",
            "Name the general type of finding seen here.",
            "What broad class of abnormality does this image show?",
            "What general kind of abnormality is seen here?",
            "Which general category of finding does this image show?",
            "In one general term, what is the abnormality?",
        ),
    },
)
