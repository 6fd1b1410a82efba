"""Which imaging modality? The key is the broad modality (one step below the root) of what the sample shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, most_specific, within
from met_kg.synthesis.sample import Sample

#: Subtrees of the axis that say how an image was taken, not by what: planes and projections, use of contrast.
VIEW: Final = "MET:0001047"
#: How the patient is placed: goes with any projection.
POSITION: Final = "MET:0001741"
NOT_A_MODALITY: Final = (VIEW, "MET:0001057")


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    anchors = [a for a in sample.of("modality") if not within(a.node, NOT_A_MODALITY, tree)]
    broad: dict[str, Target] = {}
    for anchor in most_specific(anchors, tree):
        node = anchor.node
        while tree.nodes[node].depth > 1 and tree.nodes[node].parent in tree.nodes:
            node = tree.nodes[node].parent
        if tree.nodes[node].depth == 1:
            broad.setdefault(node, Target(anchor, node))
    # Two modalities in one picture (a PET-CT panel): there is no single right answer.
    if len(broad) == 1:
        yield from broad.values()


QUESTION = QuestionType(
    name="modality",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which imaging modality was used to acquire this image?",
            "By which technique was this image obtained?",
            "What kind of imaging study is this?",
            "Which of these modalities produced the image shown?",
            "How was this image acquired?",
            "Looking at contrast and texture, which modality is this?",
        ),
        "open": (
            "What imaging modality is this?",
            "Name the modality used to obtain this image.",
            "With which imaging technique was this picture made?",
            "What type of study is shown?",
            "Identify the imaging modality.",
            "How was this image produced?",
        ),
        "yes-no": (
            "Was this image acquired by {key}?",
            "Was {key} used to obtain this image?",
            "Is {key} the modality of this image?",
            "Does this image come from {key}?",
            "Was this picture made with {key}?",
            "Is the imaging modality here {key}?",
        ),
    },
    rationale="The image was acquired by {key}.",
    outside=NOT_A_MODALITY,
    sole=True,
)
