"""What is trained and in which numbers: the adapter's configuration for peft, 4-bit bases, formats by hardware."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from met_kg.errors import UsageProblem
from met_kg.training.config import TrainConfig
from met_kg.training.targets import adapter_targets

__all__ = ["Numbers", "adapted", "check_quantization", "lora_config", "numbers", "quantization"]


@dataclass(frozen=True, slots=True)
class Numbers:
    """``weights``: torch's name of the format that weights are loaded in; ``autocast``: computed in bfloat16."""

    weights: str
    autocast: bool


def numbers(config: TrainConfig) -> Numbers:
    """The formats of a training: bfloat16 where the GPU has it or ``precision`` says so, else float32.

    A full training keeps its weights in float32 and only computes in bfloat16: updates are smaller than bfloat16 can
    add to a weight. The base of an adapter does not change, so its weights are bfloat16, too; adapters are float32.
    """
    import torch

    has = torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    half = config.precision == "bf16" or (config.precision == "auto" and has)
    return Numbers("bfloat16" if half and config.method != "full" else "float32", half)


def check_quantization() -> None:
    """See that this machine can train on a 4-bit base.

    Raises
    ------
    UsageProblem
        without a CUDA GPU, or without bitsandbytes.
    """
    import torch

    if not torch.cuda.is_available():
        raise UsageProblem("method 'qlora' needs a CUDA GPU, and none is visible", hint="use method lora")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise UsageProblem(
            "method 'qlora' needs the package bitsandbytes, which is not installed",
            hint="pip install 'met-kg[qlora]'",
        )


def quantization(config: TrainConfig) -> Any:
    """The ``BitsAndBytesConfig`` of method ``qlora``, None for the others."""
    if config.method != "qlora":
        return None
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=config.quantization,
        bnb_4bit_use_double_quant=config.double_quantization,
        bnb_4bit_compute_dtype=getattr(torch, numbers(config).weights),
    )


def lora_config(config: TrainConfig, model: Any) -> Any:
    """The ``LoraConfig`` of a method, None for ``full``.

    Raises
    ------
    UsageProblem
        when a pattern matches no module.
    """
    if config.method == "full":
        return None
    from peft import LoraConfig

    adapted(config, model)
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=config.rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.dropout,
        rank_pattern=dict(config.rank_pattern),
        alpha_pattern=dict(config.alpha_pattern),
        use_rslora=config.method == "rslora",
        use_dora=config.method == "dora",
        **adapter_targets(model, config.targets, config.target_regex, plain=config.plain),
    )


def adapted(config: TrainConfig, model: Any) -> dict[str, int]:
    """The modules that an adapter changes, and the rank of each.

    Raises
    ------
    UsageProblem
        when ``target_regex`` matches no linear layer, or a pattern of rank or alpha none of those.
    """
    targets = adapter_targets(model, config.targets, config.target_regex, plain=config.plain)
    pattern = targets["target_modules"] or ""
    names = [n for n, m in model.named_modules() if re.fullmatch(pattern, n) and hasattr(m, "in_features")]
    names += targets.get("target_parameters", ())
    if not names:
        raise UsageProblem(f"target_regex '{pattern}' matches no linear layer of the model")
    for setting, patterns in (("rank_pattern", config.rank_pattern), ("alpha_pattern", config.alpha_pattern)):
        for regex in patterns:
            if not any(_ends_in(regex, name) for name in names):
                raise UsageProblem(
                    f"{setting}: '{regex}' matches no module that is adapted",
                    hint=f"they are called as {names[0]}",
                )
    return {name: _first(config.rank_pattern.items(), name, config.rank) for name in names}


def _first(patterns: Iterable[tuple[str, int]], name: str, otherwise: int) -> int:
    return next((value for regex, value in patterns if _ends_in(regex, name)), otherwise)


def _ends_in(regex: str, name: str) -> bool:
    """As peft reads the keys of its patterns."""
    return re.match(rf"(.*\.)?({regex})$", name) is not None
