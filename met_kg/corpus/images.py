"""Open untrusted image files within limits, fingerprint and measure them, and write rendered ones.

Whatever the file holds (16 bit, palette, CMYK, alpha, animation, EXIF rotation), :func:`open_image` gives an upright
8-bit grey or RGB picture of the first frame, or says in one sentence why it cannot.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from met_kg.corpus.measures import SIDE, Measures, measure, reduced
from met_kg.errors import DataProblem

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "Fingerprint",
    "ImageProblem",
    "fingerprint",
    "image_size",
    "keep",
    "open_image",
    "save_rendered",
]

#: Larger pictures are not decompressed.
MAX_PIXELS: Final = 64_000_000
#: Larger files are not read.
MAX_BYTES: Final = 256 * 1024 * 1024
#: Formats with decoders inside Pillow itself; others (EPS, PDF ...) would start outside programs.
_FORMATS: Final = ("JPEG", "PNG", "GIF", "TIFF", "BMP", "WEBP", "JPEG2000", "PPM")
#: Values of the EXIF tag that turn a picture on its side.
_SIDEWAYS: Final = (5, 6, 7, 8)
_DEEP: Final = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")


class ImageProblem(DataProblem):
    """An image file that cannot be used; the message says why."""

    code = "MET-IMAGE"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What identifies and describes an image file; zero, '' and None when it cannot be decoded.

    Size is of the upright picture.
    """

    sha256: str
    phash: str = ""
    width: int = 0
    height: int = 0
    mode: str = ""
    measures: Measures | None = None
    problem: str = ""  # why it cannot be decoded


def open_image(path: Path, *, side: int | None = None) -> Image.Image:
    """The picture in a file, upright, in mode ``L`` or ``RGB``.

    Parameters
    ----------
    side
        pixels that the longest side needs to have: a larger JPEG may come at a smaller scale, which is quicker.

    Raises
    ------
    ImageProblem
        when the file is no image, damaged, cut short, or beyond the limits.
    """
    _check_bytes(path)
    return _decode(path, path.name, side=side).picture


