"""Which disease?"""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, most_specific
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    for anchor in most_specific(sample.of("disease"), tree):
        if tree.nodes[anchor.node].depth >= 2:
            yield Target(anchor, anchor.node)


QUESTION = QuestionType(
    name="disease",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which diagnosis goes with this image?",
            "Which of these diseases does the patient in this image have?",
            "What is the diagnosis?",
            "Which disease is illustrated here?",
            "This image comes from a patient with which of these conditions?",
            "Which of the following conditions is shown?",
        ),
        "open": (
            "What is the diagnosis in this case?",
            "Name the disease illustrated by this image.",
            "Which condition does this patient have?",
            "Which disease does this image show?",
            "State the diagnosis.",
            "What condition is depicted?",
        ),
    },
    rationale="The case is one of {key}.",
)
