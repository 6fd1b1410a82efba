"""To which broad class does the depicted disease belong? The key stands two steps below the root."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, sole
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    if (anchor := sole(sample, "disease", "disease", tree)) is not None:
        above = [n for n in tree.path(anchor.node)[1:] if n in tree.answers("disease-branch")]
        yield from (Target(anchor, node) for node in above[:1])


QUESTION = QuestionType(
    name="disease-branch",
    answers="disease-branch",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Broadly, what class of disease is shown?",
            "Which broad class of diseases does this case belong to?",
            "What type of disease, in the widest sense, is this?",
            "To which chapter of medicine does the condition seen here belong?",
            "Which general class of disease would explain this image?",
            "In the broadest terms, what sort of disease is this?",
            "Which main group of diseases is illustrated?",
        ),
        "open": (
            "Broadly, what class of disease is shown?",
            "Name the broad class of diseases that this case belongs to.",
            "In the widest sense, what type of disease is this?",
            "Which general class of disease does this image illustrate?",
            "In the broadest terms, how would you classify this disease?",
            "What main group of diseases does the condition seen here fall into?",
        ),
    },
)
