"""The section ``mix`` of a training's configuration: what is learnt from, in which proportions, and in what order."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_serializer, model_validator

__all__ = ["Asked", "Curriculum", "MixSettings", "Slice", "Stage"]

Level = Literal["short", "descriptive", "knowledge"]


class Asked(BaseModel):
    """A query by its name, or the path of a ``.rq`` file, and its parameters; a text alone is the name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str = Field(min_length=1)
    parameters: dict[str, str | int | float] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return {"query": value} if isinstance(value, str) else value

    @property
    def name(self) -> str:
        """What records call it: that of a file without its folder, which is the machine's own."""
        return Path(self.query).name if self.query.endswith(".rq") else self.query

    @field_serializer("query")
    def _no_folder(self, _: str) -> str:
        return self.name

    def beside(self, folder: Path) -> Self:
        """The same; the path of a ``.rq`` file is meant from ``folder``."""
        return self.model_copy(update={"query": str(folder / self.query)}) if self.query.endswith(".rq") else self


class Slice(Asked):
    """A query that selects, and at most so many items of a sample, as ``met slice --per-sample`` draws them."""

    per_sample: int | None = Field(default=None, ge=1)


class Stage(BaseModel):
    """A part of the training that takes no example beyond a value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(gt=0, lt=1, description="of the steps")
    most: float = Field(allow_inf_nan=False, description="largest value that the stage takes")


class Curriculum(BaseModel):
    """In what order examples come: those of small value first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Asked = Field(default=Asked(query="train/depth"), validate_default=True)
    pacing: Literal["sqrt", "linear"] = "sqrt"
    start: float = Field(default=0.1, gt=0, le=1, description="share of the examples that the first step may take")
    until: float = Field(default=1.0, gt=0, le=1, description="share of the steps after which it may take all")
    stages: list[Stage] = Field(default_factory=list, description="instead of a pacing; after the last one all come")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if sum(stage.share for stage in self.stages) > 1:
            raise ValueError("the shares of the stages are more than 1 together")
        return self


class MixSettings(BaseModel):
    """See the module; every query is asked once, and ``docs/curriculum.md`` states the arithmetic."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slice: Slice | None = Field(default=None, description="selects items; default: all")
    captions: Asked | None = Field(default=None, description="selects samples; default: those of the items selected")
    weights: list[Asked] = Field(default_factory=list, description="factors of how often an example comes")
    caption_levels: dict[Level, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        default_factory=dict, description="factors for captions of a level"
    )
    per_node: int | None = Field(default=None, ge=1, description="most items of a key")
    branches: Asked = Asked(query="train/branches")
    temperature: float = Field(default=1.0, gt=0, description="1: branches as large as they are; .inf: all alike")
    hard: Asked = Asked(query="train/near-distractors")
    hard_share: float | None = Field(default=None, ge=0, le=1, description="of the questions; default: all there is")
    repeats: float | None = Field(
        default=None,
        ge=1,
        allow_inf_nan=False,
        description="most times that a pass takes an example of weight 1; default: 1, and with a temperature 4",
    )
    curriculum: Curriculum | None = None

    @field_serializer("temperature")
    def _finite(self, temperature: float) -> float | str:
        return temperature if math.isfinite(temperature) else "inf"

    @property
    def most_repeats(self) -> float:
        """Times that a pass takes an example of weight 1 at most.

        Without repeats a temperature could not make a small branch larger. Up to four times the same text is worth
        nearly as much as new text (Muennighoff et al. 2023, arXiv 2305.16264).
        """
        if self.repeats is not None:
            return self.repeats
        return 1.0 if self.temperature == 1 else 4.0

    @property
    def queries(self) -> list[Asked]:
        """Those that the settings ask, without the ones that have nothing to decide."""
        asked = [self.slice, self.captions, *self.weights]
        asked += [self.branches] if self.temperature != 1 else []
        asked += [self.hard] if self.hard_share is not None else []
        asked += [self.curriculum.by] if self.curriculum else []
        return [one for one in asked if one is not None]

    @property
    def selection(self) -> Self:
        """What is selected, without how often it comes: what held-out examples follow."""
        return type(self)(slice=self.slice, captions=self.captions)

    def beside(self, folder: Path) -> Self:
        """The same; paths of ``.rq`` files are meant from ``folder``."""
        found: dict[str, Any] = {"weights": [asked.beside(folder) for asked in self.weights]}
        for name in ("slice", "captions", "branches", "hard"):
            asked = getattr(self, name)
            found[name] = asked.beside(folder) if asked is not None else None
        if self.curriculum is not None:
            found["curriculum"] = self.curriculum.model_copy(update={"by": self.curriculum.by.beside(folder)})
        return self.model_copy(update=found)
