"""Graphs as sorted N-Triples files, sorted outside memory where they are large."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

import pyoxigraph as ox

__all__ = ["write_ntriples"]

#: Lines that are sorted in memory, some 100 MB.
_RUN: Final = 500_000


def write_ntriples(triples: Iterable[ox.Triple], path: Path, *, run: int = _RUN) -> None:
    """Sorted N-Triples without repeats: the same graph gives the same bytes.

    Parameters
    ----------
    run
        lines held in memory; what is more lies in temporary files and is merged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack, path.open("w", encoding="utf-8") as out:
        runs: list[Iterable[str]] = []
        lines: set[str] = set()
        for triple in triples:
            lines.add(f"{triple} .\n")
            if len(lines) >= run:
                spill = stack.enter_context(TemporaryFile("w+", encoding="utf-8", newline="\n", dir=path.parent))
                runs.append(_spilled(sorted(lines), spill))
                lines = set()
        out.writelines(line for line, _ in groupby(heapq.merge(*runs, sorted(lines))))


def _spilled(lines: list[str], file: IO[str]) -> Iterator[str]:
    file.writelines(lines)
    file.seek(0)
    return iter(file)
