"""PEFT adapters: which base they belong to, and whether that is the one at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from met_kg.errors import DataProblem, MissingData, UsageProblem
from met_kg.models.checkpoint import HUB_ID, check_weights, fingerprint
from met_kg.models.quiet import quiet

__all__ = ["ADAPTER_CONFIG", "ADAPTER_WEIGHTS", "TRAINING_FILE", "base_of", "check_same_base", "put_on"]

#: What ``met train`` writes beside an adapter: base, data, settings.
TRAINING_FILE: Final = "training.json"
ADAPTER_CONFIG: Final = "adapter_config.json"
ADAPTER_WEIGHTS: Final = "adapter_model.safetensors"


def base_of(adapter: Path) -> str:
    """The base model that an adapter names: a hub id, or a folder (relative ones lie beside the adapter).

    Raises
    ------
    MissingData
        when the folder is no adapter.
    """
    named = str(_adapter_config(adapter).get("base_model_name_or_path") or "")
    beside = adapter / named
    if named and (beside.is_dir() or not HUB_ID.fullmatch(named) or named.startswith(".")):
        return str(beside.resolve())
    return named


def _adapter_config(adapter: Path) -> dict[str, Any]:
    path = adapter / ADAPTER_CONFIG
    if not path.is_file():
        raise MissingData(
            f"the adapter folder has no {ADAPTER_CONFIG}", where=str(adapter), hint="run 'met train' first"
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise DataProblem(f"the adapter's configuration is not JSON: {problem}", where=str(path)) from problem
    if not isinstance(found, dict):
        raise DataProblem("the adapter's configuration is not a mapping", where=str(path))
    return found


def check_same_base(adapter: Path, model: str) -> None:
    """Look whether the adapter's files are whole and name this base.

    Raises
    ------
    MissingData
        when a file is not there.
    DataProblem
        when a file is broken.
    UsageProblem
        when it was trained on another base.
    """
    named = str(_adapter_config(adapter).get("base_model_name_or_path") or "")
    if not (adapter / ADAPTER_WEIGHTS).is_file():
        raise MissingData(f"the adapter folder has no {ADAPTER_WEIGHTS}", where=str(adapter))
    check_weights(adapter / ADAPTER_WEIGHTS)
    record = adapter / TRAINING_FILE
    trained_on = json.loads(record.read_text(encoding="utf-8"))["base"]["fingerprint"] if record.is_file() else ""
    here = fingerprint(model)
    if trained_on and here and trained_on != here:
        raise _other_base(adapter, named, model, "their weights differ")
    local = Path(model).is_dir()
    if not local and HUB_ID.fullmatch(named) and named != model:
        raise _other_base(adapter, named, model, "their names differ")


def put_on(model: Any, adapter: Path, name: str) -> Any:
    """The model with the adapter on it, a ``peft.PeftModel``; ``name`` is the model's, for messages.

    Raises
    ------
    UsageProblem
        when the adapter's layers are not those of the model.
    """
    from peft import PeftModel
    from safetensors import safe_open

    config = _adapter_config(adapter)
    named = str(config.get("base_model_name_or_path") or "")
    with safe_open(adapter / ADAPTER_WEIGHTS, framework="pt") as weights:
        for key in sorted(weights.keys()):
            if not (match := re.fullmatch(r"base_model\.model\.(.+)\.lora_([AB])\.weight", key)):
                continue
            layer, side = match[1], match[2]
            size = _size(model, layer, config.get("target_parameters") or ())
            if size is None:
                raise _other_base(adapter, named, name, f"the model has no '{layer}'")
            shape = weights.get_slice(key).get_shape()
            wide, there = (shape[1], size[0]) if side == "A" else (shape[0], size[1])
            if wide != there:
                raise _other_base(
                    adapter, named, name, f"'{layer}' is {there} wide in the model, {wide} in the adapter"
                )
    with quiet():
        return PeftModel.from_pretrained(model, str(adapter))


def _size(model: Any, layer: str, matrices: Sequence[str]) -> tuple[int, int] | None:
    """Numbers that a layer takes in and gives out; None when the model has no such layer to adapt."""
    try:
        module = model.get_submodule(layer)
    except AttributeError:
        return None
    if hasattr(module, "in_features"):
        return module.in_features, module.out_features
    for name, matrix in module.named_parameters(recurse=False):
        if f"{layer}.{name}" in matrices:
            return matrix.shape[1], matrix.shape[0]
    return None


def _other_base(adapter: Path, named: str, model: str, why: str) -> UsageProblem:
    return UsageProblem(
        f"the adapter was trained on another base ('{named}') than '{model}': {why}",
        where=str(adapter),
        hint="give the base that it names",
    )
