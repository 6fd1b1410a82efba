"""Form ``imagefolder``: ``imagefolder/<split>/`` with images and ``metadata.jsonl``, for Hugging Face ``datasets``.

One line for each caption and item, with the name of its image under ``file_name``. All lines have the same columns of
the same types, since the library takes the types from a part of a file and wants the same in every split; lists and
free structure are JSON texts. Texts without an image are left out.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from met_kg.synthesis.export.content import Content, in_split
from met_kg.synthesis.export.forms import ExportForm
from met_kg.synthesis.export.options import ExportOptions
from met_kg.synthesis.export.pictures import FOLDER, Picture
from met_kg.synthesis.export.records import KINDS, Record, flattened, records, write_lines

__all__ = ["FORM"]


def _write(content: Content, out: Path, options: ExportOptions) -> None:
    for split in content.splits:
        folder = out / "imagefolder" / split
        write_lines(folder / "metadata.jsonl", _lines(content, split))
        here = in_split(content.samples, split)["sample_id"]
        for picture in {content.pictures[s].name: content.pictures[s] for s in here if s in content.pictures}.values():
            _lay(picture, out / FOLDER / picture.name, folder / picture.name)


def _lines(content: Content, split: str) -> Iterator[Record]:
    for kind in KINDS:
        for record in records(kind, content, split):
            if record["image"]:
                flat = flattened(kind, record)
                yield {"file_name": content.pictures[record["sample_id"]].name, **flat}


def _lay(picture: Picture, beside: Path, target: Path) -> None:
    """A copy; where the image already lies in the export, a second name for the same file if the disk can."""
    assert picture.source is not None  # `is_images`
    try:
        os.link(beside, target)
    except OSError:
        shutil.copyfile(picture.source, target)


FORM = ExportForm(_write, is_images=True)
