"""What an export holds: the samples that may leave a run, with their images, captions and items; and what may not."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from met_kg import tables
from met_kg.corpus.samples import SPLITS
from met_kg.synthesis.export.licences import refusal
from met_kg.synthesis.export.options import ExportOptions
from met_kg.synthesis.export.pictures import FOLDER, Picture, find_pictures

__all__ = ["Content", "LeftOut", "choose", "in_split"]

#: Ids become names of files and of members of archives.
_SAFE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A sample that stays in the run. ``kind`` is what it is left out for: id, licence, split, image."""

    sample_id: str
    source: str
    licence: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Content:
    """Tables in order of split and sample; ``image`` of the samples is their image's place in the export, or ''.

    ``pictures`` maps samples with an image to it.
    """

    samples: pd.DataFrame
    captions: pd.DataFrame
    vqa: pd.DataFrame
    pictures: Mapping[str, Picture]
    left_out: list[LeftOut]

    @property
    def splits(self) -> list[str]:
        """The splits that have samples, in their usual order."""
        there = set(self.samples["split"])
        return [split for split in SPLITS if split in there]


def choose(run: Path, options: ExportOptions, items: Collection[str] | None = None) -> Content:
    """The part of a run that may leave it: of all its captions and items, or of those with an id in ``items``.

    Captions go with the samples of the items. Captions and items are in the split of their sample.

    Raises
    ------
    MissingData
        when a table of the run is not there.
    """
    samples = tables.read("samples", run / "samples.parquet")
    captions = tables.read("captions", run / "captions.parquet")
    vqa = tables.read("vqa", run / "vqa.parquet")
    if items is not None:
        vqa = vqa[vqa["item_id"].isin(set(items))]
        captions = captions[captions["sample_id"].isin(set(vqa["sample_id"]))]
    samples = samples[samples["sample_id"].isin(set(vqa["sample_id"]) | set(captions["sample_id"]))]

    left_out: list[LeftOut] = []
    for row in samples.to_dict("records"):
        kind, reason = _objection(str(row["sample_id"]), str(row["split"]), str(row["licence"]), options)
        if reason:
            left_out.append(LeftOut(str(row["sample_id"]), str(row["source"]), str(row["licence"]), kind, reason))
    allowed = samples[~samples["sample_id"].isin({o.sample_id for o in left_out})]
    about = {str(row["sample_id"]): row for row in allowed[["sample_id", "source", "licence"]].to_dict("records")}
    pictures: dict[str, Picture] = {}
    for sample, found in find_pictures(allowed, run, copied=options.images == "copy"):
        if isinstance(found, Picture):
            pictures[sample] = found
        elif found is not None:
            row = about.pop(sample)
            left_out.append(LeftOut(sample, str(row["source"]), str(row["licence"]), "image", found))

    kept = allowed[allowed["sample_id"].isin(about)]
    kept = kept.assign(image=[f"{FOLDER}/{pictures[s].name}" if s in pictures else "" for s in kept["sample_id"]])
    split = dict(zip(kept["sample_id"], kept["split"], strict=True))
    return Content(
        samples=_ordered(kept, split),
        captions=_ordered(captions, split),
        vqa=_ordered(vqa, split),
        pictures=pictures,
        left_out=sorted(left_out, key=lambda o: o.sample_id),
    )


def in_split(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """The rows of a split, which stand together in tables of :class:`Content`; nothing is copied."""
    places = np.flatnonzero(table["split"] == split)
    return table.iloc[places[0] : places[-1] + 1] if len(places) else table.iloc[:0]


def _objection(sample: str, split: str, licence: str, options: ExportOptions) -> tuple[str, str]:
    if not _SAFE.fullmatch(sample):
        return "id", "its id is no safe name for a file"
    if split not in SPLITS:
        return "split", f"its split '{split}' is none of {', '.join(SPLITS)}"
    return "licence", refusal(licence, options.licence_allow)


def _ordered(table: pd.DataFrame, split: Mapping[str, str]) -> pd.DataFrame:
    """Rows of the samples with a split, in its order, then by sample, then as they were."""
    table = table[table["sample_id"].isin(split)]
    table = table.assign(split=table["sample_id"].map(split))
    place = pd.Series([SPLITS.index(s) for s in table["split"]], index=table.index, dtype="int64")
    order = table.assign(place=place).sort_values(["place", "sample_id"], kind="stable").index
    return table.loc[order].reset_index(drop=True)
