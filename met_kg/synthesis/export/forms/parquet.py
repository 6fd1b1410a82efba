"""Form ``parquet``: ``parquet/<kind>/<split>-00000-of-00001.parquet``, as Hugging Face ``datasets`` and its hub read.

One row a record, with its image inside under the feature ``Image``. Rows of a sample stand together, and a dictionary
for each row group holds each image once, however many rows have it. Free structure is a JSON text.
"""

from __future__ import annotations

import json
from itertools import groupby, islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from met_kg.synthesis.export.content import Content, in_split
from met_kg.synthesis.export.forms import ExportForm
from met_kg.synthesis.export.options import ExportOptions
from met_kg.synthesis.export.records import KINDS, Kind, Record, columns, records
from met_kg.synthesis.export.shards import plan

__all__ = ["FORM"]

#: How `datasets` stores an image: its bytes, and the name it had.
_IMAGE: Final = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
#: Rows of a row group: few enough for a viewer that reads one at a time.
_GROUP: Final = 256
#: Bytes of images that a row group's dictionary may hold before pyarrow would write each row's image out.
_DICTIONARY: Final = 1 << 30


def _write(content: Content, out: Path, options: ExportOptions) -> None:
    for split in content.splits:
        shard_of = plan(content, split, options)
        for kind in KINDS:
            _write_shards(kind, content, split, shard_of, out / "parquet" / kind, options)


def _write_shards(
    kind: Kind, content: Content, split: str, shard_of: dict[str, int], folder: Path, options: ExportOptions
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    schema = _schema(kind, options)
    table = content.captions if kind == "captions" else content.vqa
    total = len({shard_of[sample] for sample in in_split(table, split)["sample_id"]})
    by_shard = groupby(records(kind, content, split), key=lambda record: shard_of[record["sample_id"]])
    for number, (_, rows) in enumerate(by_shard):
        path = folder / f"{split}-{number:05}-of-{total:05}.parquet"
        # Statistics would hold the least and greatest image once more.
        with pq.ParquetWriter(
            path, schema, compression="zstd", dictionary_pagesize_limit=_DICTIONARY, write_statistics=False
        ) as file:
            while group := list(islice(rows, _GROUP)):
                file.write_table(pa.Table.from_pylist(_with_images(group, content), schema=schema))


def _with_images(group: list[Record], content: Content) -> list[Record]:
    """Rows with their images inside, each read once."""
    pictures = {r["sample_id"]: content.pictures[r["sample_id"]] for r in group if r["sample_id"] in content.pictures}
    images = {sample: {"bytes": picture.read(), "path": picture.name} for sample, picture in pictures.items()}
    return [{**record, "image": images.get(record["sample_id"])} for record in group]


def _schema(kind: Kind, options: ExportOptions) -> pa.Schema:
    """Columns of the records; ``image`` is the image itself, and not there at all where it is only referenced."""
    fields = {field.name: field for field in columns(kind)}
    if options.images == "reference":
        del fields["image"]
        return pa.schema(fields.values())
    fields["image"] = pa.field("image", _IMAGE)
    # Types of the other columns are read from the file; only the image says more than its type does.
    features = {"info": {"features": {"image": {"_type": "Image"}}}}
    return pa.schema(fields.values(), metadata={"huggingface": json.dumps(features)})


FORM = ExportForm(_write)
