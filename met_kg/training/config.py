"""What ``met train`` can be told, and the reader of its YAML file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from met_kg.errors import RecipeProblem, setting_problem
from met_kg.settings_file import beside, read_settings
from met_kg.training.mix_settings import MixSettings

__all__ = ["NO_MATTER", "TrainConfig", "load_config"]


#: Settings that a full training has no use for.
_OF_ADAPTERS: Final = frozenset({"target_regex", "rank_pattern", "alpha_pattern", "merge"})
#: Settings that do not change what comes out: a training goes on from its checkpoints when one of them changes.
NO_MATTER: Final = frozenset({"keep_checkpoints", "workers", "report_to", "merge"})


class TrainConfig(BaseModel):
    """One training. Lengths are in tokens, sides in pixels; a step is one update of the weights."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    base: str = Field(description="base: a folder or a hub id")
    data: str = Field(description="a run's folder, or a LLaVA JSONL file (images relative to it)")
    out: str = Field(description="folder for the adapter, its card, log and loss plot")
    method: Literal["lora", "rslora", "dora", "qlora", "full"] = "lora"

    rank: int = Field(default=16, ge=1)
    alpha: int | None = Field(default=None, ge=1, description="default: twice the rank")
    rank_pattern: dict[str, int] = Field(default={}, description="rank of modules whose name ends in a match")
    alpha_pattern: dict[str, int] = Field(default={}, description="alpha of modules whose name ends in a match")
    dropout: float = Field(default=0.05, ge=0, lt=1)
    targets: list[Literal["language", "projector", "vision"]] = Field(default=["language"], min_length=1)
    target_regex: str | None = Field(default=None, description="module names to adapt, instead of `targets`")
    quantization: Literal["nf4", "fp4"] = Field(default="nf4", description="the base's 4 bits, for method qlora")
    double_quantization: bool = Field(default=True, description="the scales in 8 bits, for method qlora")

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
    max_examples: int | None = Field(default=None, ge=1, description="most examples of a pass")
    mix: MixSettings = Field(default_factory=MixSettings, description="slice, weights and order; docs/curriculum.md")
    save_steps: int = Field(default=100, ge=1, description="steps between checkpoints")
    keep_checkpoints: int = Field(default=2, ge=1, description="latest checkpoints kept while training")
    early_stopping_patience: int | None = Field(
        default=None, ge=1, description="stop after so many measurements without a lower held-out loss; keep the best"
    )
    early_stopping_threshold: float = Field(default=0.0, ge=0, description="a smaller gain counts as none")
    merge: bool = Field(default=False, description="write the base with the adapter folded in, too: <out>/merged")
    seed: int = Field(default=13, ge=0)

    order: Literal["grouped", "random", "as-given"] = Field(
        default="grouped", description="grouped: random, with examples of like length in a batch together"
    )
    workers: int = Field(default=0, ge=0, description="processes that make batches ahead")
    report_to: list[Literal["tensorboard", "wandb", "mlflow"]] = Field(default=[], description="besides the log here")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = {name for name, field in type(self).model_fields.items() if getattr(self, name) != field.default}
        if self.method == "full" and (extra := sorted(given & _OF_ADAPTERS)):
            raise ValueError(f"{', '.join(extra)}: for adapters only; method 'full' changes everything")
        if self.method != "qlora" and (extra := sorted(given & {"quantization", "double_quantization"})):
            raise ValueError(f"{', '.join(extra)}: for method 'qlora' only")
        if self.mix.curriculum is not None and self.order == "as-given":
            raise ValueError("order 'as-given' and mix.curriculum are two orders: leave one out")
        if self.early_stopping_patience is not None and self.eval_split is None:
            raise ValueError("early_stopping_patience needs eval_split: the loss there decides")
        for name, pattern in (("rank_pattern", self.rank_pattern), ("alpha_pattern", self.alpha_pattern)):
            for regex, value in pattern.items():
                _check_pattern(name, regex, value)
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
    values = read_settings(path, "training configuration")
    values |= {key: value for key, value in overrides.items() if value is not None}
    config = TrainConfig.of(values, str(path))
    here = path.resolve().parent
    moved: dict[str, Any] = {"data": beside(config.data, here), "mix": config.mix.beside(here)}
    if "out" not in overrides or overrides["out"] is None:
        moved["out"] = beside(config.out, here)
    if (here / config.base).is_dir():
        moved["base"] = str(here / config.base)
    return config.model_copy(update=moved)


def _check_pattern(name: str, regex: str, value: int) -> None:
    try:
        re.compile(regex)
    except re.error as problem:
        raise ValueError(f"{name}: '{regex}' is no regular expression: {problem}") from problem
    if value < 1:
        raise ValueError(f"{name}: '{regex}' is given {value}, at least 1 is needed")


def _said(found: Any, model: type[BaseModel]) -> str:
    known = MixSettings.model_fields if found["loc"][:1] == ("mix",) else model.model_fields
    return setting_problem(found, ".".join(map(str, found["loc"])) or "settings", known)
