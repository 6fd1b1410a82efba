"""Reader ``table``: a folder or zip of images and a CSV, TSV, JSON, JSONL or Parquet file, mapped by the recipe."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pydantic import Field

from met_kg.corpus.mapping import Keys, MappedOptions, check_columns, mapped
from met_kg.corpus.named_images import NamedImages, find_image, named_images
from met_kg.corpus.panel_names import named_panel
from met_kg.corpus.readers import Place, Row
from met_kg.corpus.records import records
from met_kg.corpus.samples import SPLITS, sample_row
from met_kg.corpus.spec import CorpusSpec
from met_kg.errors import DataProblem
from met_kg.paths import expand_path
from met_kg.records import Quarantined

__all__ = ["Options", "read"]


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
    with named_images(folder, spec.name, place) as (images, refused):
        yield from refused
        for record in islice(records(table, spec.name), options.limit):
            if isinstance(record, Quarantined):
                yield record
                continue
            where, values = record
            seen |= values.keys()
            yield _sample(spec, values, where, images, options.remove, keys)
    check_columns(spec, seen, table.name)


def _sample(
    spec: CorpusSpec, record: dict[str, str], where: str, images: NamedImages, remove: list[str], keys: Keys
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
        found_image = find_image(images, name)
        if isinstance(found_image, str):
            return Quarantined(spec.name, where, found_image, values.get("caption", "")[:200])
        image, print_ = found_image
    elif not values.get("caption"):
        return Quarantined(spec.name, where, "the row has no text", "")
    key = keys.unique(values.get("id") or values.get("image") or where)
    meta = {**named_panel(values.get("image", ""), values.get("caption", "")), **found.meta}
    return sample_row(spec, key, image=image, print_=print_, values=values, meta=meta)
