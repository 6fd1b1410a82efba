"""What ``met ablate`` can be told, and the reader of its YAML file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from met_kg.errors import RecipeProblem, UnknownName, UsageProblem, setting_problem
from met_kg.models.standin import FamilyName
from met_kg.settings_file import beside, read_settings
from met_kg.training.mix_settings import MixSettings

__all__ = ["Ablation", "Arm", "Comparison", "load_ablation"]

#: Names of arms are names of folders.
_NAME: Final = r"^[a-z0-9][a-z0-9-]*$"


class Arm(BaseModel):
    """One kind of data."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1)
    data: Literal["run", "random", "filtered"] = Field(
        description="the run; with random wrong answers; without the pairs that stage 2 doubts"
    )
    caption_share: float | None = Field(default=None, ge=0, le=1)
    mix: MixSettings = Field(default_factory=MixSettings)


class Comparison(BaseModel):
    """The accuracy of arm ``second`` less that of arm ``first``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    second: str
    first: str
    asks: str = Field(min_length=1, description="what the difference is of")


class Ablation(BaseModel):
    """Arms, seeds and the budget that they share. Sides are in pixels; a step is one update of the weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: str | None = Field(default=None, description="folder of a finished run; --run overrides it")
    seed: int = Field(default=13, ge=0, description="the first of the seeds, and that of the random options")
    seeds: int = Field(default=5, ge=1, description="trainings of each arm")
    family: FamilyName = "qwen2.5-vl"
    hidden: int = Field(default=128, ge=32, multiple_of=32, description="width of the stand-in")
    steps: int = Field(default=300, ge=1)
    batch_size: int = Field(default=16, ge=1)
    image_side: int = Field(default=112, ge=28)
    lr: float = Field(default=2e-3, gt=0)
    save_steps: int = Field(default=100, ge=1)
    max_new_tokens: int = Field(default=16, ge=1)
    eval_batch_size: int = Field(default=32, ge=1)
    processes: int = Field(default=1, ge=1, le=64, description="trainings at a time")
    benchmarks: dict[str, str] = Field(default_factory=dict, description="tests beside the held-out items: folder")
    arms: dict[str, Arm] = Field(min_length=1)
    comparisons: list[Comparison] = Field(default_factory=list)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name in self.arms:
            if not re.fullmatch(_NAME, name):
                raise ValueError(f"arm '{name}': lower-case letters, digits and dashes make a name")
        for one in self.comparisons:
            for name in (one.first, one.second):
                if name not in self.arms:
                    raise ValueError(f"a comparison names '{name}', which is no arm")
            if one.first == one.second:
                raise ValueError(f"a comparison sets '{one.first}' beside itself")
        return self

    @property
    def all_seeds(self) -> list[int]:
        """The seeds of weights and of the order of examples, the same for all arms."""
        return list(range(self.seed, self.seed + self.seeds))

    def only(self, names: list[str]) -> Self:
        """The same with these arms alone, and the comparisons between them.

        Raises
        ------
        UnknownName
            when there is no such arm.
        UsageProblem
            when none is named.
        """
        for name in names:
            if name not in self.arms:
                raise UnknownName("arm", name, self.arms)
        if not names:
            raise UsageProblem("no arm is named", where="--arms", hint=f"some of {', '.join(self.arms)}")
        kept = [one for one in self.comparisons if one.first in names and one.second in names]
        arms = {name: arm for name, arm in self.arms.items() if name in names}
        return self.model_copy(update={"arms": arms, "comparisons": kept})


def load_ablation(path: Path, **overrides: Any) -> Ablation:
    """Read a YAML file; relative paths in it are meant from its folder, those of ``overrides`` from where one is.

    Raises
    ------
    MissingData
        when there is no such file.
    RecipeProblem
        listing everything that is wrong with it, a sentence each.
    """
    values = read_settings(path, "ablation")
    here = path.resolve().parent
    if isinstance(values.get("run"), str):
        values["run"] = beside(values["run"], here)
    values |= {key: value for key, value in overrides.items() if value is not None}
    try:
        found = Ablation.model_validate(values)
    except ValidationError as problem:
        raise RecipeProblem(str(path), [_said(error) for error in problem.errors()]) from problem
    arms = {name: arm.model_copy(update={"mix": arm.mix.beside(here)}) for name, arm in found.arms.items()}
    tests = {_beside_file(name, here): beside(source, here) for name, source in found.benchmarks.items()}
    return found.model_copy(update={"arms": arms, "benchmarks": tests})


def _beside_file(name: str, folder: Path) -> str:
    return beside(name, folder) if name.endswith((".yaml", ".yml")) else name


def _said(found: Mapping[str, Any]) -> str:
    place = tuple(found["loc"])
    known: Any = Ablation.model_fields
    if place[:1] == ("arms",):
        known = MixSettings.model_fields if "mix" in place else Arm.model_fields
    elif place[:1] == ("comparisons",):
        known = Comparison.model_fields
    if found["type"] == "value_error" and not place:
        return str(found["msg"]).removeprefix("Value error, ")
    return setting_problem(found, ".".join(map(str, place)), known)
