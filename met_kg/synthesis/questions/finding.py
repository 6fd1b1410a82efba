"""Which imaging finding?"""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, each_shown
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    return each_shown(sample, "finding", "finding", tree)


QUESTION = QuestionType(
    name="finding",
    answers="finding",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which finding is present in this image?",
            "Which of the following abnormalities is seen?",
            "What does this image demonstrate?",
            "Which imaging finding would you report?",
            "Which of these findings is visible here?",
            "Which abnormality best describes what is seen here?",
            "Which of these would you mention in the report of this image?",
            "What is abnormal here?",
        ),
        "open": (
            "Name an abnormal finding in this image.",
            "Name a finding that this image demonstrates.",
            "Name one abnormality that is visible.",
            "Name one finding that you would report here.",
            "Describe an abnormality seen here in one term.",
            "Give one imaging finding that is seen here.",
            "What is one thing that is abnormal in this image?",
        ),
    },
)
