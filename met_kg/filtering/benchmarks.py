"""The images and texts of benchmarks, which a training set must not hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from met_kg.corpus.images import ImageProblem, open_image
from met_kg.corpus.lookalike import asked, grey, held
from met_kg.corpus.records import records
from met_kg.errors import DataProblem, MissingData, UnknownName
from met_kg.filtering.lookalikes import Lookalikes
from met_kg.filtering.options import BenchmarkFiles
from met_kg.filtering.phrases import Phrases
from met_kg.filtering.second_look import SIDE, agreement
from met_kg.paths import expand_path
from met_kg.records import Quarantined

__all__ = ["BenchmarkImage", "BenchmarkText", "Benchmarks", "read_benchmarks", "read_image"]

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff", ".bmp", ".webp", ".jp2"})


@dataclass(frozen=True, slots=True)
class BenchmarkImage:
    """One image of a benchmark; ``described`` is None for one that does not decode, which its bytes alone identify."""

    benchmark: str
    name: str
    path: Path
    sha256: str
    described: NDArray[np.float16] | None


@dataclass(frozen=True, slots=True)
class BenchmarkText:
    """One question, answer or caption of a benchmark."""

    benchmark: str
    where: str
    text: str


class Benchmarks:
    """All that must be kept out, indexed when first asked for."""

    def __init__(self, images: Sequence[BenchmarkImage] = (), texts: Sequence[BenchmarkText] = ()) -> None:
        self.images, self.texts = images, texts
        self._seen = [image for image in images if image.described is not None]
        self._phrases: dict[tuple[int, int, int], Phrases] = {}

    @cached_property
    def by_bytes(self) -> dict[str, BenchmarkImage]:
        """The images by their SHA-256."""
        return {image.sha256: image for image in self.images}

    @cached_property
    def _lookalikes(self) -> Lookalikes:
        return Lookalikes([image.described for image in self._seen if image.described is not None])

    def copies(
        self, picture: Image.Image, *, similarity: float, candidates: int, least: float
    ) -> Iterator[tuple[BenchmarkImage, float]]:
        """The benchmark images that a picture is an altered copy of, likest first, and how well the two agree.

        Inverted copies come last.

        Parameters
        ----------
        similarity, candidates
            first look: least cosine of coarse descriptions, and how many images at most get a second look.
        least
            second look: least agreement of fine structure.
        """
        upright = grey(picture, SIDE)
        for square in (upright, 255 - upright):  # films are shown inverted, too
            for candidate in self._lookalikes.candidates(asked(square), similarity=similarity, most=candidates):
                image = self._seen[candidate.place]
                value = agreement(grey(open_image(image.path), SIDE), square, candidate.guess)
                if value >= least:
                    yield image, value

    def phrases(self, *, shortest: int, longest: int, common: int) -> Phrases:
        """The phrases of all texts; see :class:`~met_kg.filtering.phrases.Phrases`."""
        key = (shortest, longest, common)
        if key not in self._phrases:
            texts = [text.text for text in self.texts]
            self._phrases[key] = Phrases(texts, shortest=shortest, longest=longest, common=common)
        return self._phrases[key]


def read_benchmarks(sources: Sequence[BenchmarkFiles]) -> Benchmarks:
    """Images (by bytes and by looks) and texts of all benchmarks.

    Raises
    ------
    MissingData
        when a folder or table is not there: what cannot be compared must not pass as clean.
    DataProblem
        when a folder holds none of the images, or the columns none of the texts.
    """
    images: list[BenchmarkImage] = []
    texts: list[BenchmarkText] = []
    for source in sources:
        rows = list(_rows(source)) if source.table else []
        if source.images:
            folder = expand_path(source.images)
            if not folder.is_dir():
                raise MissingData(f"the images of benchmark '{source.name}' are not there", where=str(folder))
            found = [read_image(source.name, name, folder / name) for name in _names(source, rows, folder)]
            if not found:
                raise DataProblem(f"benchmark '{source.name}' has no images here", where=str(folder))
            images += found
        if source.text:
            said = [BenchmarkText(source.name, where, row[c]) for where, row in rows for c in source.text if row[c]]
            if not said:
                raise DataProblem(f"benchmark '{source.name}' has no text in {', '.join(source.text)}")
            texts += said
    return Benchmarks(images, texts)


def _rows(source: BenchmarkFiles) -> Iterator[tuple[str, dict[str, str]]]:
    table = expand_path(source.table)
    wanted = [*source.text, *([source.column] if source.images else [])]
    for record in records(table, source.name):
        if isinstance(record, Quarantined):
            raise DataProblem(f"a row of the benchmark table cannot be read: {record.reason}", where=str(table))
        for column in wanted:
            if column not in record[1]:
                raise UnknownName(f"column of {table.name}", column, record[1])
        yield record


def _names(source: BenchmarkFiles, rows: Sequence[tuple[str, dict[str, str]]], folder: Path) -> Iterable[str]:
    if not source.table:
        return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES)
    wanted = {row[source.column] for _, row in rows}
    missing = sorted(name for name in wanted if not (folder / name).is_file())
    if missing:
        raise MissingData(f"image '{missing[0]}' of benchmark '{source.name}' is not there", where=str(folder))
    return sorted(wanted)


def read_image(benchmark: str, name: str, path: Path) -> BenchmarkImage:
    """An image file as one of a benchmark."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    try:
        described = held(grey(open_image(path), SIDE)).astype(np.float16)
    except ImageProblem:
        described = None
    return BenchmarkImage(benchmark, name, path, digest, described)
