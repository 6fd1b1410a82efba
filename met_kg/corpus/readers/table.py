"""Reader ``table``: a folder or zip of images and a CSV, TSV, JSON, JSONL or Parquet file, mapped by the recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from pydantic import Field

from met_kg.corpus.archives import Zip
from met_kg.corpus.images import Fingerprint
from met_kg.corpus.mapping import Keys, MappedOptions, check_columns, mapped
from met_kg.corpus.readers import Place, Row
from met_kg.corpus.records import records
from met_kg.corpus.samples import SPLITS, rendered_path, sample_row
from met_kg.corpus.spec import CorpusSpec
from met_kg.corpus.store import fingerprints, keep_bytes
from met_kg.errors import DataProblem
from met_kg.paths import expand_path
from met_kg.records import Quarantined

__all__ = ["Options", "read"]

#: Name of an image -> how tables write its path, and its fingerprint; raises DataProblem, or OSError.
_Images = Callable[[str], tuple[str, Fingerprint]]


class Options(MappedOptions):
    """What the recipe may set."""

    images: str = Field(default="", description="folder or .zip of the images; '' is the table's folder")


def read(spec: CorpusSpec, options: Options, place: Place) -> Iterator[Row | Quarantined]:
    """Sample rows, one per record; a record whose image is missing is set aside.

    Raises
    ------
    MissingData
        when the table is not there.
    DataProblem
        when the mapping names neither an image nor a caption, or the zip archive cannot be opened.
    UnknownName
        when the mapping names a column that the table does not have.
    """
    if not {"image", "caption"} & set(spec.columns):
        raise DataProblem(f"corpus '{spec.name}' maps neither image nor caption", hint="add them under columns")
    table = expand_path(spec.path, base=place.base)
    folder = options.images or str(Path(spec.path).parent)
    keys, seen = Keys(), set[str]()
    with ExitStack() as stack:
        if folder.lower().endswith(".zip"):
            archive = stack.enter_context(Zip(expand_path(folder, base=place.base)))
            images = _in_zip(archive, place)
            for refused in archive.refused:
                yield Quarantined(spec.name, f"{Path(folder).name}:{refused.name}", f"not read: {refused.reason}")
        else:
            images = _in_folder(folder, place)
        for number, record in enumerate(records(table, spec.name)):
            if options.limit is not None and number >= options.limit:
                break
            if isinstance(record, Quarantined):
                yield record
                continue
            where, values = record
            seen |= values.keys()
            yield _sample(spec, values, where, images, options.remove, keys)
    check_columns(spec, seen, table.name)


def _sample(
    spec: CorpusSpec, record: dict[str, str], where: str, images: _Images, remove: list[str], keys: Keys
) -> Row | Quarantined:
    found = mapped(spec.columns, spec.constants, record, remove)
    values = found.values
    if values.get("split") and values["split"] not in SPLITS:
        return Quarantined(spec.name, where, f"split '{values['split']}' is none of {', '.join(SPLITS)}")
    image, print_ = "", None
    if "image" in spec.columns:
        name = values.get("image", "")
        if not name:
            return Quarantined(spec.name, where, "the row names no image", values.get("caption", "")[:200])
        try:
            image, print_ = images(name)
        except DataProblem as problem:
            return Quarantined(spec.name, where, problem.message, values.get("caption", "")[:200])
        except OSError as problem:
            return Quarantined(spec.name, where, f"image '{name}' cannot be read: {problem.strerror}", name)
    elif not values.get("caption"):
        return Quarantined(spec.name, where, "the row has no text", "")
    key = keys.unique(values.get("id") or values.get("image") or where)
    return sample_row(spec, key, image=image, print_=print_, values=values, meta=found.meta)


def _in_folder(folder: str, place: Place) -> _Images:
    root = expand_path(folder, base=place.base).resolve()
    fingerprint = fingerprints()

    def find(name: str) -> tuple[str, Fingerprint]:
        image = f"{folder.rstrip('/')}/{name}"
        path = expand_path(image, base=place.base).resolve()
        if not path.is_relative_to(root):
            raise DataProblem(f"image '{name}' lies outside the image folder")
        if not path.is_file():
            raise DataProblem(f"image '{name}' is not there")
        return image if image.startswith("${") else path.as_posix(), fingerprint(path)

    return find


def _in_zip(archive: Zip, place: Place) -> _Images:
    fingerprint = fingerprints()

    def find(name: str) -> tuple[str, Fingerprint]:
        kept = keep_bytes(archive.read(name), place.images_dir)
        return rendered_path(kept, place.images_dir), fingerprint(kept)

    return find
