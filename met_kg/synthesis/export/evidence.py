"""What ``met verify`` needs beside the records: the tables as a run has them, and the graphs of the proofs."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Final

from met_kg import tables
from met_kg.errors import MissingData
from met_kg.synthesis.export.content import Content
from met_kg.vocabulary import expand

__all__ = ["GRAPHS", "write_evidence"]

#: The named graphs that a proof needs, as files of a run and (gzipped) of an export.
GRAPHS: Final = ("tree", "closure", "samples")


def write_evidence(content: Content, run: Path, out: Path) -> None:
    """Write the tables ``samples``, ``captions`` and ``vqa``, and ``graph/<name>.nt.gz``.

    Raises
    ------
    MissingData
        when a graph of the run is not there.
    """
    for name, table in (("samples", content.samples), ("captions", content.captions), ("vqa", content.vqa)):
        tables.write(name, table, out / f"{name}.parquet")
    for name in GRAPHS:
        subjects = (
            {f"<{expand(f'sample:{s}')}>".encode() for s in content.samples["sample_id"]} if name == "samples" else None
        )
        _pack(run / "graph" / f"{name}.nt", out / "graph" / f"{name}.nt.gz", subjects)


def _pack(source: Path, target: Path, subjects: set[bytes] | None) -> None:
    """Gzip a graph's N-Triples (without a time in the header); with ``subjects`` only what is said of them."""
    if not source.is_file():
        raise MissingData("a graph of the run is not there", where=str(source), hint="run the steps up to retrieve")
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        source.open("rb") as lines,
        target.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as out,
    ):
        if subjects is None:
            shutil.copyfileobj(lines, out, 1 << 20)
        else:
            out.writelines(line for line in lines if line.split(b" ", 1)[0] in subjects)
