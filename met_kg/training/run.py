"""Training inside a run: the stand-in base, and the adapter on it (or on a base from outside)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Protocol

from met_kg.errors import RecipeProblem
from met_kg.log import Log
from met_kg.models.standin import make_standin
from met_kg.paths import expand_path
from met_kg.training.config import TrainConfig
from met_kg.training.examples import IMAGE, Example, read_examples
from met_kg.training.lora import TrainResult, train

__all__ = ["STAND_IN", "TrainSettings", "adapter_config", "prepare_base", "train_adapter"]

#: The base of a recipe that brings no model.
STAND_IN: Final = "stand-in"
#: What a tiny model on a laptop wants; a recipe's own settings come after.
_TINY: Final[dict[str, Any]] = {
    "batch_size": 8,
    "eval_split": "validation",
    "max_eval_examples": 256,
    "image_side": 112,
    "lr": 1e-3,
    "max_steps": 60,
    "rank": 8,
    "save_steps": 25,
}
#: Decided by the run, not by the recipe's settings.
_GIVEN: Final = ("base", "data", "out", "seed")


class TrainSettings(Protocol):
    """The part of a recipe that training reads."""

    @property
    def base(self) -> str:
        """``stand-in``, a folder or a hub id."""

    @property
    def family(self) -> str:
        """Of the stand-in."""

    @property
    def pretrain_steps(self) -> int:
        """Steps that the stand-in is trained in full."""

    @property
    def settings(self) -> dict[str, Any]:
        """As in a ``met train`` configuration."""


def prepare_base(run: Path, out: Path, section: TrainSettings, seed: int, *, work: Path, log: Log) -> dict[str, Any]:
    """Make the stand-in from the run's own words and train it in full for a while; returns counts.

    Without that an adapter would have nothing to stand on: it changes what a model knows, and a random one knows
    nothing.
    """
    examples, _ = read_examples(run)
    initial = make_standin(work / "random", family=section.family, texts=_texts(examples), seed=seed)
    settings = _TINY | {"lr": 2e-3, "max_steps": section.pretrain_steps, "method": "full", "save_steps": 100}
    where = {"base": str(initial), "data": str(run), "out": str(out), "seed": seed}
    config = TrainConfig.of(settings | where, "stand-in")
    result = train(config, log=log, work=work, base_name=f"random {section.family} stand-in")
    return {"parameters": result.parameters, **_counts(result)}


def adapter_config(run: Path, out: Path, section: TrainSettings, seed: int) -> TrainConfig:
    """The configuration of a run's adapter.

    Raises
    ------
    RecipeProblem
        listing what is wrong with the recipe's settings.
    """
    taken = [f"train.settings.{key}: the run decides it, leave it out" for key in _GIVEN if key in section.settings]
    if taken:
        raise RecipeProblem("train.settings", taken)
    stand_in = section.base == STAND_IN
    model = str(run / "base") if stand_in else section.base
    if not stand_in and expand_path(section.base).is_dir():
        model = str(expand_path(section.base))
    where = {"base": model, "data": str(run), "out": str(out), "seed": seed}
    return TrainConfig.of({**(_TINY if stand_in else {}), **section.settings, **where}, "train.settings")


def train_adapter(run: Path, out: Path, section: TrainSettings, seed: int, *, work: Path, log: Log) -> dict[str, Any]:
    """Train the run's adapter; returns counts."""
    config = adapter_config(run, out, section, seed)
    # The adapter ends up beside the base, wherever it is made.
    base_name = "../base" if section.base == STAND_IN else None
    result = train(config, log=log, work=work, base_name=base_name)
    return {**_counts(result), "trainable parameters": result.trainable}


def _texts(examples: Iterable[Example]) -> Iterable[str]:
    for e in examples:
        yield from (turn.removeprefix(f"{IMAGE}\n") for turn in e.turns)
        yield e.answer


def _counts(result: TrainResult) -> dict[str, Any]:
    return {
        "examples": result.examples,
        "left out": len(result.left_out),
        "steps": result.steps,
        "first loss": round(result.first_loss, 4),
        "last loss": round(result.last_loss, 4),
        **_held_out(result),
    }


def _held_out(result: TrainResult) -> dict[str, float]:
    if result.held_out_before is None or result.held_out_after is None:
        return {}
    return {
        "held-out loss, first": round(result.held_out_before, 4),
        "held-out loss, last": round(result.held_out_after, 4),
    }
