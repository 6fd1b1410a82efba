"""By which other examination is it commonly shown? The key is a stated modality that the sample itself does not use."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, most_specific
from met_kg.synthesis.questions.modality import NOT_A_MODALITY
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    if not sample.of("modality"):
        return
    for anchor in most_specific([*sample.of("disease"), *sample.of("finding")], tree):
        # One question a subject: the nearest modality that the image does not give away.
        for link in tree.links(anchor.node, "imaging"):
            if link.target in tree.nodes and link.target not in sample.barred:
                yield Target(anchor, link.target, "imaging", link.carrier)
                break


QUESTION = QuestionType(
    name="imaging",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "The image shows {a_subject}. Which other examination is commonly used to show this?",
            "By which further examination would you confirm {a_subject}, as seen here?",
            "Besides the study shown, which examination commonly demonstrates {a_subject}?",
            "To look further into {a_subject}, seen in this case, which examination is commonly chosen?",
            "Which further imaging study is commonly used for {a_subject}, as in this patient?",
            "This case shows {a_subject}. Which additional study commonly depicts it?",
        ),
        "open": (
            "The image shows {a_subject}. Name another examination that commonly shows it.",
            "Besides the study shown, which examination commonly demonstrates {a_subject}?",
            "By which further examination would you confirm {a_subject}, as seen here?",
            "Name a further imaging study commonly used for {a_subject}, as in this case.",
            "Which additional study commonly depicts {a_subject}, the problem in this case?",
            "This case shows {a_subject}. With what other technique is it commonly imaged?",
        ),
    },
    rationale="In general, {a_carrier} is commonly imaged by {key}.",
    outside=NOT_A_MODALITY,
)
