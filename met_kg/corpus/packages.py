"""Packages of PubMed Central's Open Access subset: a folder or ``.tar.gz`` with an article and its image files."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from met_kg.corpus.archives import Member, Refused, is_tar, members
from met_kg.corpus.store import IMAGE_ENDINGS, keep_bytes

__all__ = ["MOST_XML", "Package", "Picture", "packages"]

#: Longest article that is read, in bytes.
MOST_XML: Final = 64 * 1024 * 1024
_ARTICLE: Final = (".nxml", ".xml")


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file of a package: its name there, and where it lies on disk."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Package:
    """One article with what lies beside it; ``name`` is its place in the corpus."""

    name: str
    path: Path  # the .tar.gz, or the article's file

    def article(self) -> Iterator[bytes | Refused]:
        """The bytes of the article (a tar archive may hold none, or several), and what could not be read."""
        if not is_tar(self.path):
            size = self.path.stat().st_size
            too_long = Refused(self.path.name, f"the article has {size:,} bytes, more than {MOST_XML:,}")
            yield too_long if size > MOST_XML else self.path.read_bytes()
            return
        for member in members(self.path, lambda name: name.lower().endswith(_ARTICLE), most=MOST_XML):
            yield member.data if isinstance(member, Member) else member

    def pictures(self, stems: Container[str], images_dir: Path) -> Iterator[Picture]:
        """The image files whose :func:`stem` is wanted; those of an archive are kept under ``images_dir``."""
        if not is_tar(self.path):
            folder = self.path.parent
            for path in sorted(folder.iterdir()):
                inside = path.is_file() and path.resolve().is_relative_to(folder.resolve())
                if inside and is_picture(path.name) and stem(path.name) in stems:
                    yield Picture(path.name, path)
            return
        for member in members(self.path, lambda name: is_picture(name) and stem(name) in stems):
            if isinstance(member, Member):
                yield Picture(PurePosixPath(member.name).name, keep_bytes(member.data, images_dir))


def packages(root: Path) -> Iterator[Package]:
    """The packages of a folder and the folders in it, by name; a single ``.tar.gz`` or article is one, too."""
    if root.is_file():
        yield Package(root.name, root)
        return
    for folder, below, files in os.walk(root):
        below.sort()
        for name in sorted(files):
            path = Path(folder) / name
            is_article = name.lower().endswith(_ARTICLE)
            if (is_tar(path) or is_article) and path.resolve().is_relative_to(root.resolve()):
                yield Package(path.relative_to(root).as_posix(), path)


def is_picture(name: str) -> bool:
    """Whether the name is that of an image file."""
    return name.lower().endswith(IMAGE_ENDINGS)


def stem(name: str) -> str:
    """The name of an image as articles write it: without folder and ending, in lower case."""
    name = PurePosixPath(name).name.lower()
    return str(PurePosixPath(name).with_suffix("")) if is_picture(name) else name
