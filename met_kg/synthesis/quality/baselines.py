"""Answers of those who do not look: how far each gets on every item, between 0 (wrong) and 1 (right).

A heuristic that cannot decide between options guesses among them: its share of the right one is counted, so that no
chance is in the figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from met_kg.synthesis.quality.context import content_words, key_option

__all__ = ["chance", "heuristics"]

Item = Mapping[str, Any]
Solved = NDArray[np.float64]


def chance(items: Sequence[Item], weights: Solved) -> float:
    """What guessing comes to: one option of those given, yes or no.

    Who guesses the answer of an open question has no options: it is always the likeliest one.
    """
    if not items:
        return 0.0
    if items[0]["format"] == "multiple-choice":
        return float(np.average([1 / max(1, len(item["options"])) for item in items], weights=weights))
    return 0.5 if items[0]["format"] == "yes-no" else float(np.average(_majority(items, weights), weights=weights))


def heuristics(items: Sequence[Item], captions: Mapping[str, str], weights: Solved) -> dict[str, Solved]:
    """Of items of one format, heuristic -> how far it gets on each; in the order of :data:`BASELINES`.

    ``majority`` always gives the answer (or letter) that is most often right here: an oracle, which flatters it.
    """
    found = {"majority": _majority(items, weights)}
    if not items or items[0]["format"] != "multiple-choice":
        return found
    common = Counter(word for item in items for option in item["options"] for word in content_words(str(option)))
    scores: dict[str, Callable[[Item, str], float]] = {
        "longest": lambda item, option: len(option),
        "shortest": lambda item, option: -len(option),
        "common-word": lambda item, option: max((common[w] for w in content_words(option)), default=0),
        "question-word": lambda item, option: bool(content_words(option) & content_words(str(item["question"]))),
        "caption-word": lambda item, option: bool(
            content_words(option) & content_words(captions.get(str(item["sample_id"]), ""))
        ),
    }
    for name, score in scores.items():
        found[name] = np.array([_share(item, score) for item in items])
    return found


def _majority(items: Sequence[Item], weights: Solved) -> Solved:
    answers = [str(item["answer"]) for item in items]
    held: Counter[str] = Counter()
    for answer, weight in zip(answers, weights.tolist(), strict=True):
        held[answer] += weight
    best = min(held, key=lambda a: (-held[a], a), default="")
    return np.array([float(answer == best) for answer in answers])


def _share(item: Item, score: Callable[[Item, str], float]) -> float:
    """The right option's share among those that score best."""
    scores = [score(item, str(option)) for option in item["options"]]
    best = [place for place, value in enumerate(scores) if value == max(scores)]
    return float(key_option(item) in best) / max(1, len(best))
