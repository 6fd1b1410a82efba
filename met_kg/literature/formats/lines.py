"""Lines of a file (plain or gzip) or of standard input, with their numbers; damaged bytes are reported, not lost."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from met_kg.errors import MissingData
from met_kg.records import Quarantined

__all__ = ["STDIN", "Line", "read_lines"]

#: The path that means standard input.
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its end-of-line characters, counted from 1."""

    number: int
    text: str


def read_lines(path: str | Path) -> Iterator[Line | Quarantined]:
    """Lines of a UTF-8 file; ``-`` is standard input, ``.gz`` is unpacked.

    A line that is not UTF-8 is given with U+FFFD in place of the damaged bytes, and reported.

    Raises
    ------
    MissingData
        when the file is not there or cannot be read.
    """
    name = str(path)
    try:
        if name == STDIN:
            yield from _decode(sys.stdin.buffer, "standard input")
        elif name.endswith(".gz"):
            # gzip.open is typed as a union with text streams; "rb" is binary.
            with gzip.open(name, "rb") as packed:
                yield from _decode(cast(BinaryIO, packed), name)
        else:
            with Path(name).open("rb") as plain:
                yield from _decode(plain, name)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise MissingData(f"document file cannot be read: {reason}", where=name, hint="check the path") from problem


def _decode(stream: BinaryIO, name: str) -> Iterator[Line | Quarantined]:
    number = 0
    lines = iter(stream)
    while True:
        try:
            raw = next(lines)
        except StopIteration:
            return
        except (EOFError, gzip.BadGzipFile, zlib.error) as problem:
            yield Quarantined(name, f"line {number + 1}", f"the gzip file is cut or damaged from here on: {problem}")
            return
        number += 1
        try:
            yield Line(number, raw.decode("utf-8"))
        except UnicodeDecodeError:
            text = raw.decode("utf-8", errors="replace")
            yield Quarantined(
                name, f"line {number}", "the line is not UTF-8: damaged bytes were read as U+FFFD", text[:200].strip()
            )
            yield Line(number, text)
