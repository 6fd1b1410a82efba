"""Lines and table rows of untrusted text files: gzip, wrong encodings, endless lines and damaged ends are survived."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final, cast

from met_kg.errors import DataProblem, MissingData
from met_kg.sources.findings import Findings

__all__ = ["MAX_LINE", "open_binary", "read_lines", "read_table"]

#: Longest line, in bytes, that is taken for text; the longest real one in the ontologies at hand has 25,000.
MAX_LINE: Final = 1 << 20


def open_binary(path: Path) -> IO[bytes]:
    """Open a file for reading, unpacking gzip by its first bytes, whatever the name says.

    Raises
    ------
    MissingData
        when there is no such file.
    """
    try:
        stream = path.open("rb")
    except OSError as problem:
        raise MissingData(f"cannot read {path}: {problem.strerror}", hint="met sources fetch") from problem
    packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    return cast(IO[bytes], gzip.GzipFile(fileobj=stream)) if packed else stream


def read_lines(path: Path, findings: Findings) -> Iterator[tuple[int, str]]:
    """Numbered lines without their ends.

    UTF-8 is expected; a line that is not is read as Windows-1252 and reported as mended, a file that starts with a
    UTF-16 mark is read as UTF-16. A line over :data:`MAX_LINE` bytes is set aside without being held in memory. A file
    that breaks off (truncated gzip) gives what it holds.
    """
    with open_binary(path) as raw:
        stream = _utf8(raw)
        number = 0
        while True:
            try:
                line = stream.readline(MAX_LINE)
                too_long = len(line) >= MAX_LINE and not line.endswith(b"\n")
                if too_long:
                    _skip_line(stream)
            except (EOFError, zlib.error, gzip.BadGzipFile, UnicodeError) as problem:
                findings.reject(path.name, number + 1, f"the file breaks off here ({problem}); the rest is lost")
                return
            if not line:
                return
            number += 1
            if too_long:
                findings.reject(path.name, number, f"line longer than {MAX_LINE} bytes", line[:200].decode("latin-1"))
                continue
            yield number, _decode(line, path.name, number, findings).rstrip("\r\n")


def _utf8(raw: IO[bytes]) -> IO[bytes]:
    mark = raw.read(3)
    raw.seek(0)
    if mark[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return cast(IO[bytes], codecs.EncodedFile(raw, "utf-8", "utf-16"))
    if mark == codecs.BOM_UTF8:
        raw.seek(3)
    return raw


def _skip_line(stream: IO[bytes]) -> None:
    while (rest := stream.readline(MAX_LINE)) and not rest.endswith(b"\n"):
        pass


def _decode(line: bytes, file: str, number: int, findings: Findings) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        try:
            text = line.decode("cp1252")
        except UnicodeDecodeError:  # five bytes are undefined in Windows-1252
            text = line.decode("latin-1")
        findings.mend(file, number, "not UTF-8: read as Windows-1252", text)
        return text


def read_table(path: Path, columns: Sequence[str], findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """The named columns of a tab-separated file with a header, row by row with line numbers.

    Cells may be quoted. A row never continues on the next line: a stray quotation mark cannot swallow the rest.

    Raises
    ------
    DataProblem
        when a column is missing from the header.
    """
    lines = read_lines(path, findings)
    header = [_unquote(cell).removeprefix("?") for cell in next(lines, (0, ""))[1].split("\t")]
    missing = [name for name in columns if name not in header]
    if missing:
        raise DataProblem(f"has no column '{missing[0]}', only {', '.join(header)}", where=f"{path}:1")
    picks = [header.index(name) for name in columns]
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) == len(header):
            yield number, [_unquote(cells[i]) for i in picks]
        elif line.strip():
            findings.reject(path.name, number, f"{len(cells)} cells where the header has {len(header)}", line)


def _unquote(cell: str) -> str:
    cell = cell.strip()
    if len(cell) >= 2 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"').strip()
    return cell
