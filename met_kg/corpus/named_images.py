"""Images that a table names, in a folder or a zip archive: where each lies, and its fingerprint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from met_kg.corpus.archives import Zip
from met_kg.corpus.images import Fingerprint
from met_kg.corpus.readers import Place
from met_kg.corpus.samples import rendered_path
from met_kg.corpus.store import fingerprints, keep_bytes
from met_kg.errors import DataProblem
from met_kg.paths import expand_path
from met_kg.records import Quarantined

__all__ = ["NamedImages", "find_image", "named_images"]

#: Name of an image -> how tables write its path, and its fingerprint; raises DataProblem, or OSError.
NamedImages = Callable[[str], tuple[str, Fingerprint]]


@contextmanager
def named_images(folder: str, source: str, place: Place) -> Iterator[tuple[NamedImages, list[Quarantined]]]:
    """The images of a folder or ``.zip``, for the time of one reading, and what of an archive is refused.

    Raises
    ------
    DataProblem
        when the archive cannot be opened.
    """
    if not folder.lower().endswith(".zip"):
        yield _in_folder(folder, place), []
        return
    with Zip(expand_path(folder, base=place.base)) as archive:
        refused = [
            Quarantined(source, f"{Path(folder).name}:{one.name}", f"not read: {one.reason}") for one in archive.refused
        ]
        yield _in_zip(archive, place), refused


def find_image(images: NamedImages, name: str) -> tuple[str, Fingerprint] | str:
    """The image's path and fingerprint, or why there is none."""
    try:
        return images(name)
    except DataProblem as problem:
        return problem.message
    except OSError as problem:
        return f"image '{name}' cannot be read: {problem.strerror}"


def _in_folder(folder: str, place: Place) -> NamedImages:
    root = expand_path(folder, base=place.base).resolve()
    fingerprint = fingerprints()

    def find(name: str) -> tuple[str, Fingerprint]:
        image = f"{folder.rstrip('/')}/{name}"
        path = expand_path(image, base=place.base).resolve()
        if not path.is_relative_to(root):
            raise DataProblem(f"image '{name}' lies outside the image folder")
        if not path.is_file():
            raise DataProblem(f"image '{name}' is not there")
        return image if image.startswith("${") else path.as_posix(), fingerprint(path)

    return find


def _in_zip(archive: Zip, place: Place) -> NamedImages:
    fingerprint = fingerprints()

    def find(name: str) -> tuple[str, Fingerprint]:
        kept = keep_bytes(archive.read(name), place.images_dir)
        return rendered_path(kept, place.images_dir), fingerprint(kept)

    return find
