"""Vision-language models behind one door: any image-text-to-text model of transformers, with or without an adapter.

Code from a model repository is never run and weights are read from safetensors only.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from met_kg.errors import DataProblem, MissingData, UsageProblem
from met_kg.models.processors import load_processor
from met_kg.models.standin import STAND_IN_FILE

__all__ = ["TRAINING_FILE", "Vlm", "base_of", "check", "fingerprint", "load", "load_model", "quiet"]

#: What ``met train`` writes beside an adapter: base, data, settings.
TRAINING_FILE: Final = "training.json"
_HUB_ID: Final = re.compile(r"[\w.-]+/[\w.-]+")
_PROCESSOR_FILES: Final = ("processor_config.json", "preprocessor_config.json")
_ADAPTER: Final = "adapter_config.json"
_WEIGHTS: Final = "adapter_model.safetensors"
#: How much of each end of a weight file goes into a fingerprint; a 7B model is then done at once.
_ENDS: Final = 2**20


@dataclass(frozen=True, slots=True)
class Vlm:
    """A model (a ``torch.nn.Module`` in evaluation mode) and its processor.

    ``fingerprint`` tells one set of weights (adapter included) from another; ``stand_in`` says that it is no real one.
    """

    model: Any
    processor: Any
    name: str
    fingerprint: str
    stand_in: bool = False

    @property
    def device(self) -> Any:
        """Where the model lies, a ``torch.device``."""
        return next(self.model.parameters()).device


def load(
    model: str | Path, adapter: str | Path | None = None, *, dtype: str = "auto", device: str | None = None
) -> Vlm:
    """Load a model, and an adapter onto it.

    Parameters
    ----------
    model
        a folder or a hub id; a folder that holds only an adapter brings its base along.
    adapter
        a folder with a PEFT adapter trained on this model.
    dtype
        ``float32``, ``bfloat16`` ...; ``auto`` is bfloat16 where the GPU has it, else float32.
    device
        ``cpu``, ``cuda`` ...; a GPU where there is one, if not given.

    Raises
    ------
    MissingData
        when the folder, a part of it, or the hub model is not there.
    UsageProblem
        when it is not an image-text-to-text model, or the adapter belongs to another one.
    """
    name, adapter = check(model, adapter)
    loaded, processor = load_model(name, dtype=dtype, device=device)
    if adapter is not None:
        loaded = _with_adapter(loaded, adapter, name)
    mark = fingerprint(name) or name
    if adapter is not None:
        mark = f"{mark} {_file_hash(adapter / _WEIGHTS)}"
    return Vlm(loaded.eval(), processor, name, mark, (Path(name) / STAND_IN_FILE).is_file())


def check(model: str | Path, adapter: str | Path | None = None) -> tuple[str, Path | None]:
    """Look at the parts of a model and an adapter without loading them; returns what transformers and peft are to load.

    Parameters and errors are those of :func:`load`.
    """
    if adapter is None and (Path(model) / _ADAPTER).is_file() and not (Path(model) / "config.json").is_file():
        adapter, model = model, base_of(Path(model))
    name = _checked(model)
    if adapter is None:
        return name, None
    _check_same_base(Path(adapter), name)
    return name, Path(adapter)


def load_model(
    model: str | Path,
    *,
    dtype: str = "auto",
    device: str | None = None,
    weights: bool = True,
    quantization: Any = None,
) -> tuple[Any, Any]:
    """The bare model and its processor, as :func:`load` finds them.

    Parameters
    ----------
    weights
        False gives the architecture on torch's meta device: shapes and counts without memory.
    quantization
        a ``BitsAndBytesConfig``: weights are quantized while they are read.
    """
    import torch
    from transformers import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING, AutoConfig, AutoModelForImageTextToText

    name = _checked(model)
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    kind = _dtype(dtype, place)
    with quiet():
        try:
            config = AutoConfig.from_pretrained(name, trust_remote_code=False)
            if type(config) not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
                raise ValueError(f"its type is '{config.model_type}'")
            processor = load_processor(name)
            found: Any
            if weights:
                more = {"quantization_config": quantization, "device_map": {"": place}} if quantization else {}
                found = AutoModelForImageTextToText.from_pretrained(
                    name, dtype=kind, trust_remote_code=False, use_safetensors=True, **more
                )
                if not quantization:
                    found.to(place)
            else:
                with torch.device("meta"):
                    found = AutoModelForImageTextToText.from_config(config, dtype=kind, trust_remote_code=False)
        except ImportError as problem:
            raise UsageProblem(
                f"model '{name}' needs a package that is not installed: {_first_line(problem)}",
                hint="its processor may want torchvision",
            ) from problem
        except ValueError as problem:
            raise UsageProblem(
                f"model '{name}' is not an image-text-to-text model that transformers knows: {_first_line(problem)}",
                hint="give for example Qwen/Qwen2.5-VL-7B-Instruct",
            ) from problem
        except OSError as problem:
            raise MissingData(
                f"model '{name}' does not load: {_first_line(problem)}",
                hint="check the folder, or the hub id and the connection",
            ) from problem
    return found, processor


def base_of(adapter: Path) -> str:
    """The base model that an adapter names: a hub id, or a folder (relative ones lie beside the adapter).

    Raises
    ------
    MissingData
        when the folder is no adapter.
    """
    named = str(_adapter_config(adapter).get("base_model_name_or_path") or "")
    beside = adapter / named
    if named and (beside.is_dir() or not _HUB_ID.fullmatch(named) or named.startswith(".")):
        return str(beside.resolve())
    return named


def fingerprint(model: str | Path) -> str:
    """16 hex digits that tell one local checkpoint from another; '' for a hub id.

    Taken over the configuration and, of each weight file, its name, size and both ends.
    """
    folder = Path(model)
    if not folder.is_dir():
        return ""
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    for path in sorted(folder.glob("*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as stream:
            digest.update(stream.read(_ENDS))
            stream.seek(max(0, size - _ENDS))
            digest.update(stream.read(_ENDS))
    return digest.hexdigest()[:16]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' progress bars and notes off the terminal; errors still come through."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    bars = logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _checked(model: str | Path) -> str:
    """The name as transformers takes it, after a look at a folder's parts."""
    text = str(model)
    folder = Path(text).expanduser()
    if not folder.is_dir():
        if isinstance(model, str) and _HUB_ID.fullmatch(text) and not text.startswith("."):
            return text
        raise MissingData("there is no model folder", where=text, hint="give a folder, or a hub id such as owner/name")
    if not (folder / "config.json").is_file():
        raise MissingData("the model folder has no config.json", where=text, hint="it is not a saved model")
    if not any((folder / name).is_file() for name in _PROCESSOR_FILES):
        raise MissingData(
            "the model folder has no processor (processor_config.json or preprocessor_config.json)",
            where=text,
            hint="copy the processor and tokenizer files of the model it was made from into it",
        )
    return str(folder)


