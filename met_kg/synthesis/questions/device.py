"""Which tube, line or implant? Asked openly only: that a record names no clip is no proof that the film shows none."""

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
