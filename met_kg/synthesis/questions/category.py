"""To which group does the depicted disease belong? The key is its tree parent."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, sole
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    anchor = sole(sample, "disease", "disease", tree)
    if anchor is not None and (parent := tree.nodes[anchor.node].parent) in tree.answers("disease-group"):
        yield Target(anchor, parent, "parent", anchor.node)


QUESTION = QuestionType(
    name="category",
    answers="disease-group",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "To which group of diseases does the condition shown here belong?",
            "How is the disease in this case classified?",
            "Which group of diseases does this case fall into?",
            "The condition shown is a form of which of these?",
            "To which category does the disease seen here belong?",
            "Which category of disease does this case belong to?",
            "Which group of diseases includes the diagnosis in this case?",
        ),
        "open": (
            "Name the group of diseases that the condition shown here belongs to.",
            "Of which group of diseases is the one shown here a form?",
            "How would you classify the disease in this case?",
            "Which broader category covers the condition seen here?",
            "Which class of diseases does the one shown here belong to?",
            "Which group of diseases includes the diagnosis in this case?",
        ),
        "yes-no": (
            "Is the disease shown here a kind of {key}?",
            "Does the condition in this image belong to the category {key}?",
            "Is the diagnosis in this case a form of {key}?",
            "Would the disease seen here be classified as {key}?",
            "Does the disease in this case belong to the group {key}?",
            "Is the condition shown here a kind of {key}?",
        ),
    },
    no="relative",
)
