"""Reader ``table``: a folder of images and a CSV, TSV, JSON, JSONL or Parquet file, mapped by the recipe."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field, field_validator

from met_kg.corpus.images import fingerprint
from met_kg.corpus.readers import Place, ReaderOptions, Row
from met_kg.corpus.records import records
from met_kg.corpus.samples import SPLITS, sample_row
from met_kg.corpus.spec import CorpusSpec
from met_kg.corpus.text import clean, fill, template_columns
from met_kg.errors import DataProblem, UnknownName
from met_kg.paths import expand_path
from met_kg.records import Quarantined

__all__ = ["Options", "read"]


class Options(ReaderOptions):
    """What the recipe may set."""

    images: str = Field(default="", description="folder of the images; '' is the table's folder")
    remove: list[str] = Field(default=[], description="regular expressions whose matches go from caption and context")

    @field_validator("remove")
    @classmethod
    def _compiles(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as problem:
                raise ValueError(f"'{pattern}' is not a regular expression: {problem}") from problem
        return patterns


def read(spec: CorpusSpec, options: Options, place: Place) -> Iterator[Row | Quarantined]:
    """Sample rows, one per record; a record whose image is missing is set aside.

    Raises
    ------
    MissingData
        when the table is not there.
    DataProblem
        when the mapping names neither an image nor a caption.
    UnknownName
        when the mapping names a column that the table does not have.
    """
    if not {"image", "caption"} & set(spec.columns):
        raise DataProblem(f"corpus '{spec.name}' maps neither image nor caption", hint="add them under columns")
    table = expand_path(spec.path, base=place.base)
    folder = options.images or str(Path(spec.path).parent)
    remove = [re.compile(p) for p in options.remove]
    wanted = {c for value in spec.columns.values() for t in _as_list(value) for c in template_columns(t)}
    seen: set[str] = set()
    repeats: Counter[str] = Counter()
    for number, record in enumerate(records(table, spec.name)):
        if options.limit is not None and number >= options.limit:
            break
        if isinstance(record, Quarantined):
            yield record
            continue
        where, values = record
        seen |= values.keys()
        row = _sample(spec, values, where, folder, place.base, remove, repeats)
        yield row
    if seen:
        for column in sorted(wanted - seen):
            raise UnknownName(f"column of {table.name}", column, seen)


def _sample(
    spec: CorpusSpec,
    record: dict[str, str],
    where: str,
    folder: str,
    base: Path,
    remove: list[re.Pattern[str]],
    repeats: Counter[str],
) -> Row | Quarantined:
    values: dict[str, str] = dict(spec.constants)
    mended = damaged = 0
    for target, source in spec.columns.items():
        if target == "meta":
            continue
        text = " ".join(filter(None, (fill(t, record).strip() for t in _as_list(source))))
        if target in ("caption", "context"):
            for pattern in remove:
                text = pattern.sub("", text)
        result = clean(text)
        mended, damaged = mended + result.mended, damaged + result.damaged
        values[target] = result.text
    meta: dict[str, object] = {c: v for c in _as_list(spec.columns.get("meta", [])) if (v := record.get(c, ""))}
    if mended:
        meta["mended_characters"] = mended
    if damaged:
        meta["damaged_characters"] = damaged

    if values.get("split") and values["split"] not in SPLITS:
        return Quarantined(spec.name, where, f"split '{values['split']}' is none of {', '.join(SPLITS)}")
    image, print_ = "", None
    if "image" in spec.columns:
        name = values.get("image", "")
        if not name:
            return Quarantined(spec.name, where, "the row names no image", values.get("caption", "")[:200])
        image = f"{folder.rstrip('/')}/{name}"
        path = expand_path(image, base=base)
        root = expand_path(folder, base=base).resolve()
        if not path.resolve().is_relative_to(root):
            return Quarantined(spec.name, where, f"image '{name}' lies outside the image folder", name)
        if not path.is_file():
            return Quarantined(spec.name, where, f"image '{name}' is not there", values.get("caption", "")[:200])
        try:
            print_ = fingerprint(path)
        except OSError as problem:
            return Quarantined(spec.name, where, f"image '{name}' cannot be read: {problem.strerror}", name)
        if not image.startswith("${"):
            image = path.resolve().as_posix()
    elif not values.get("caption"):
        return Quarantined(spec.name, where, "the row has no text", "")

    key = values.get("id") or values.get("image") or where
    repeats[key] += 1
    if repeats[key] > 1:
        key = f"{key}#{repeats[key]}"
    return sample_row(spec, key, image=image, print_=print_, values=values, meta=meta)


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
