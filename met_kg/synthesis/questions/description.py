"""What does the image show? The answer is the sample's short caption, with the facts that it rests on.

Not asked of drawings: the caption of one lists what its text names, which is not what the figure is about.
"""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    text, facts = sample.description
    shown = {a.node: a for a in sample.anchors if a.polarity == "positive"}
    for _, _, node in facts:
        # The first thing that the description names leads it.
        if node in shown:
            yield Target(shown[node], node, answer=text, facts=facts)
            return


QUESTION = QuestionType(
    name="description",
    answers="disease",
    targets=_targets,
    wordings={
        "open": (
            "Describe what this image shows.",
            "What do you see in this image?",
            "Summarise this image in a sentence.",
            "Give a short description of this image.",
            "What is depicted here?",
            "Write a one-sentence description of this image.",
        ),
    },
)
