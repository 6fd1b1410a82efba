"""Members of untrusted tar and zip archives as bytes: nothing is extracted by name, nothing is read beyond a limit.

A member with an absolute name or ``..`` in it, a link, a device or one that is too long comes as :class:`Refused`, and
so does the place where an archive is damaged; what stood before it has been given out.

The standard library's ``tarfile`` as a stream is the reader, not the package ``webdataset``: that one runs the shell
for ``pipe:`` addresses and unpickles members by their ending, skips links silently, has no limit of size and takes a
shard that is cut short between two members for a whole one.
"""

from __future__ import annotations

import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any, Final, cast

from met_kg.corpus.images import MAX_BYTES
from met_kg.errors import DataProblem

__all__ = ["Member", "Refused", "Zip", "is_tar", "members", "unsafe"]

_TAR_ENDINGS: Final = (".tar", ".tar.gz", ".tgz")
#: Headers that carry a long name or further fields; tarfile reads them whole, so they must not be long.
_EXTENDED: Final = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_MOST_HEADER: Final = 1024 * 1024
_PLAIN: Final = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_DAMAGE: Final = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A member that is not used, or (without a name) the place where the archive is damaged."""

    name: str
    reason: str


def is_tar(path: Path) -> bool:
    """Whether the name is that of a tar archive that we read."""
    return path.name.lower().endswith(_TAR_ENDINGS)


def unsafe(name: str) -> str:
    """Why a member's name is not used, '' when it is fine.

    >>> unsafe("a/b.jpg"), unsafe("../b.jpg"), unsafe("/etc/passwd")
    ('', "its name leads out of the archive ('..')", 'its name is an absolute path')
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if ".." in parts:
        return "its name leads out of the archive ('..')"
    if name.startswith(("/", "\\")) or name[1:2] == ":":
        return "its name is an absolute path"
    return "" if name.isprintable() and parts else "its name holds control characters, or nothing"


def members(
    path: Path, wanted: Callable[[str], bool] = lambda name: True, *, most: int = MAX_BYTES
) -> Iterator[Member | Refused]:
    """Files of a ``.tar`` or ``.tar.gz``, in their order, one at a time.

    Parameters
    ----------
    wanted
        whether a file of this name is to be read; others are passed over.
    most
        bytes of the longest file that is read.

    Raises
    ------
    OSError
        when the archive cannot be opened at all.
    """
    with path.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = cast(IO[bytes], gzip.GzipFile(fileobj=raw) if zipped else raw)
        try:
            with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header) as archive:
                while (info := archive.next()) is not None:
                    archive.members = []  # type: ignore[attr-defined]  # or it keeps every header it has read
                    if (found := _member(archive, info, wanted, most)) is not None:
                        yield found
        except _DAMAGE as problem:
            yield Refused("", f"the archive is damaged from here on: {_short(problem)}")


class _Header(tarfile.TarInfo):
    """A header that says what is wrong where tarfile itself would take damage for the archive's end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as problem:
            missing = "it ends without an end mark" if not buf else str(problem)
            raise tarfile.ReadError(missing) from problem
        if header.type in _EXTENDED and header.size > _MOST_HEADER:
            raise tarfile.ReadError(f"a header of {header.size:,} bytes")
        return header


def _member(
    archive: tarfile.TarFile, info: tarfile.TarInfo, wanted: Callable[[str], bool], most: int
) -> Member | Refused | None:
    if reason := unsafe(info.name):
        return Refused(info.name[:200], reason)
    if info.isdir():
        return None
    if info.type not in _PLAIN:
        return Refused(info.name, "it is a link" if info.issym() or info.islnk() else "it is no plain file")
    if not wanted(info.name):
        return None
    if info.size > most:
        return Refused(info.name, f"it has {info.size:,} bytes, more than {most:,}")
    stream = archive.extractfile(info)
    data = stream.read() if stream is not None else b""
    if len(data) != info.size:
        raise tarfile.ReadError(f"'{info.name}' is cut short")
    return Member(str(PurePosixPath(info.name)), data)


class Zip:
    """A zip archive whose files are read by name.

    Raises
    ------
    DataProblem
        when the file is no zip archive.
    """

    def __init__(self, path: Path, *, most: int = MAX_BYTES) -> None:
        self._path, self._most = path, most
        try:
            self._archive = zipfile.ZipFile(path)
        except _DAMAGE as problem:
            raise DataProblem(f"the zip archive cannot be opened: {_short(problem)}", where=str(path)) from problem
        self.refused: list[Refused] = []
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in self._archive.infolist():
            if info.is_dir():
                continue
            if reason := self._why_not(info):
                self.refused.append(Refused(info.filename[:200], reason))
            else:
                self._infos[str(PurePosixPath(info.filename))] = info

    def __enter__(self) -> Zip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()

    def _why_not(self, info: zipfile.ZipInfo) -> str:
        if reason := unsafe(info.orig_filename):
            return reason
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            return "it is a link" if kind == stat.S_IFLNK else "it is no plain file"
        if info.flag_bits & 1:
            return "it is encrypted"
        return f"it has {info.file_size:,} bytes, more than {self._most:,}" if info.file_size > self._most else ""

    def __contains__(self, name: str) -> bool:
        return str(PurePosixPath(name)) in self._infos

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises
        ------
        DataProblem
            when there is no such file, or it is damaged or longer than it says.
        """
        info = self._infos.get(str(PurePosixPath(name)))
        if info is None:
            raise DataProblem(f"'{name}' is not in the archive, or refused", where=str(self._path))
        try:
            with self._archive.open(info) as stream:
                data = stream.read(info.file_size + 1)
        except (*_DAMAGE, NotImplementedError) as problem:  # the latter is zipfile's, of a compression it does not know
            raise DataProblem(
                f"'{name}' is damaged in the archive: {_short(problem)}", where=str(self._path)
            ) from problem
        if len(data) != info.file_size:
            raise DataProblem(f"'{name}' is damaged in the archive: wrong length", where=str(self._path))
        return data


def _short(problem: Any) -> str:
    return " ".join(str(problem).split())[:160] or type(problem).__name__
