"""Items and captions of a run, or a LLaVA JSONL file, as chat examples."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from met_kg import tables
from met_kg.errors import MissingData
from met_kg.paths import expand_path
from met_kg.records import Quarantined
from met_kg.synthesis.prompts import caption_prompt, question_prompt

__all__ = ["IMAGE", "Example", "mix", "read_examples"]


#: Stands for an image in a text, as in LLaVA's files.
IMAGE: Final = "<image>"


@dataclass(frozen=True, slots=True)
class Example:
    """One answer to learn: images, the turns before (user, assistant, ..., user), and the answer.

    An image stands where a turn has :data:`IMAGE`, in order. ``kind`` is ``caption`` or ``vqa``; ``licence`` is the
    image's, '' when unknown. ``weight`` says how often it is learnt from: quality control can make it less where an
    item is answered without its image.
    """

    id: str
    kind: str
    images: tuple[Path, ...]
    turns: tuple[str, ...]
    answer: str
    licence: str = ""
    weight: float = 1.0


def read_examples(data: Path, split: str = "train") -> tuple[list[Example], list[Quarantined]]:
    """The examples of a run's folder or of a LLaVA JSONL file, in a stable order, and what could not be used.

    A JSONL file has no splits: all of it is read.

    Raises
    ------
    MissingData
        when there is nothing there.
    """
    if data.is_dir():
        return _from_run(data, split)
    if not data.is_file():
        raise MissingData(
            "the training data are not there", where=str(data), hint="give a run's folder or a JSONL file"
        )
    examples: list[Example] = []
    problems: list[Quarantined] = []
    for found in _from_jsonl(data):
        (examples if isinstance(found, Example) else problems).append(found)  # type: ignore[arg-type]
    return examples, problems


def mix(
    examples: Sequence[Example], *, caption_share: float | None, max_examples: int | None, seed: int
) -> list[Example]:
    """A shuffled choice with the wanted share of captions, as large as the examples and ``max_examples`` allow.

    An example of weight 2.3 is in it twice, or three times if the lot says so; one of 0.1 once in ten.
    """
    rng = random.Random(f"{seed} mix")  # noqa: S311
    ordered = sorted(examples, key=lambda e: e.id)
    lots = random.Random(f"{seed} weights")  # noqa: S311 - of their own: weights of 1 change nothing
    shuffled = [e for e in ordered for _ in range(int(e.weight + (lots.random() if e.weight % 1 else 0)))]
    rng.shuffle(shuffled)
    limit = max_examples if max_examples is not None else len(shuffled)
    if caption_share is None:
        return shuffled[:limit]
    captions = [place for place, e in enumerate(shuffled) if e.kind == "caption"]
    questions = [place for place, e in enumerate(shuffled) if e.kind != "caption"]
    total = min(
        limit,
        int(len(captions) / caption_share) if caption_share > 0 else limit,
        int(len(questions) / (1 - caption_share)) if caption_share < 1 else limit,
    )
    wanted = round(total * caption_share)
    return [shuffled[place] for place in sorted(captions[:wanted] + questions[: total - wanted])]


def _from_run(run: Path, split: str) -> tuple[list[Example], list[Quarantined]]:
    samples = tables.read("samples", run / "samples.parquet", ["sample_id", "image", "licence"])
    image = dict(zip(samples["sample_id"], samples["image"], strict=True))
    licence = dict(zip(samples["sample_id"], samples["licence"], strict=True))
    examples: list[Example] = []
    problems: list[Quarantined] = []

    def add(source: str, kind: str, number: str, sample: str, prompt: str, answer: str, weight: float = 1.0) -> None:
        path = image.get(sample, "")
        if not path:
            problems.append(Quarantined(source, number, f"sample '{sample}' has no image", answer))
            return
        picture = expand_path(path, base=run)
        examples.append(Example(number, kind, (picture,), (f"{IMAGE}\n{prompt}",), answer, licence[sample], weight))

    captions = tables.read("captions", run / "captions.parquet", ["sample_id", "level", "text", "split"])
    for c in captions[captions["split"] == split].sort_values(["sample_id", "level"]).to_dict("records"):
        number = f"{c['sample_id']}/{c['level']}"
        add("captions.parquet", "caption", number, c["sample_id"], caption_prompt(c["level"]), c["text"])
    columns = ["item_id", "sample_id", "format", "question", "options", "answer", "split", "weight"]
    items = tables.read("vqa", run / "vqa.parquet", columns)
    for i in items[items["split"] == split].sort_values("item_id").to_dict("records"):
        prompt = question_prompt(i["format"], i["question"], list(i["options"]))
        weight = 1.0 if i["weight"] != i["weight"] else float(i["weight"])  # not stated: not a number
        add("vqa.parquet", "vqa", i["item_id"], i["sample_id"], prompt, i["answer"], weight)
    return examples, problems


def _from_jsonl(path: Path) -> Iterator[Example | Quarantined]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield from _from_record(json.loads(line), path, number)
            except (ValueError, KeyError, TypeError) as problem:
                reason = "the line is not JSON" if isinstance(problem, json.JSONDecodeError) else str(problem)
                yield Quarantined(path.name, f"line {number}", reason, line[:200])


def _from_record(record: Any, path: Path, number: int) -> Iterator[Example]:
    """One example for each answer of a conversation; earlier turns stand before it."""
    if not isinstance(record, dict) or not isinstance(record.get("conversations"), list):
        raise ValueError("the record has no list 'conversations'")
    images = _images(record)
    turns: list[str] = []
    for place, turn in enumerate(record["conversations"]):
        speaker = ("human", "gpt")[place % 2]
        if not isinstance(turn, dict) or turn.get("from") != speaker or not isinstance(turn.get("value"), str):
            raise ValueError(f"turn {place + 1} is not a text from '{speaker}'")
        turns.append(turn["value"])
    marks = sum(turn.count(IMAGE) for turn in turns[::2])
    if any(IMAGE in turn for turn in turns[1::2]):
        raise ValueError(f"an answer has '{IMAGE}'")
    if turns and not marks:
        turns[0] = f"{IMAGE * len(images)}\n{turns[0]}"
    elif marks != len(images):
        raise ValueError(f"'{IMAGE}' stands {marks} times in the questions, and the record has {len(images)} image(s)")
    name = str(record.get("id", number))
    files = [expand_path(image, base=path.parent) for image in images]
    # An export says these under 'metadata', where LLaVA leaves room for more; other files may say them beside the rest.
    about = record["metadata"] if isinstance(record.get("metadata"), dict) else record
    kind = "caption" if str(about.get("kind", "")).startswith("caption") else "vqa"
    for place in range(1, len(turns), 2):
        shown = sum(turn.count(IMAGE) for turn in turns[:place])
        yield Example(
            f"{name}#{place // 2}" if len(turns) > 2 else name,
            kind,
            tuple(files[:shown]),
            tuple(turns[:place]),
            turns[place],
            str(about.get("licence", "")),
        )


def _images(record: dict[str, Any]) -> list[str]:
    """The image, or the list of them, under ``image`` or ``images``."""
    found = record.get("image", record.get("images"))
    listed: list[Any] = found if isinstance(found, list) else [found]
    images = [image for image in listed if isinstance(image, str) and image]
    if not images or len(images) < len(listed):
        raise ValueError("the record has no 'image', nor a list of them under 'images'")
    return images
