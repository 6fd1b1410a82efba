"""Form ``webdataset``: ``webdataset/<split>-000000.tar`` and on, one key a sample.

``<sample>.jpg`` (or its own ending) is the image as it was, ``<sample>.json`` the sample with all its ``captions`` and
``items``. A shard is closed when it is full by size or by count. The bytes depend on nothing but the content: the same
owner, mode and time for every member.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from heapq import merge
from itertools import groupby, repeat
from pathlib import Path, PurePosixPath
from typing import Final

import orjson

from met_kg.synthesis.export.content import Content
from met_kg.synthesis.export.forms import ExportForm
from met_kg.synthesis.export.options import ExportOptions
from met_kg.synthesis.export.records import KINDS, Kind, Record, columns, records, unpacked
from met_kg.synthesis.export.shards import plan

__all__ = ["FORM"]

#: Columns of both kinds of record that are not those of their sample.
_OWN: Final = ("id", "messages", "level")


def _write(content: Content, out: Path, options: ExportOptions) -> None:
    folder = out / "webdataset"
    folder.mkdir(exist_ok=True)
    for split in content.splits:
        shard_of = plan(content, split, options)
        for number, samples in groupby(_samples(content, split), key=lambda found: shard_of[found[0]]):
            with tarfile.open(folder / f"{split}-{number:06}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
                for sample, about in samples:
                    picture = content.pictures.get(sample)
                    if picture is not None and (data := picture.read()) is not None:
                        _add(tar, f"{sample}{PurePosixPath(picture.name).suffix}", data)
                    _add(tar, f"{sample}.json", orjson.dumps(about))


def _samples(content: Content, split: str) -> Iterator[tuple[str, Record]]:
    """Samples with their records, which say once what they share. Records of both kinds are in the order of samples."""
    shared = [name for name in columns("items").names if name in columns("captions").names and name not in _OWN]
    by_kind = (zip(repeat(kind), records(kind, content, split)) for kind in KINDS)
    for sample, found in groupby(merge(*by_kind, key=_sample), key=_sample):
        about: Record = {}
        parts: dict[str, list[Record]] = {kind: [] for kind in KINDS}
        for kind, record in found:
            about = {name: record[name] for name in shared}
            parts[kind].append({name: value for name, value in unpacked(record).items() if name not in shared})
        yield sample, {**about, **parts}


def _sample(found: tuple[Kind, Record]) -> str:
    return str(found[1]["sample_id"])


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)  # owner 0, mode 644, time 0
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


FORM = ExportForm(_write)
