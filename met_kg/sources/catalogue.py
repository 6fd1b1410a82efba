"""The catalogue of open sources: what each is, under which licence, where its files come from and must lie.

The catalogue is ``catalogue.yaml`` beside this module. Recipes ask it for their files by role, so that a path stands
in one place only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

import yaml

from met_kg.errors import MissingData, UnknownName
from met_kg.sources.lines import open_binary

__all__ = ["Entry", "Files", "SourceFile", "catalogue", "content_sha256", "entry", "locate"]

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a source.

    ``sha256`` is that of the unpacked content; "" where there is no fixed release. ``url`` is "" for a file that was
    derived from the source's own files and comes with the data pack only.
    """

    role: str
    path: str
    url: str
    sha256: str
    version: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One source of the catalogue; one that does not add nodes gives names and codes to those of others."""

    name: str
    title: str
    version: str
    licence: str
    homepage: str
    note: str
    files: tuple[SourceFile, ...]
    adds_nodes: bool = True


#: Files of a source by role, newest version first.
Files = dict[str, list[Path]]


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Entry]:
    """All entries by name."""
    text = Path(__file__).with_name("catalogue.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return {name: _entry(name, fields) for name, fields in loaded.items()}


def _entry(name: str, fields: dict[str, Any]) -> Entry:
    origin, version = fields.get("origin", ""), str(fields["version"])
    files = tuple(
        SourceFile(
            role=file["role"],
            path=file["path"],
            url=urljoin(origin, file["url"]) if file["url"] else "",
            sha256=file["sha256"] or "",
            version=str(file.get("version", version)),
        )
        for file in fields["files"]
    )
    return Entry(
        name,
        fields["title"],
        version,
        fields["licence"],
        fields["homepage"],
        fields.get("note", ""),
        files,
        fields.get("adds_nodes", True),
    )


def entry(name: str) -> Entry:
    """The entry of that name.

    Raises
    ------
    UnknownName
        when the catalogue has none; the nearest names are offered.
    """
    known = catalogue()
    if name not in known:
        raise UnknownName("source", name, known)
    return known[name]


def locate(name: str, root: Path | None) -> Files:
    """The files of a source under the mirror folder, by role, newest version first.

    Raises
    ------
    MissingData
        for the first file that is not there, and when there is no mirror folder.
    """
    source = entry(name)
    hint = f"met sources fetch {name}, with MET_DATA set to the folder"
    if root is None:
        raise MissingData(f"source '{name}' needs its files, and MET_DATA is not set", hint=hint)
    found: Files = {}
    for file in sorted(source.files, key=lambda f: f.version, reverse=True):
        path = root / file.path
        if not path.is_file():
            raise MissingData(f"source '{name}' needs {path}, which is not there", hint=hint)
        found.setdefault(file.role, []).append(path)
    return found


def content_sha256(path: Path) -> str:
    """sha256 of a file's content, unpacked when it is gzipped: the same whoever packed it, with which level.

    Raises
    ------
    OSError, EOFError, zlib.error
        when the file cannot be read or is cut off.
    """
    digest = hashlib.sha256()
    with open_binary(path) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