def _dtype(name: str, device: Any) -> Any:
    import torch

    if name == "auto":
        return torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported() else torch.float32
    found = getattr(torch, name, None)
    if not isinstance(found, torch.dtype):
        raise UsageProblem(f"'{name}' is not a number format", hint="use float32, bfloat16 or auto")
    return found


def _adapter_config(adapter: Path) -> dict[str, Any]:
    path = adapter / _ADAPTER
    if not path.is_file():
        raise MissingData(f"the adapter folder has no {_ADAPTER}", where=str(adapter), hint="run 'met train' first")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise DataProblem(f"the adapter's configuration is not JSON: {problem}", where=str(path)) from problem
    if not isinstance(found, dict):
        raise DataProblem("the adapter's configuration is not a mapping", where=str(path))
    return found


def _check_same_base(adapter: Path, model: str) -> None:
    named = str(_adapter_config(adapter).get("base_model_name_or_path") or "")
    if not (adapter / _WEIGHTS).is_file():
        raise MissingData(f"the adapter folder has no {_WEIGHTS}", where=str(adapter))
    record = adapter / TRAINING_FILE
    trained_on = json.loads(record.read_text(encoding="utf-8"))["base"]["fingerprint"] if record.is_file() else ""
    here = fingerprint(model)
    if trained_on and here and trained_on != here:
        raise _other_base(adapter, named, model, "their weights differ")
    local = Path(model).is_dir()
    if not local and _HUB_ID.fullmatch(named) and named != model:
        raise _other_base(adapter, named, model, "their names differ")


def _with_adapter(model: Any, adapter: Path, name: str) -> Any:
    from peft import PeftModel
    from safetensors import safe_open

    named = str(_adapter_config(adapter).get("base_model_name_or_path") or "")
    modules = dict(model.named_modules())
    with safe_open(adapter / _WEIGHTS, framework="pt") as weights:
        for key in sorted(weights.keys()):
            if not (match := re.fullmatch(r"base_model\.model\.(.+)\.lora_([AB])\.weight", key)):
                continue
            module, side = modules.get(match[1]), match[2]
            if module is None:
                raise _other_base(adapter, named, name, f"the model has no '{match[1]}'")
            shape = weights.get_slice(key).get_shape()
            wide, there = (shape[1], module.in_features) if side == "A" else (shape[0], module.out_features)
            if wide != there:
                raise _other_base(
                    adapter, named, name, f"'{match[1]}' is {there} wide in the model, {wide} in the adapter"
                )
    with quiet():
        return PeftModel.from_pretrained(model, str(adapter))


def _other_base(adapter: Path, named: str, model: str, why: str) -> UsageProblem:
    return UsageProblem(
        f"the adapter was trained on another base ('{named}') than '{model}': {why}",
        where=str(adapter),
        hint="give the base that it names",
    )


def _file_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _first_line(problem: Exception) -> str:
    return next((line.strip() for line in str(problem).splitlines() if line.strip()), type(problem).__name__)
