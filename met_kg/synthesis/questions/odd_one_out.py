"""Which one does not belong to the group of the depicted disease? The wrong answers are its siblings."""

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
        possible = tree.answers("disease")
        group = [n for n in tree.children(parent) if n != anchor.node and n in possible and n not in sample.barred]
        words = {word for word in tree.nodes[anchor.node].label.lower().split() if len(word) > 3}
        beside = tuple((node, "in-group", parent) for node in group)
        for other in tree.candidates(anchor.node):
            fits = other.relation == "cousin" and other.node in possible and other.node not in sample.barred
            # What shares a word with the disease is its relative in people's eyes, wherever the tree has it.
            if fits and not words & set(tree.nodes[other.node].label.lower().split()):
                yield Target(anchor, other.node, "stranger", parent, beside=beside)


QUESTION = QuestionType(
    name="odd-one-out",
    answers="disease",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which of these does NOT belong to the same group of diseases as the one shown?",
            "All but one of these are classified with the disease in this image. Which is the odd one out?",
            "Which of the following is not of the same kind as the condition seen here?",
            "Which of these is NOT classified in one group with the disease in this case?",
            "Three of these belong to one group with the disease shown. Which one does not?",
            "Which of these is NOT closely related to the condition in this image?",
        ),
    },
)
