"""What a recipe, or ``met export``, says of an export."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["About", "ExportOptions", "Form"]

Form = Literal["llava", "jsonl", "parquet", "imagefolder", "webdataset"]


class About(BaseModel):
    """What only the publisher knows; it goes into the card and the Croissant metadata."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(default="Medical image captions and questions with proofs", min_length=1)
    version: str = Field(
        default="1.0.0", pattern=r"^\d+\.\d+\.\d+$", description="of the data set, as MAJOR.MINOR.PATCH"
    )
    published: date | None = Field(default=None, description="day of publication; a run reads no clock")
    creator: str = Field(default="", description="person or organisation that publishes the data set")
    url: str = Field(default="", pattern=r"^(https?://\S+)?$", description="page of the data set")
    citation: str = Field(default="", description="how to cite it, best as BibTeX")


class ExportOptions(BaseModel):
    """Section ``export`` of a recipe."""

    model_config = ConfigDict(extra="forbid")

    forms: list[Form] = Field(default=["llava", "jsonl"], min_length=1, description="files to write")
    images: Literal["copy", "reference"] = Field(
        default="copy", description="copy images under their hash, or name the hash alone"
    )
    licence_allow: list[str] = Field(
        default=[], description="licences that may leave the run, of any version or of the one given; [] lets all out"
    )
    shard_megabytes: int = Field(default=256, ge=1, description="a shard is closed when it holds so many MB")
    shard_samples: int = Field(default=10_000, ge=1, description="or so many samples")
    about: About = About()
