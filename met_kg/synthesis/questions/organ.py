"""Which anatomical structure?"""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, each_shown
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    return each_shown(sample, "anatomy", "organ", tree)


QUESTION = QuestionType(
    name="organ",
    answers="organ",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which of these anatomical structures is shown in this image?",
            "Which of these structures is visible in this image?",
            "Which of the following parts of the body is shown here?",
            "Which anatomical structure on this list is in view?",
            "Which of these structures can be made out?",
            "Among the structures listed, which one is depicted?",
            "Which structure can be identified in this image?",
            "Which of these does the image depict?",
        ),
        "open": (
            "Name an anatomical structure shown in this image.",
            "Name one structure that can be seen here.",
            "Identify one anatomical structure in this image.",
            "Give the name of a structure that this image shows.",
            "Name a structure that can be identified in this image.",
            "Name one part of the body that is depicted.",
            "Name one structure that is in view.",
        ),
    },
    pictured=False,
)
