"""Which tube, line or implant?"""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, each_shown
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    return each_shown(sample, "finding", "device", tree)


QUESTION = QuestionType(
    name="device",
    answers="device",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which device is visible in this image?",
            "Which of the following has been placed in this patient?",
            "Which of these foreign materials can be identified?",
            "Besides anatomy, which device does the image show?",
            "Which medical device would you mention in the report?",
            "Which of these devices is in place?",
            "Which man-made object is seen here?",
        ),
        "open": (
            "Name a medical device visible in this image.",
            "Which device has been placed in this patient?",
            "What foreign material would you mention in the report?",
            "Which tube, line or implant is in place?",
            "Identify a device seen here.",
            "Which medical device does this image show?",
        ),
    },
)
