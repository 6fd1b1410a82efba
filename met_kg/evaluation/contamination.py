"""Test images that training has seen: counted, and the accuracy on the rest beside the accuracy on all."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from met_kg.evaluation.aggregate import share

__all__ = ["contamination", "image_hashes"]


def image_hashes(paths: Sequence[Path]) -> list[str]:
    """sha256 of each image file, as ``samples.parquet`` has it; '' where there is no file. Each file is read once."""
    known: dict[Path, str] = {}
    for path in paths:
        if path not in known:
            known[path] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return [known[path] for path in paths]


def contamination(
    items: Sequence[Mapping[str, Any]], hashes: Sequence[str], training: Collection[str]
) -> dict[str, dict[str, float | int | None]]:
    """Items, right ones and accuracy by whether the image, byte for byte, was among the training images.

    >>> contamination([{"correct": True}, {"correct": False}], ["a", "b"], {"a"})["image not in training"]
    {'total': 1, 'right': 0, 'acc': 0.0}
    """
    seen = [bool(digest) and digest in training for digest in hashes]
    return {
        "image in training": share(item for item, known in zip(items, seen, strict=True) if known),
        "image not in training": share(item for item, known in zip(items, seen, strict=True) if not known),
    }
