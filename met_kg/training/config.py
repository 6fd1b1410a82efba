"""What ``met train`` can be told, and the reader of its YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from met_kg.errors import MissingData, RecipeProblem, setting_problem

__all__ = ["TrainConfig", "load_config"]


class TrainConfig(BaseModel):
    """One training. Lengths are in tokens, sides in pixels; a step is one update of the weights."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    base: str = Field(description="base: a folder or a hub id")
    data: str = Field(description="a run's folder, or a LLaVA JSONL file (images relative to it)")
    out: str = Field(description="folder for the adapter, its card, log and loss plot")
    method: Literal["lora", "rslora", "dora", "full"] = "lora"

    rank: int = Field(default=16, ge=1)
    alpha: int | None = Field(default=None, ge=1, description="default: twice the rank")
    dropout: float = Field(default=0.05, ge=0, lt=1)
    targets: list[Literal["language", "projector", "vision"]] = Field(default=["language"], min_length=1)
    target_regex: str | None = Field(default=None, description="module names to adapt, instead of `targets`")

    lr: float = Field(default=2e-4, gt=0)
    scheduler: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: float = Field(default=0.03, ge=0, lt=1, description="share of the steps")
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    epochs: float = Field(default=1.0, gt=0)
    max_steps: int | None = Field(default=None, ge=1, description="instead of `epochs`")
    batch_size: int = Field(default=8, ge=1, description="examples a device and forward pass")
    gradient_accumulation: int = Field(default=1, ge=1)
    gradient_checkpointing: bool = False
    precision: Literal["auto", "bf16", "fp32"] = Field(default="auto", description="auto: bf16 where the GPU has it")

    image_side: int = Field(default=672, ge=28, description="larger images are shrunk to this longest side")
    max_length: int = Field(default=2048, ge=16, description="longer examples are left out, never cut")
    split: str = "train"
    eval_split: str | None = Field(
        default=None, description="split whose loss is measured before the first step and at every `save_steps`"
    )
    max_eval_examples: int | None = Field(default=None, ge=1, description="most examples of `eval_split`")
    caption_share: float | None = Field(default=None, ge=0, le=1, description="of captions; default: all there is")
    max_examples: int | None = Field(default=None, ge=1)
    save_steps: int = Field(default=100, ge=1, description="steps between checkpoints")
    seed: int = Field(default=13, ge=0)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.method == "full" and self.target_regex:
            raise ValueError("target_regex says what an adapter changes; method 'full' changes everything")
        return self

    @property
    def lora_alpha(self) -> int:
        """The scaling numerator of the adapter."""
        return self.alpha if self.alpha is not None else 2 * self.rank

    @property
    def plain(self) -> bool:
        """Whether the adapter has neither dropout nor DoRA."""
        return not self.dropout and self.method != "dora"

    @classmethod
    def of(cls, values: Mapping[str, Any], name: str) -> Self:
        """A configuration from plain values; ``name`` is the file or section that problems are reported for.

        Raises
        ------
        RecipeProblem
            listing everything that is wrong.
        """
        try:
            return cls.model_validate(dict(values))
        except ValidationError as problem:
            raise RecipeProblem(name, [_said(found, cls) for found in problem.errors()]) from problem


def load_config(path: Path, **overrides: Any) -> TrainConfig:
    """Read a YAML file; relative ``base``, ``data`` and ``out`` are meant from the file's folder.

    Raises
    ------
    MissingData
        when there is no such file.
    RecipeProblem
        listing everything that is wrong with it.
    """
    if not path.is_file():
        raise MissingData("the training configuration is not there", where=str(path))
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise RecipeProblem(str(path), [f"{path}: not YAML: {' '.join(str(problem).split())}"]) from problem
    if not isinstance(values, dict):
        raise RecipeProblem(str(path), [f"{path}: a training configuration is a mapping of settings"])
    values |= {key: value for key, value in overrides.items() if value is not None}
    config = TrainConfig.of(values, str(path))
    here = path.resolve().parent
    moved = {"data": _beside(config.data, here)}
    if "out" not in overrides or overrides["out"] is None:
        moved["out"] = _beside(config.out, here)
    if (here / config.base).is_dir():
        moved["base"] = str(here / config.base)
    return config.model_copy(update=moved)


def _beside(text: str, folder: Path) -> str:
    return text if text.startswith("$") or "://" in text else str(folder / Path(text).expanduser())


def _said(found: Any, model: type[BaseModel]) -> str:
    return setting_problem(found, ".".join(map(str, found["loc"])) or "settings", model.model_fields)
