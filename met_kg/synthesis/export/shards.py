"""Which shard each sample of a split goes to, for the forms that are cut by size and count."""

from __future__ import annotations

from typing import Final

import pandas as pd
import pyarrow as pa

from met_kg import tables
from met_kg.synthesis.export.content import Content, in_split
from met_kg.synthesis.export.options import ExportOptions

__all__ = ["plan"]

#: Bytes around the texts of a sample (heads of archive members, its own fields) and of a record (names of fields).
_OF_SAMPLE: Final = 2048
_OF_RECORD: Final = 512


def plan(content: Content, split: str, options: ExportOptions) -> dict[str, int]:
    """Sample -> number of its shard, in order of samples.

    Sizes are those of the images and of the records' texts (a character as a byte), so a shard may pass its limit by a
    few parts in a hundred where texts are not ASCII. A sample larger than a shard has one of its own.
    """
    captions, items = _text(content.captions, "captions", split), _text(content.vqa, "vqa", split)
    shards: dict[str, int] = {}
    number = held = count = 0
    for sample in in_split(content.samples, split)["sample_id"]:
        picture = content.pictures.get(sample)
        image = picture.source.stat().st_size if picture is not None and picture.source is not None else 0
        size = _OF_SAMPLE + image + captions.get(sample, 0) + items.get(sample, 0)
        if count and (held + size > options.shard_megabytes * 1_000_000 or count >= options.shard_samples):
            number, held, count = number + 1, 0, 0
        held, count = held + size, count + 1
        shards[str(sample)] = number
    return shards


def _text(table: pd.DataFrame, name: str, split: str) -> dict[str, int]:
    """Bytes of the records of each sample."""
    here = in_split(table, split)
    texts = [field.name for field in tables.SCHEMAS[name] if pa.types.is_string(field.type)]
    characters = sum((here[column].str.len() for column in texts), pd.Series(_OF_RECORD, index=here.index))
    return {str(k): int(v) for k, v in characters.groupby(here["sample_id"]).sum().items()}
