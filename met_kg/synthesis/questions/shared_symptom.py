"""Two steps: the finding shown is a symptom of some disease, and that disease has another symptom, the key."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, sole
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    anchor = sole(sample, "finding", "finding", tree)
    if anchor is not None:
        for link in tree.two_steps(anchor.node, "shared-symptom"):
            if link.target in tree.answers("symptom"):
                yield Target(anchor, link.target, "shared-symptom", link.carrier)


QUESTION = QuestionType(
    name="shared-symptom",
    answers="symptom",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "The abnormality seen here is a feature of a disease that also causes which of these?",
            "Which symptom is caused by a disease that is known for the finding in this image?",
            "Think of a disease that shows the finding seen here. Which symptom goes with it?",
            "A disease recognised by what this image shows also gives which symptom?",
            "Which of these symptoms accompanies a disease with the finding shown?",
            "Which symptom would point to a disease that produces the finding seen here?",
        ),
    },
)
