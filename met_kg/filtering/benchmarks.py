"""The images of benchmarks, which a training set must not hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from met_kg.corpus.images import fingerprint
from met_kg.corpus.records import records
from met_kg.errors import DataProblem, MissingData, UnknownName
from met_kg.filtering.options import BenchmarkImages
from met_kg.paths import expand_path
from met_kg.records import Quarantined

__all__ = ["BenchmarkImage", "benchmark_images"]

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff", ".bmp", ".webp", ".jp2"})


@dataclass(frozen=True, slots=True)
class BenchmarkImage:
    """One image of a benchmark."""

    benchmark: str
    name: str
    sha256: str
    phash: str


def benchmark_images(sources: Sequence[BenchmarkImages]) -> list[BenchmarkImage]:
    """Fingerprints of all benchmark images.

    Raises
    ------
    MissingData
        when a folder or table is not there: what cannot be compared must not pass as clean.
    DataProblem
        when a folder holds none of the images.
    """
    found: list[BenchmarkImage] = []
    for source in sources:
        folder = expand_path(source.images)
        if not folder.is_dir():
            raise MissingData(f"the images of benchmark '{source.name}' are not there", where=str(folder))
        before = len(found)
        for name in _names(source, folder):
            print_ = fingerprint(folder / name)
            found.append(BenchmarkImage(source.name, name, print_.sha256, print_.phash))
        if len(found) == before:
            raise DataProblem(f"benchmark '{source.name}' has no images here", where=str(folder))
    return found


def _names(source: BenchmarkImages, folder: Path) -> Iterable[str]:
    if not source.table:
        return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES)
    table = expand_path(source.table)
    wanted: set[str] = set()
    for record in records(table, source.name):
        if isinstance(record, Quarantined):
            raise DataProblem(f"a row of the benchmark table cannot be read: {record.reason}", where=str(table))
        if source.column not in record[1]:
            raise UnknownName(f"column of {table.name}", source.column, record[1])
        wanted.add(record[1][source.column])
    missing = sorted(name for name in wanted if not (folder / name).is_file())
    if missing:
        raise MissingData(f"image '{missing[0]}' of benchmark '{source.name}' is not there", where=str(folder))
    return sorted(wanted)
