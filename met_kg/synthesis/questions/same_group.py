"""Which other disease is of the same group? The key is a sibling of the depicted disease."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, sole
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    anchor = sole(sample, "disease", "disease", tree)
    if anchor is None:
        return
    parent = tree.nodes[anchor.node].parent
    if parent in tree.answers("disease-group"):
        for node in tree.children(parent):
            if node != anchor.node and node in tree.answers("disease") and node not in sample.barred:
                yield Target(anchor, node, "sibling", parent)


QUESTION = QuestionType(
    name="same-group",
    answers="disease",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which of these belongs to the same group of diseases as the one shown?",
            "Which of these is classified together with the condition in this image?",
            "Which of these diseases is most closely related to the one seen here?",
            "Which of these is in the same group of diseases as the condition seen here?",
            "Which disease belongs to the same group as the one in this case?",
            "Which of the following is of the same kind as the condition shown?",
        ),
    },
)
