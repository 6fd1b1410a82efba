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
            "The image shows {a_subject}. Which anatomical structure does it affect?",
            "In which part of the body is {a_subject}, as seen here, located?",
            "Which structure is the seat of {a_subject}, shown in this image?",
            "This case shows {a_subject}. Where is the process located?",
            "Which of these structures is affected by {a_subject}, as in this case?",
            "Where in the body would you place {a_subject}, shown here?",
        ),
        "open": (
            "The image shows {a_subject}. Name the anatomical structure it affects.",
            "Where is {a_subject}, as seen in this image, located?",
            "Which structure does {a_subject}, shown here, affect?",
            "This case shows {a_subject}. What is its anatomical site?",
            "Name the site of {a_subject} in a case like this.",
            "Which part of the body does {a_subject}, as in this image, involve?",
        ),
    },
    rationale="In general, {a_carrier} is located in the {key}.",
)
