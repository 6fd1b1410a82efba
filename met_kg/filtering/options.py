"""What a recipe says of the filtering step."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["AlignOptions", "BenchmarkFiles", "FilterOptions"]


class BenchmarkFiles(BaseModel):
    """Images and texts of a benchmark, which must not be trained on.

    ``images`` is a folder; ``table`` (CSV, TSV, JSON, JSONL, Parquet) with ``column`` narrows it to the images of
    the test questions. ``text`` names the columns of the table that hold questions, answers, captions.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    images: str = ""
    table: str = ""
    column: str = "image_name"
    text: list[str] = []

    @model_validator(mode="after")
    def _check(self) -> BenchmarkFiles:
        if self.text and not self.table:
            raise ValueError("'text' names columns of a table: say which 'table'")
        if not self.images and not self.text:
            raise ValueError("a benchmark has 'images', or a 'table' with 'text' columns")
        return self


class AlignOptions(BaseModel):
    """Stage 2: how well the caption fits the image."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = True
    aligner: Literal["built-in", "clip"] = "built-in"
    model: str = Field(default="", description="for aligner clip: folder or hub id of a CLIP or SigLIP model")
    folds: int = Field(default=5, ge=2, description="cross-fitting folds of the built-in aligner")
    minimum: int = Field(
        default=60, ge=10, description="pairs of a corpus below which the built-in one does not judge it"
    )
    batch_size: int = Field(default=16, ge=1)


class FilterOptions(BaseModel):
    """Section ``filter`` of a recipe. Severities and thresholds stand in the profile table, not here."""

    model_config = ConfigDict(extra="forbid")

    profile: str = Field(default="default", description="a profile that ships, or the path of a .tsv file")
    benchmarks: list[BenchmarkFiles] = []
    align: AlignOptions = AlignOptions()
