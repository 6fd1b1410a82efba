"""Keep the bytes of images that come inside something else (an archive, a table), named by their content."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

from met_kg.corpus.images import Fingerprint, fingerprint, keep

__all__ = ["IMAGE_ENDINGS", "fingerprints", "keep_bytes"]

#: Endings of names that say "image".
IMAGE_ENDINGS: Final = (
    ".jpg", ".jpeg", ".jpe", ".png", ".gif", ".tif", ".tiff", ".bmp", ".webp", ".jp2", ".pgm", ".ppm",
)  # fmt: skip
#: How files of the formats that we open begin.
_SIGNATURES: Final = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"GIF8", ".gif"),
    (b"II*\x00", ".tif"),
    (b"MM\x00*", ".tif"),
    (b"BM", ".bmp"),
    (b"\x00\x00\x00\x0cjP  ", ".jp2"),
    (b"P5", ".pgm"),
    (b"P6", ".ppm"),
)
_REMEMBERED: Final = 4096


def keep_bytes(data: bytes, images_dir: Path) -> Path:
    """Write an image as it came, as ``<sha256><ending>``, and return the path; the ending is told from the bytes.

    Nothing of the name that it had is used. What is no image of a known format ends in ``.bin``.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        ending = ".webp"
    else:
        ending = next((e for start, e in _SIGNATURES if data.startswith(start)), ".bin")
    return keep(data, ending, images_dir)


def fingerprints() -> Callable[[Path], Fingerprint]:
    """:func:`fingerprint` that remembers the last few thousand files: a picture that many rows claim is decoded once.

    For the time of one reading: what is on disk must not change meanwhile.
    """
    return lru_cache(maxsize=_REMEMBERED)(fingerprint)
