"""Fetching and verifying the files of the catalogue.

A file that is there with the right content is not fetched again; one that the local mirror has is copied. A download
goes to a ``.part`` file beside its target and is renamed once its checksum is right, so that a file under its own name
is always whole. Files without a fixed release are recorded in ``sources.lock.json`` at their first download.
"""

from __future__ import annotations

import gzip
import json
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from met_kg.errors import DataProblem, MetError, MissingData
from met_kg.sources.catalogue import Entry, SourceFile, content_sha256

__all__ = ["LOCK", "Check", "Fetched", "fetch_file", "read_lock", "verify"]

#: Name of the file of recorded checksums in a mirror folder.
LOCK: Final = "sources.lock.json"
_TIMEOUT: Final = 60  # seconds without a byte

State = Literal["ok", "changed", "missing", "unrecorded"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one file: it was ``here``, was ``copied`` from the mirror, or was ``fetched``."""

    how: Literal["here", "copied", "fetched"]
    path: Path
    size: int  # bytes on disk


@dataclass(frozen=True, slots=True)
class Check:
    """The state of one file in a mirror folder; ``unrecorded`` is there, but nothing says what it should be."""

    source: str
    path: str
    state: State
    note: str = ""


def read_lock(root: Path) -> dict[str, str]:
    """Path -> sha256 of the files of a mirror folder that the catalogue has no checksum for.

    Raises
    ------
    DataProblem
        when the lock file is damaged.
    """
    path = root / LOCK
    if not path.is_file():
        return {}
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): str(sha256) for name, sha256 in lock.items()}
    except (ValueError, AttributeError) as problem:
        raise DataProblem(f"not a lock file: {problem}", where=str(path), hint="delete it and fetch again") from problem


def fetch_file(file: SourceFile, entry: Entry, to: Path, mirror: Path | None) -> Fetched:
    """Make sure that a file of a source lies under ``to`` with the right content.

    Raises
    ------
    DataProblem
        when the file is there with other content, the download fails, or it has another checksum.
    MissingData
        when the file can only come with the data pack, and the mirror does not have it.
    """
    target = to / file.path
    expected = file.sha256 or read_lock(to).get(file.path, "")
    try:
        if target.is_file():
            if expected and _sha256(target) != expected:
                raise DataProblem(f"{target} is there with other content", hint="delete it to fetch it again")
            return _settle("here", target, file, to)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        if mirror is not None and _same(mirror / file.path, expected):
            shutil.copyfile(mirror / file.path, part)
            part.replace(target)
            return _settle("copied", target, file, to)
        if not file.url:
            raise MissingData(
                f"'{file.path}' of {entry.name} comes with the data pack only, as it was derived from other files",
                hint=f"its origin: {entry.homepage}",
            )
        _download(file.url, part)
        found = _sha256(part)
        if expected and found != expected:
            part.unlink()
            raise DataProblem(
                f"{file.url} has sha256 {found}, not {expected}", hint="the file changed at its origin, or on the way"
            )
        if file.path.endswith(".gz"):
            _pack(part)
        part.replace(target)
        return _settle("fetched", target, file, to)
    except OSError as problem:
        if isinstance(problem, MetError):
            raise
        raise DataProblem(f"cannot write {target}: {problem.strerror or problem}") from problem


def _settle(how: Literal["here", "copied", "fetched"], target: Path, file: SourceFile, to: Path) -> Fetched:
    """Record the checksum of a file that has none, and report."""
    if not file.sha256:
        lock = read_lock(to)
        if file.path not in lock:
            lock[file.path] = _sha256(target)
            part = to / f"{LOCK}.part"
            part.write_text(json.dumps(dict(sorted(lock.items())), indent=1) + "\n", encoding="utf-8")
            part.replace(to / LOCK)
    return Fetched(how, target, target.stat().st_size)


def _download(url: str, part: Path) -> None:
    import pooch
    import requests

    try:
        pooch.HTTPDownloader(timeout=_TIMEOUT)(url, str(part), None)
    except requests.RequestException as problem:
        part.unlink(missing_ok=True)
        raise DataProblem(f"cannot fetch {url}: {problem}", hint="try again, or lay the file in by hand") from problem


def _pack(part: Path) -> None:
    """Gzip a file in place, the same bytes every time; one that is packed already stays."""
    with part.open("rb") as stream:
        if stream.read(2) == b"\x1f\x8b":
            return
    packed = part.with_name(part.name + ".gz")
    with part.open("rb") as source, packed.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as out:
        shutil.copyfileobj(source, out)
    packed.replace(part)


def _same(path: Path, expected: str) -> bool:
    return path.is_file() and (not expected or _sha256(path) == expected)


def _sha256(path: Path) -> str:
    """The content's checksum; what cannot be unpacked has one that no file has."""
    try:
        return content_sha256(path)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return "damaged"


def verify(entries: list[Entry], root: Path) -> Iterator[Check]:
    """The state of every file of the entries in a mirror folder."""
    lock = read_lock(root)
    for entry in entries:
        for file in entry.files:
            path = root / file.path
            expected = file.sha256 or lock.get(file.path, "")
            if not path.is_file():
                yield Check(entry.name, file.path, "missing", f"met sources fetch {entry.name}")
            elif not expected:
                yield Check(entry.name, file.path, "unrecorded", f"met sources fetch {entry.name} records it")
            elif (found := _sha256(path)) != expected:
                yield Check(entry.name, file.path, "changed", f"sha256 is {found}, not {expected}")
            else:
                yield Check(entry.name, file.path, "ok")
