"""Which plane or projection?"""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, sole
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    # Two views in one picture: there is no single right answer.
    projected = any(a.node in tree.answers("projected") for a in sample.seen("modality"))
    if projected and (anchor := sole(sample, "modality", "view", tree)) is not None:
        yield Target(anchor, anchor.node)


QUESTION = QuestionType(
    name="view",
    answers="view",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "In which plane or projection is this image?",
            "Which view is shown?",
            "How is the patient imaged here?",
            "Which of these views does the image show?",
            "What is the orientation of this image?",
            "Which plane or projection was chosen for this image?",
            "From the orientation of the anatomy, which view is this?",
        ),
        "open": (
            "Name the plane or projection of this image.",
            "Which view is this?",
            "What is the imaging plane or projection?",
            "Identify the view.",
            "In what orientation was this image taken?",
            "How would you describe the view in a report?",
        ),
        "yes-no": (
            "Is this {a_key}?",
            "Was this image taken in {a_key}?",
            "Does the image show {a_key}?",
            "Is the view shown {a_key}?",
            "Would you call this {a_key}?",
            "Is {a_key} what we see here?",
        ),
    },
    no="disjoint",
    single=True,
)
