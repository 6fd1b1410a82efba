"""Which disease?"""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, each_shown
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    return each_shown(sample, "disease", "disease", tree)


QUESTION = QuestionType(
    name="disease",
    answers="disease",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which diagnosis goes with this image?",
            "Which of these diseases is this a case of?",
            "What is the diagnosis?",
            "Which disease does this image illustrate?",
            "This image illustrates which of these conditions?",
            "Which of the following conditions is shown?",
            "Which diagnosis would you favour?",
            "What disease is behind the appearances seen here?",
        ),
        "open": (
            "What is the diagnosis in this case?",
            "Name the disease illustrated by this image.",
            "Which condition is this a case of?",
            "Which disease does this image show?",
            "State the diagnosis.",
            "What condition is depicted?",
            "What disease does this patient have?",
        ),
    },
)
