"""Where does the depicted disease or finding sit? The key is its stated location, or that of an ancestor."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, most_specific
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    for anchor in most_specific([*sample.of("disease"), *sample.of("finding")], tree):
        links = tree.links(anchor.node, "location")
        nearest = {link.target for link in links if link.carrier == links[0].carrier}
        # A disease of two places has two right answers.
        if len(nearest) == 1 and links[0].target in tree.nodes:
            yield Target(anchor, links[0].target, "location", links[0].carrier)


QUESTION = QuestionType(
    name="location",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "The image shows {subject}. Which anatomical structure does it affect?",
            "In which part of the body is {subject}, as seen here, located?",
            "Which structure is the seat of {subject}, shown in this image?",
            "This case shows {subject}. Where is the process located?",
            "Which of these structures is involved in {subject}, as in this case?",
            "Where in the body would you place {subject}, shown here?",
        ),
        "open": (
            "The image shows {subject}. Name the anatomical structure it affects.",
            "Where is {subject}, as seen in this image, located?",
            "Which structure is involved in {subject}, shown here?",
            "This case shows {subject}. What is its anatomical site?",
            "Name the site of {subject} in this case.",
            "Which part of the body does {subject}, as in this image, involve?",
        ),
    },
    rationale="In general, {carrier} has its location in the {key}.",
)
