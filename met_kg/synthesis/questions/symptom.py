"""Which symptom does the depicted disease have in general? The key is a stated symptom of it or of an ancestor."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, sole
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    anchor = sole(sample, "disease", "disease", tree)
    if anchor is not None:
        for link in tree.links(anchor.node, "symptom"):
            if link.target in tree.answers("symptom"):
                yield Target(anchor, link.target, "symptom", link.carrier)


QUESTION = QuestionType(
    name="symptom",
    answers="symptom",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which symptom is a recognised feature of the disease shown here?",
            "Which of these symptoms is typical of the condition in this image?",
            "Given the diagnosis that this image shows, which symptom would you ask about?",
            "Which complaint goes with the disease seen here?",
            "Which symptom is, in general, associated with the condition shown here?",
            "Which of the following symptoms would fit the disease shown?",
        ),
        "open": (
            "Name a symptom that goes with the disease shown here.",
            "Which symptom is a recognised feature of the disease in this image?",
            "What symptom would you expect, in general, with the condition shown?",
            "Name a typical symptom of the disease seen here.",
            "Which complaint is, in general, associated with the condition shown here?",
            "What might a patient with the disease in this image complain of?",
        ),
        "yes-no": (
            "Is {key} a recognised symptom of the disease shown here?",
            "Does {key} go with the condition in this image?",
            "Would {key} fit the disease seen here?",
            "Is {key} typical of the disease in this case?",
            "Is {key} associated with the condition shown?",
            "Would you expect {key} with the disease in this image?",
        ),
    },
    no="relative",
)
