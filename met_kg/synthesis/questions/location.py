"""Where does the depicted disease or finding sit? The key is its stated location, or that of an ancestor."""

from __future__ import annotations

from collections.abc import Iterator

from met_kg.synthesis.index import TreeIndex
from met_kg.synthesis.questions.base import QuestionType, Target, sole
from met_kg.synthesis.sample import Sample


def _targets(sample: Sample, tree: TreeIndex) -> Iterator[Target]:
    anchor = sole(sample, "disease", "disease", tree)
    if anchor is None:
        return
    links = [k for k in tree.links(anchor.node, "location") if k.target in tree.nodes]
    nearest = {link.target for link in links if link.carrier == links[0].carrier}
    # A disease of two places has two right answers.
    if len(nearest) == 1:
        yield Target(anchor, links[0].target, "location", links[0].carrier)


QUESTION = QuestionType(
    name="location",
    answers="location",
    targets=_targets,
    wordings={
        "multiple-choice": (
            "Which anatomical structure does the disease shown here affect?",
            "Where is the disease in this image located?",
            "Which structure is the seat of the condition seen here?",
            "Which of these structures is affected by the disease in this case?",
            "Where in the body would you place the disease shown?",
            "In which structure does the disease process seen here take place?",
        ),
        "open": (
            "Name the anatomical structure that the disease shown here affects.",
            "Where is the disease in this image located?",
            "Which structure is the seat of the condition seen here?",
            "What is the anatomical site of the disease in this case?",
            "Which part of the body does the disease shown here involve?",
            "In which structure does the disease process seen here take place?",
        ),
        "yes-no": (
            "Does the disease shown here typically affect the {key}?",
            "Is the {key} the usual site of the condition in this image?",
            "Is the disease in this case a disease of the {key}?",
            "Would you look for the disease shown in the {key}?",
            "Does the condition seen here sit in the {key}?",
            "Is the {key} where the disease in this image is located?",
        ),
    },
    no="relative",
)
