"""Vision-language models behind one door: any image-text-to-text model of transformers, with or without an adapter.

Code from a model repository is never run and weights are read from safetensors only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from met_kg.errors import MissingData, UsageProblem
from met_kg.models.adapters import (
    ADAPTER_CONFIG,
    ADAPTER_WEIGHTS,
    TRAINING_FILE,
    base_of,
    check_same_base,
    put_on,
)
from met_kg.models.checkpoint import checked, file_hash, fingerprint, first_line, no_vlm, torn
from met_kg.models.processors import load_processor
from met_kg.models.quiet import quiet
from met_kg.models.standin import STAND_IN_FILE

__all__ = ["TRAINING_FILE", "Vlm", "check", "fingerprint", "load", "load_model", "quiet"]


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
        ``float32``, ``bfloat16`` ...; ``auto`` is bfloat16 where the GPU has it, else float32; ``stored`` is what the
        weights are saved in.
    device
        ``cpu``, ``cuda`` ...; a GPU where there is one, if not given.

    Raises
    ------
    MissingData
        when the folder, a part of it, or the hub model is not there.
    UsageProblem
        when it is not an image-text-to-text model, has no chat template, wants code of its own run or a package that
        is not installed, or the adapter belongs to another one.
    DataProblem
        when weights are half written.
    """
    name, adapter = check(model, adapter)
    loaded, processor = load_model(name, dtype=dtype, device=device)
    if adapter is not None:
        loaded = put_on(loaded, adapter, name)
    mark = fingerprint(name) or name
    if adapter is not None:
        mark = f"{mark} {file_hash(adapter / ADAPTER_WEIGHTS)}"
    return Vlm(loaded.eval(), processor, name, mark, (Path(name) / STAND_IN_FILE).is_file())


def check(model: str | Path, adapter: str | Path | None = None) -> tuple[str, Path | None]:
    """Look at the parts of a model and an adapter without loading them; returns what transformers and peft are to load.

    Parameters and errors are those of :func:`load`.
    """
    if adapter is None and (Path(model) / ADAPTER_CONFIG).is_file() and not (Path(model) / "config.json").is_file():
        adapter, model = model, base_of(Path(model))
    name = checked(model)
    if adapter is None:
        return name, None
    check_same_base(Path(adapter), name)
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

    name = checked(model)
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    with quiet(), _in_sentences(name):
        config = AutoConfig.from_pretrained(name, trust_remote_code=False)
        if type(config) not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
            raise no_vlm(name, f"its type is '{config.model_type}'")
        kind = _dtype(dtype, place, config)
        processor = load_processor(name)
        found: Any
        if weights:
            more = {"quantization_config": quantization, "device_map": {"": place}} if quantization else {}
            loaded: Any = AutoModelForImageTextToText.from_pretrained(
                name, dtype=kind, trust_remote_code=False, use_safetensors=True, output_loading_info=True, **more
            )
            found, about = loaded
            # transformers would fill them with random numbers and go on.
            if about["missing_keys"]:
                lacking = sorted(about["missing_keys"])
                raise torn(name, ValueError(f"{len(lacking)} tensors are not there, such as '{lacking[0]}'"))
            if not quantization:
                found.to(place)
        else:
            with torch.device("meta"):
                found = AutoModelForImageTextToText.from_config(config, dtype=kind, trust_remote_code=False)
    return found, processor


@contextmanager
def _in_sentences(name: str) -> Iterator[None]:
    """Turn what transformers raises for a model that does not load into sentences."""
    from safetensors import SafetensorError

    try:
        yield
    except ImportError as problem:
        inner: BaseException = problem
        while inner.__cause__ is not None:
            inner = inner.__cause__
        raise UsageProblem(
            f"model '{name}' needs a package that is not here or does not import: {first_line(inner)}",
            hint="install it; images need no torchvision, and one that does not fit torch is better removed",
        ) from problem
    except SafetensorError as problem:
        raise torn(name, problem) from problem
    except OSError as problem:
        raise MissingData(
            f"model '{name}' does not load: {first_line(problem)}",
            hint="check the folder, or the hub id and the connection",
        ) from problem
    except ValueError as problem:
        if "trust_remote_code" in str(problem):
            raise UsageProblem(
                f"model '{name}' wants code of its own to be run, which is never done",
                hint="take the version for transformers, where there is one (InternVL's names end in -hf)",
            ) from problem
        raise no_vlm(name, first_line(problem)) from problem
    except RuntimeError as problem:
        if "size mismatch" not in str(problem) and "mismatched" not in str(problem):
            raise
        raise torn(name, ValueError("its tensors are not of the sizes that config.json says")) from problem


def _dtype(name: str, device: Any, config: Any) -> Any:
    import torch

    if name == "stored":
        return getattr(config, "dtype", None) or torch.float32
    if name == "auto":
        return torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported() else torch.float32
    found = getattr(torch, name, None)
    if not isinstance(found, torch.dtype):
        raise UsageProblem(f"'{name}' is not a number format", hint="use float32, bfloat16, auto or stored")
    return found