def image_size(path: Path) -> tuple[int, int]:
    """Width and height of the upright picture in a file, from its header; the pixels are not decoded.

    Raises
    ------
    ImageProblem
        when the file is no image.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as opened:
                width, height = opened.size
                sideways = opened.getexif().get(ExifTags.Base.Orientation) in _SIDEWAYS
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError) as problem:
        raise ImageProblem("the file is not an image of a known format", where=path.name) from problem
    return (height, width) if sideways else (width, height)


def fingerprint(path: Path) -> Fingerprint:
    """SHA-256 of the bytes, 64-bit perceptual hash (DCT, as 16 hex digits), size, mode and measures of an image file.

    The file is read once and decoded once: a JPEG at the smallest of libjpeg's scales that still has twice the side of
    the measured copy (nearer to it, the rounding of the scale would show in the hash). A file that cannot be decoded
    has a SHA-256 and a ``problem``.

    Raises
    ------
    OSError
        when the file cannot be read at all.
    """
    try:
        _check_bytes(path)
    except ImageProblem as problem:
        with path.open("rb") as stream:
            return Fingerprint(hashlib.file_digest(stream, "sha256").hexdigest(), problem=problem.message)
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    try:
        decoded = _decode(io.BytesIO(data), path.name, side=2 * SIDE)
    except ImageProblem as problem:
        return Fingerprint(digest, problem=problem.message)
    copy = reduced(decoded.picture)
    grey = copy if copy.mode == "L" else copy.convert("L")
    return Fingerprint(
        digest, _phash(decoded.picture), decoded.width, decoded.height, decoded.mode, measure(copy, grey)
    )


def save_rendered(picture: Image.Image, images_dir: Path, *, cut: float = 1.0) -> Path:
    """Write a picture as ``<sha256>.png`` and return the path; ``cut`` below 1 keeps only that share of the bytes.

    (A file cut short on purpose is one of the defects that the drawn corpus can hold.)
    """
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    data = buffer.getvalue()
    data = data[: int(len(data) * cut)]
    return keep(data, ".png", images_dir)


def keep(data: bytes, ending: str, images_dir: Path) -> Path:
    """Write bytes as ``<sha256><ending>`` unless they are there already, and return the path."""
    path = images_dir / f"{hashlib.sha256(data).hexdigest()}{ending}"
    if not path.is_file():
        images_dir.mkdir(parents=True, exist_ok=True)
        # A run killed here must not leave half a file under a name that promises its content.
        partial = path.with_suffix(f".{os.getpid()}.part")
        partial.write_bytes(data)
        partial.replace(path)
    return path


def _phash(picture: Image.Image) -> str:
    import imagehash

    # phash itself would resample the whole picture. With a gap of 3 the averaging before it leaves the values alone.
    small = picture.convert("L").resize((32, 32), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return str(imagehash.phash(small))


@dataclass(frozen=True, slots=True)
class _Decoded:
    picture: Image.Image  # upright, L or RGB; a JPEG may be smaller than its size says
    width: int
    height: int
    mode: str


def _check_bytes(path: Path) -> None:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ImageProblem(f"the file has {size:,} bytes, more than {MAX_BYTES:,}", where=path.name)


def _decode(source: Path | io.BytesIO, name: str, *, side: int | None = None) -> _Decoded:
    """Decode a file; with ``side``, a JPEG no larger than a longest side of so many pixels needs."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns below our own limit, which is stated here
            with Image.open(source, formats=_FORMATS) as opened:
                full = width, height = opened.size
                if width * height > MAX_PIXELS:
                    raise ImageProblem(
                        f"the picture has {width} x {height} pixels, more than {MAX_PIXELS:,}", where=name
                    )
                if side is not None and max(full) > side:
                    opened.draft(None, (max(1, width * side // max(full)), max(1, height * side // max(full))))
                scaled = opened.size != full
                opened.load()
                upright = ImageOps.exif_transpose(opened)
                if not scaled:
                    width, height = upright.size
                elif opened.getexif().get(ExifTags.Base.Orientation) in _SIDEWAYS:
                    width, height = height, width
                return _Decoded(_plain(upright), width, height, opened.mode)
    except Image.DecompressionBombError as problem:
        raise ImageProblem(f"the picture has more than {MAX_PIXELS:,} pixels", where=name) from problem
    except UnidentifiedImageError as problem:
        raise ImageProblem("the file is not an image of a known format", where=name) from problem
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, IndexError, TypeError) as problem:
        text = str(problem).replace(str(source), name)
        raise ImageProblem(f"the image does not decode: {text}", where=name) from problem


def _plain(picture: Image.Image) -> Image.Image:
    if picture.mode in ("L", "RGB"):
        return picture
    if picture.mode in _DEEP:
        return Image.fromarray(_to_8_bit(np.asarray(picture)))
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode in ("LA", "La"):
        return _on_white(picture.convert("LA"), "L")
    if picture.mode in ("RGBA", "RGBa", "PA") or (picture.mode == "P" and "transparency" in picture.info):
        return _on_white(picture.convert("RGBA"), "RGB")
    return picture.convert("RGB")


def _to_8_bit(values: NDArray[Any]) -> NDArray[np.uint8]:
    data = np.nan_to_num(values.astype(np.float64))
    low, high = float(data.min()), float(data.max())
    scale = 255.0 / (high - low) if high > low else 0.0
    return np.asarray(np.rint((data - low) * scale), dtype=np.uint8)


def _on_white(picture: Image.Image, mode: str) -> Image.Image:
    ground = Image.new(picture.mode, picture.size, (255,) * len(picture.getbands()))
    return Image.alpha_composite(ground.convert("RGBA"), picture.convert("RGBA")).convert(mode)
