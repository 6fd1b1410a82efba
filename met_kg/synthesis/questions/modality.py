"""Which imaging modality? The key is the family, one step below the root, of what the sample shows."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, lifted
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    found = lifted(sample, "modality", "modality", tree)
    # Two modalities in one picture (a PET-CT panel): there is no single right answer.
    if len(found) == 1:
        yield from found


QUESTION = QuestionType(
    name="modality",
    answers="modality",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which imaging modality was used to acquire this image?",
            "By which technique was this image obtained?",
            "What kind of imaging study is this?",
            "Which of these modalities produced the image shown?",
            "How was this image acquired?",
            "Looking at contrast and texture, which modality is this?",
            "What modality is shown here?",
            "With which of these was this image acquired?",
        ),
        "open": (
            "What imaging modality is this?",
            "Name the modality used to obtain this image.",
            "With which imaging technique was this image acquired?",
            "What type of study is shown?",
            "Identify the imaging modality.",
            "How was this image produced?",
            "Which modality do you see here?",
        ),
        "yes-no": (
            "Was this image acquired by {key}?",
            "Was {key} used to obtain this image?",
            "Is {key} the modality of this image?",
            "Does this image come from {key}?",
            "Was this image made with {key}?",
            "Is the imaging modality here {key}?",
        ),
    },
    no="disjoint",
    single=True,
)
