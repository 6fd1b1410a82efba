"""Which imaging finding?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, most_specific, within
from met_kg.synthesis.sample import Sample

#: Complaints of a patient, which no image shows.
SYMPTOM: Final = ("SYMP:0000462", "MESH:D012816")
#: Subtrees of the axis that no image shows as a finding: symptoms, descriptors such as 'left' or 'male', a normal
#: appearance.
NOT_SEEN: Final = (*SYMPTOM, "MET:0005028", "MET:0005432", "MET:0005752", "MET:0005033")
#: Tubes, lines, implants: seen, and no finding of disease.
DEVICE: Final = "MET:0005026"


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    for anchor in most_specific(sample.of("finding"), tree):
        if tree.nodes[anchor.node].depth >= 2 and not within(anchor.node, (*NOT_SEEN, DEVICE), tree):
            yield Target(anchor, anchor.node)


QUESTION = QuestionType(
    name="finding",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which finding is present in this image?",
            "Which of the following abnormalities is seen?",
            "What does this image demonstrate?",
            "Which imaging finding would you report?",
            "Which of these findings is visible here?",
            "Which abnormality best describes what is seen here?",
        ),
        "open": (
            "Name an abnormal finding in this image.",
            "What finding does this image demonstrate?",
            "Which abnormality is visible?",
            "What would you report as a finding here?",
            "Describe an abnormality seen here in one term.",
            "Which imaging finding is seen?",
        ),
    },
    rationale="The record of this image names {a_key}.",
    outside=(*NOT_SEEN, DEVICE),
)
