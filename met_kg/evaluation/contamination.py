"""Test questions that training has seen, by image and by words, and the accuracy on the rest beside that on all.

Images are compared as the filtering step compares them with benchmarks: by their bytes, and by looks where they were
altered (:mod:`met_kg.filtering.benchmarks`). Questions are compared by the three-word phrases that they share.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from met_kg.corpus.images import ImageProblem, open_image
from met_kg.evaluation.ablation import with_interval
from met_kg.filtering.benchmarks import Benchmarks, read_image
from met_kg.filtering.near_texts import near_any
from met_kg.filtering.phrases import words_of
from met_kg.filtering.profile import load_profile
from met_kg.log import Log
from met_kg.training.examples import read_examples

__all__ = ["Seen", "Training", "contamination", "read_training", "seen_in_training"]

#: Shorter questions are what anybody may ask (Brown et al. 2020, appendix C).
_SHORTEST: Final = 8  # words
_SIMILAR: Final = 0.8  # Jaccard, as of captions in the filtering step


@dataclass(frozen=True, slots=True)
class Training:
    """What a model was trained on: image files and the lines of questions, each once. ``name`` is for tables."""

    name: str
    images: tuple[Path, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What of one test question training has seen: '' or how."""

    image: str = ""
    question: str = ""


def read_training(data: Path, *, name: str | None = None) -> Training:
    """The images and questions of a run's folder (its training split), or of a LLaVA JSONL file.

    Raises
    ------
    MissingData
        when there is nothing there.
    """
    examples, _ = read_examples(data)
    asked = (turn.replace("<image>", "") for e in examples if e.kind == "vqa" for turn in e.turns[::2])
    lines = (line.strip() for turn in asked for line in turn.split("\n"))
    return Training(
        name or data.name,
        tuple(dict.fromkeys(image for e in examples for image in e.images)),
        tuple(dict.fromkeys(line for line in lines if len(words_of(line)) >= _SHORTEST)),
    )


def seen_in_training(images: Sequence[Path], questions: Sequence[str], training: Training, *, log: Log) -> list[Seen]:
    """For each test question (its image file and words) what of it is in the training data."""
    by_image = _images_seen(images, training, log)
    words = {q: " ".join(words_of(q)) for q in questions}
    asked = [q for q in dict.fromkeys(questions) if len(words_of(q)) >= _SHORTEST]
    held = {" ".join(words_of(q)): q for q in training.questions}
    equal = {q: held[words[q]] for q in asked if words[q] in held}
    rest = [q for q in asked if q not in equal]
    near = dict(zip(rest, near_any(rest, training.questions, similarity=_SIMILAR), strict=True))
    said = {q: f"asked in training: {text}" for q, text in equal.items()}
    said |= {q: f"nearly asked in training: {training.questions[at]}" for q, at in near.items() if at is not None}
    return [Seen(by_image.get(i, ""), said.get(q, "")) for i, q in zip(images, questions, strict=True)]


def contamination(items: Sequence[Mapping[str, Any]], seen: Sequence[Seen]) -> dict[str, dict[str, Any]]:
    """Items, right ones and accuracy with its interval, by what training has seen; ``clean`` is neither.

    >>> found = contamination([{"index": 0, "correct": True}, {"index": 1, "correct": False}], [Seen("same"), Seen()])
    >>> found["image not in training"]["total"], found["clean"]["acc"]
    (1, 0.0)
    """
    pairs = list(zip(items, seen, strict=True))
    return {
        "image in training": with_interval([i for i, s in pairs if s.image]),
        "image not in training": with_interval([i for i, s in pairs if not s.image]),
        "question in training": with_interval([i for i, s in pairs if s.question]),
        "question not in training": with_interval([i for i, s in pairs if not s.question]),
        "clean": with_interval([i for i, s in pairs if not s.image and not s.question]),
    }


def _images_seen(images: Iterable[Path], training: Training, log: Log) -> dict[Path, str]:
    """Of the test images those that were trained on, and how."""
    given = load_profile("default").settings["contamination"].parameters
    held = Benchmarks([read_image("test", str(path), path) for path in dict.fromkeys(images) if path.is_file()])
    same: dict[str, list[Path]] = {}
    for image in held.images:
        same.setdefault(image.sha256, []).append(image.path)
    found: dict[Path, str] = {}
    for path in log.track(training.images, "training images compared with the test's"):
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest in same:
                found |= dict.fromkeys(same[digest], f"the bytes of {path.name}")
                continue
            picture = open_image(path)
        except (ImageProblem, OSError):
            continue  # what cannot be read was not trained on
        copies = held.copies(
            picture,
            similarity=given["similarity"],
            candidates=int(given["candidates"]),
            least=given["agreement"],
        )
        for image, value in copies:
            found.setdefault(image.path, f"an altered copy of {path.name}: their fine structure agrees by {value:.2f}")
    return found
