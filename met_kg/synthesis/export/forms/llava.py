"""Form ``llava``: ``<split>.jsonl``, conversations as LLaVA and ShareGPT write them, one for each caption and item.

``image`` is the image's place in the export; ``<image>`` stands where it is seen. What else is known of the record
stands under ``metadata``, where LLaVA leaves room for more, its free structure as JSON texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from met_kg.synthesis.export.content import Content
from met_kg.synthesis.export.forms import ExportForm
from met_kg.synthesis.export.options import ExportOptions
from met_kg.synthesis.export.records import KINDS, Kind, Record, flattened, records, write_lines

__all__ = ["FORM"]

_SPEAKER: Final = {"user": "human", "assistant": "gpt"}
#: Said by the conversation itself.
_TOLD: Final = ("id", "messages", "text")


def _write(content: Content, out: Path, options: ExportOptions) -> None:
    for split in content.splits:
        write_lines(out / f"{split}.jsonl", _chats(content, split))


def _chats(content: Content, split: str) -> Iterator[Record]:
    for kind in KINDS:
        for record in records(kind, content, split):
            yield _chat(kind, record)


def _chat(kind: Kind, record: Record) -> Record:
    turns = [{"from": _SPEAKER[turn["role"]], "value": turn["content"]} for turn in record["messages"]]
    if record["image"]:
        turns[0]["value"] = f"<image>\n{turns[0]['value']}"
    return {
        "id": record["id"],
        **({"image": record["image"]} if record["image"] else {}),
        "conversations": turns,
        "metadata": {name: value for name, value in flattened(kind, record).items() if name not in _TOLD},
    }


FORM = ExportForm(_write, points_at_images=True)
