"""What a recipe says of the filtering step."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from met_kg.models.aligners.options import AlignerOptions

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


class AlignOptions(AlignerOptions):
    """Stage 2: how well the text fits the image, by which aligner."""

    enabled: bool = True
    minimum: int = Field(default=60, ge=10, description="for built-in: pairs of a corpus below which it is not judged")
    rivals: int = Field(default=16, ge=1, description="siblings and cousins that a node is set against, at most")
    objections: list[str] = Field(
        default=["*-contradiction"],
        description="rules of stage 1 that object to what a pair shows; with * for any part of a name",
    )


class FilterOptions(BaseModel):
    """Section ``filter`` of a recipe. Severities and thresholds stand in the profile table, not here."""

    model_config = ConfigDict(extra="forbid")

    profile: str = Field(default="default", description="a profile that ships, or the path of a .tsv file")
    benchmarks: list[BenchmarkFiles] = []
    align: AlignOptions = AlignOptions()
