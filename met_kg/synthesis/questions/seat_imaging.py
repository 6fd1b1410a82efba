"""Two steps: the structure shown is the seat of some disease, and that disease is commonly imaged by the key.

Asked of figures that show one structure: a film or scan shows its neighbours as well, named or not.
"""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, sole
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    anchor = None if sample.pictured else sole(sample, "anatomy", "organ", tree)
    if anchor is not None:
        for link in tree.two_steps(anchor.node, "seat-imaging"):
            if link.target in tree.answers("examination") and link.target not in sample.barred:
                words = (("what", "a disease" if tree.nodes[link.carrier].axis == "disease" else "an abnormality"),)
                yield Target(anchor, link.target, "seat-imaging", link.carrier, words)


QUESTION = QuestionType(
    name="seat-imaging",
    answers="examination",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which of these studies is commonly used to image {what} of the structure shown?",
            "Which examination is commonly used when {what} of the structure in this image is suspected?",
            "To look for {what} of the structure seen here, which study would you choose?",
            "Which of these studies commonly demonstrates {what} of the structure shown?",
            "Which of these examinations would commonly show {what} of the structure in this image?",
            "Which imaging study commonly shows {what} of the structure depicted?",
        ),
    },
    pictured=False,
)
