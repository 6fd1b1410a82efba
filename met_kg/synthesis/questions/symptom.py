"""Which symptom does the depicted disease have in general? The key is a stated symptom of it or of an ancestor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, most_specific
from met_kg.synthesis.questions.finding import SYMPTOM
from met_kg.synthesis.sample import Sample

#: General symptoms, such as weakness, go with almost any disease: none is a safe wrong answer.
GENERAL: Final = "SYMP:0000567"


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    for anchor in most_specific(sample.of("disease"), tree):
        for link in tree.links(anchor.node, "symptom")[:2]:
            if link.target in tree.nodes:
                yield Target(anchor, link.target, "symptom", link.carrier)


QUESTION = QuestionType(
    name="symptom",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "The image is from a patient with {subject}. Which symptom is a recognised feature of this disease?",
            "Which of these symptoms is typical of {subject}, the diagnosis here?",
            "Given a diagnosis of {subject}, which symptom would you ask about first?",
            "This case shows {subject}. Which complaint goes with it?",
            "Which symptom is associated with {subject}, as shown in this case?",
            "The diagnosis is {subject}. Which of the following symptoms would fit?",
        ),
        "open": (
            "The diagnosis is {subject}. Name a symptom that goes with it.",
            "Which symptom is a recognised feature of {subject}, the disease in this case?",
            "This is a case of {subject}. What symptom would you expect in general?",
            "Name a typical symptom of {subject}, as shown here.",
            "Which complaint is associated with {subject}, the diagnosis here?",
            "What might a patient with {subject}, as in this image, complain of?",
        ),
    },
    rationale="In general, {key} is a symptom of {carrier}.",
    inside=SYMPTOM,
    outside=(GENERAL,),
)
