"""What a step depends on, as hashes: its inputs, its code, the libraries it runs on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from met_kg.paths import ontology_dir, sparql_dir

__all__ = ["GROUND", "ROOMS", "code_hash", "hash_input", "hash_json", "hash_path", "library_versions"]

#: Modules below all rooms.
GROUND: Final = ("vocabulary", "errors", "records", "tables", "paths", "log", "statistics", "settings_file")
#: The rooms, ground floor first: a room imports only the ground and rooms before it (tests/test_house.py).
ROOMS: Final = (
    "graph",
    "models",
    "sources",
    "literature",
    "tree",
    "corpus",
    "retrieval",
    "filtering",
    "synthesis",
    "training",
    "evaluation",
    "report",
    "pipeline",
    "ablation",
    "cli",
)
#: Bytes from which reading a whole folder at every run would take longer than it is worth.
LARGE: Final = 2 * 2**30
_PACKAGE: Final = Path(__file__).parent.parent


def hash_json(value: Any) -> str:
    """sha256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def hash_path(path: Path) -> str:
    """sha256 of a file, or of a folder's file names and contents; '' when there is nothing."""
    if path.is_file():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    if path.is_dir():
        listing = {p.relative_to(path).as_posix(): hash_path(p) for p in path.rglob("*") if p.is_file()}
        return hash_json(listing)
    return ""


def hash_input(path: Path) -> str:
    """As :func:`hash_path`; a folder of more than 2 GiB is told by the names and sizes of its files alone."""
    if path.is_dir():
        sizes = {p.relative_to(path).as_posix(): p.stat().st_size for p in path.rglob("*") if p.is_file()}
        if sum(sizes.values()) > LARGE:
            return hash_json(sizes)
    return hash_path(path)


@lru_cache(maxsize=32)
def code_hash(room: str) -> str:
    """Hash of all code that a step of this room can reach: the ground, every room up to it, queries and ontology.

    A change in a later room leaves the step's cached result valid.
    """
    files: list[Path] = [_PACKAGE / f"{name}.py" for name in GROUND]
    for name in ROOMS[: ROOMS.index(room) + 1]:
        files += sorted(p for p in (_PACKAGE / name).rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    files += sorted((_PACKAGE / "pipeline").glob("*steps.py"))
    for folder in (sparql_dir(), ontology_dir()):
        files += sorted(p for p in folder.rglob("*") if p.is_file())
    return hash_json([(p.name, hash_path(p)) for p in files])


@lru_cache(maxsize=1)
def library_versions() -> dict[str, str]:
    """Versions of the libraries the package requires, and its own."""
    names: Iterable[str] = metadata.requires("met-kg") or ()
    found = {"met-kg": metadata.version("met-kg")}
    for requirement in names:
        if "extra ==" in requirement:
            continue
        name = requirement.split(";")[0].split(">")[0].split("=")[0].split("<")[0].split("[")[0].strip()
        found[name] = metadata.version(name)
    return found
