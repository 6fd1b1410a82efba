"""Items and captions of a run, or a LLaVA JSONL file, as chat examples."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from met_kg import tables
from met_kg.errors import MissingData
from met_kg.paths import expand_path
from met_kg.records import Quarantined
from met_kg.synthesis.prompts import caption_prompt, question_prompt

__all__ = ["IMAGE", "Example", "read_examples"]


#: Stands for an image in a text, as in LLaVA's files.
IMAGE: Final = "<image>"
#: Field of an example -> column of table ``vqa``, and of an export's records.
_ABOUT: Final = {
    "node": "key_node",
    "axis": "axis",
    "type": "type",
    "format": "format",
    "difficulty": "difficulty",
    "level": "level",
}


@dataclass(frozen=True, slots=True)
class Example:
    """One answer to learn: images, the turns before (user, assistant, ..., user), and the answer.

    An image stands where a turn has :data:`IMAGE`, in order. ``kind`` is ``caption`` or ``vqa``; ``licence`` is the
    image's, '' when unknown. ``weight`` says how often it is learnt from: quality control can make it less where an
    item is answered without its image. What follows is what mixes are made and told by: columns of table ``vqa``
    (``node`` is the key), '' where the data do not say.
    """

    id: str
    kind: str
    images: tuple[Path, ...]
    turns: tuple[str, ...]
    answer: str
    licence: str = ""
    weight: float = 1.0
    sample: str = ""
    node: str = ""
    axis: str = ""
    type: str = ""
    format: str = ""
    difficulty: str = ""
    level: str = ""


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


def _from_run(run: Path, split: str) -> tuple[list[Example], list[Quarantined]]:
    samples = tables.read("samples", run / "samples.parquet", ["sample_id", "image", "licence"])
    image = dict(zip(samples["sample_id"], samples["image"], strict=True))
    licence = dict(zip(samples["sample_id"], samples["licence"], strict=True))
    examples: list[Example] = []
    problems: list[Quarantined] = []

    def add(source: str, kind: str, row: Mapping[Any, Any], number: str, prompt: str, answer: str) -> None:
        sample = row["sample_id"]
        path = image.get(sample, "")
        if not path:
            problems.append(Quarantined(source, number, f"sample '{sample}' has no image", answer))
            return
        try:
            weight = _weight(row)
        except ValueError as problem:
            problems.append(Quarantined(source, number, str(problem), answer))
            return
        pictures, turns = (expand_path(path, base=run),), (f"{IMAGE}\n{prompt}",)
        examples.append(Example(number, kind, pictures, turns, answer, licence[sample], weight, sample, **_about(row)))

    captions = tables.read("captions", run / "captions.parquet", ["sample_id", "level", "text", "split"])
    for c in captions[captions["split"] == split].sort_values(["sample_id", "level"]).to_dict("records"):
        add("captions.parquet", "caption", c, f"{c['sample_id']}-{c['level']}", caption_prompt(c["level"]), c["text"])
    columns = ["item_id", "sample_id", "question", "options", "answer", "split", "weight", *_ABOUT.values()]
    items = tables.read("vqa", run / "vqa.parquet", columns)
    for i in items[items["split"] == split].sort_values("item_id").to_dict("records"):
        prompt = question_prompt(i["format"], i["question"], list(i["options"]))
        add("vqa.parquet", "vqa", i, i["item_id"], prompt, i["answer"])
    return examples, problems


def _weight(row: Mapping[Any, Any]) -> float:
    """1 where none is stated; ValueError for one that says nothing of how often."""
    weight = row.get("weight")
    if weight is None or weight != weight:  # tables say 'not stated' by what is no number
        return 1.0
    if not isinstance(weight, int | float) or not 0 <= weight < math.inf:
        raise ValueError(f"its weight is {weight!r}, no number of 0 or more")
    return float(weight)


def _about(row: Mapping[Any, Any]) -> dict[str, str]:
    return {name: str(row.get(column) or "") for name, column in _ABOUT.items()}


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
            _weight(about),
            str(about.get("sample_id", "")),
            **_about(about),
        )


def _images(record: dict[str, Any]) -> list[str]:
    """The image, or the list of them, under ``image`` or ``images``."""
    found = record.get("image", record.get("images"))
    listed: list[Any] = found if isinstance(found, list) else [found]
    images = [image for image in listed if isinstance(image, str) and image]
    if not images or len(images) < len(listed):
        raise ValueError("the record has no 'image', nor a list of them under 'images'")
    return images
