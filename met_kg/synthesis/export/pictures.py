"""Images of an export: checked against their hash, named by it, and copied or only referenced."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from met_kg.errors import MetError
from met_kg.paths import expand_path

__all__ = ["FOLDER", "MEDIA_TYPES", "Picture", "find_pictures"]

#: The folder of images in an export.
FOLDER: Final = "images"
#: Endings of image files that people share, and what they hold.
MEDIA_TYPES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".bmp": "image/bmp",
    ".webp": "image/webp",
}
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Picture:
    """An image of the export: ``<sha256><ending>``, and the file that the run has, None where it is only referenced."""

    name: str
    source: Path | None

    def read(self) -> bytes | None:
        """The bytes as the run read them, None where the image is only referenced."""
        return None if self.source is None else self.source.read_bytes()


def find_pictures(samples: pd.DataFrame, run: Path, *, copied: bool) -> Iterator[tuple[str, Picture | str | None]]:
    """For each sample its picture, None where it has no image, or why its image cannot leave.

    Images that are to be ``copied`` are compared with their hash; those referenced need not even be there.
    """
    for row in samples.to_dict("records"):
        yield str(row["sample_id"]), _picture(row, run, copied) if row["image"] else None


def _picture(row: dict[Any, Any], run: Path, copied: bool) -> Picture | str:
    digest, suffix = str(row["sha256"]), Path(str(row["image"])).suffix.lower()
    if suffix not in MEDIA_TYPES:
        return f"'{suffix}' is no image format that people share"
    if not _DIGEST.fullmatch(digest):
        return "its image has no sha256"
    if not copied:
        return Picture(f"{digest}{suffix}", None)
    try:
        source = expand_path(str(row["image"]), base=run)
        found = hashlib.sha256(source.read_bytes()).hexdigest()
    except (OSError, MetError) as problem:
        # Without the absolute path that the exception names: it must not reach an output.
        why = problem.strerror or "not readable" if isinstance(problem, OSError) else type(problem).__name__
        return f"its image cannot be read: {why}"
    return (
        Picture(f"{digest}{suffix}", source) if found == digest else "its image file has changed since the run read it"
    )
