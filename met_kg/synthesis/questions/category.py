"""To which group does the depicted disease belong? The key is its tree parent."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, most_specific
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    for anchor in most_specific(sample.of("disease"), tree):
        parent = tree.nodes[anchor.node].parent
        if parent in tree.nodes and tree.nodes[parent].depth >= 2:
            yield Target(anchor, parent, "parent", anchor.node)


QUESTION = QuestionType(
    name="category",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "This is a case of {subject}. To which group of diseases does it belong?",
            "The image is from a case of {subject}. How is this disease classified?",
            "Under which heading would you file this case of {subject}?",
            "The diagnosis is {subject}. It is a form of which of these?",
            "Of which broader category is {subject}, the diagnosis in this case, a member?",
            "In a classification of diseases, under which heading would {subject}, as in this case, be listed?",
        ),
        "open": (
            "This is a case of {subject}. Name the broader group of diseases it belongs to.",
            "The diagnosis is {subject}. What is it a form of?",
            "How would you classify {subject}, the diagnosis in this case?",
            "What broader category covers {subject}, as in this case?",
            "Under which heading does {subject}, shown here, fall?",
            "Which group of diseases includes {subject}, the condition in this image?",
        ),
    },
    rationale="{subject} is a kind of {key}.",
)
