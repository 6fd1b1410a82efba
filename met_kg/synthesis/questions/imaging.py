"""By which other examination is it commonly shown? The key is a stated modality that the sample itself does not use."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, sole
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    if not sample.of("modality"):
        return
    anchors = (sole(sample, "disease", "disease", tree), sole(sample, "finding", "finding", tree))
    for anchor in (a for a in anchors if a is not None):
        # One question a subject: the nearest examination that the image does not give away.
        for link in tree.links(anchor.node, "imaging"):
            if link.target in tree.answers("examination") and link.target not in sample.barred:
                what = "disease" if anchor.axis == "disease" else "finding"
                yield Target(anchor, link.target, "imaging", link.carrier, (("what", what),))
                break


QUESTION = QuestionType(
    name="imaging",
    answers="examination",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which other examination is commonly used to show the {what} seen here?",
            "By which further examination is the {what} in this image commonly shown?",
            "Besides the study shown, which examination commonly demonstrates the {what} seen here?",
            "To look further into the {what} shown, which examination is commonly chosen?",
            "Which further imaging study is commonly used for the {what} in this image?",
            "Which other study is commonly used to image the {what} seen in this case?",
        ),
        "open": (
            "Name another examination that commonly shows the {what} seen here.",
            "Besides the study shown, which examination commonly demonstrates the {what} in this image?",
            "By which further examination is the {what} seen here commonly shown?",
            "Name a further imaging study commonly used for the {what} shown.",
            "Which other study is commonly used to image the {what} in this case?",
            "With what other technique is the {what} seen here commonly imaged?",
        ),
    },
)
