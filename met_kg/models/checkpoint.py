"""A model's folder, looked at without loading it: whether it is one, which one, and what is wrong with it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Final

from met_kg.errors import DataProblem, MissingData, UsageProblem

__all__ = ["HUB_ID", "check_weights", "checked", "file_hash", "fingerprint", "first_line", "no_vlm", "torn"]

HUB_ID: Final = re.compile(r"[\w.-]+/[\w.-]+")
_PROCESSOR_FILES: Final = ("processor_config.json", "preprocessor_config.json")
#: How much of each end of a weight file goes into a fingerprint; a 7B model is then done at once.
_ENDS: Final = 2**20


def checked(model: str | Path) -> str:
    """The name as transformers takes it, after a look at a folder's parts.

    Raises
    ------
    MissingData
        when the folder, or a part of it, is not there.
    UsageProblem
        when it is a model that sees no images.
    DataProblem
        when a weight file is half written.
    """
    text = str(model)
    folder = Path(text).expanduser()
    if not folder.is_dir():
        if isinstance(model, str) and HUB_ID.fullmatch(text) and not text.startswith("."):
            return text
        raise MissingData("there is no model folder", where=text, hint="give a folder, or a hub id such as owner/name")
    if not (folder / "config.json").is_file():
        raise MissingData("the model folder has no config.json", where=text, hint="it is not a saved model")
    if not any((folder / name).is_file() for name in _PROCESSOR_FILES):
        _refuse_text_models(folder)
        raise MissingData(
            "the model folder has no processor (processor_config.json or preprocessor_config.json)",
            where=text,
            hint="copy the processor and tokenizer files of the model it was made from into it",
        )
    for path in sorted(folder.glob("*.safetensors")):
        check_weights(path)
    return str(folder)


def check_weights(path: Path) -> None:
    """Read the head of a weight file, which says how long it is.

    Raises
    ------
    DataProblem
        when the file is shorter, or has no such head.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy"):
            pass
    except SafetensorError as problem:
        raise torn(str(path), problem) from problem


def fingerprint(model: str | Path) -> str:
    """16 hex digits that tell one checkpoint from another; '' for a hub id that has not been downloaded yet.

    Taken over the configuration and, of each weight file, its name, size and both ends.
    """
    from huggingface_hub import try_to_load_from_cache

    folder = Path(model)
    if not folder.is_dir():
        found = try_to_load_from_cache(str(model), "config.json") if HUB_ID.fullmatch(str(model)) else None
        if not isinstance(found, str):
            return ""
        folder = Path(found).parent
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    for path in sorted(folder.glob("*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as stream:
            digest.update(stream.read(_ENDS))
            stream.seek(max(0, size - _ENDS))
            digest.update(stream.read(_ENDS))
    return digest.hexdigest()[:16]


def file_hash(path: Path) -> str:
    """16 hex digits of a file's sha256."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def no_vlm(model: str, why: str) -> UsageProblem:
    """A model of another kind was given."""
    return UsageProblem(
        f"model '{model}' is not an image-text-to-text model that transformers knows: {why}",
        hint="give for example Qwen/Qwen2.5-VL-7B-Instruct",
    )


def torn(where: str, problem: Exception) -> DataProblem:
    """Weights cannot be read."""
    return DataProblem(
        f"a weight file is broken or half written: {first_line(problem)}",
        where=where,
        hint="copy or download it again",
    )


def first_line(problem: BaseException) -> str:
    """The first line of what an error says, its type's name where it says nothing."""
    return next((line.strip() for line in str(problem).splitlines() if line.strip()), type(problem).__name__)


def _refuse_text_models(folder: Path) -> None:
    """A folder without processor may be a model that needs none."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    try:
        kind = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
    except (ValueError, KeyError, TypeError):
        return
    if kind not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        raise no_vlm(str(folder), f"its type is '{kind}'")
