"""Batched greedy generation that a kill does not set back.

Requests are sorted by length and cut into fixed batches. A batch's answers are written together, and after a kill every
batch that is not whole is done again: which requests share a batch (and so their padding, which can change the last
bits of a number) never depends on where an earlier run stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from met_kg.errors import DataProblem, MetError, UsageProblem
from met_kg.log import Log

if TYPE_CHECKING:
    from PIL import Image

    from met_kg.models.vlm import Vlm

__all__ = ["Request", "generate"]


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model: an image (a path as :func:`met_kg.paths.expand_path` reads it) and a text."""

    id: str
    image: str
    prompt: str


def generate(
    vlm: Vlm,
    requests: Sequence[Request],
    out: Path,
    *,
    open_image: Callable[[Path], Image.Image],
    batch_size: int,
    max_new_tokens: int,
    base: Path | None = None,
    log: Log,
) -> dict[str, str]:
    """Answer all requests; returns id -> answer and writes ``out`` as JSON lines ``{"id", "model_output"}`` in order.

    While it works, answers are in ``<out>.part``; a later call with the same requests, model and settings goes on from
    there.

    Parameters
    ----------
    open_image
        reads the picture in a file (:func:`met_kg.corpus.images.open_image`).
    base
        folder under which relative image paths lie.

    Raises
    ------
    UsageProblem
        when two requests have the same id.
    DataProblem
        when an image cannot be opened.
    MetError
        when memory runs out.
    """
    if len({r.id for r in requests}) < len(requests):
        raise UsageProblem("two questions have the same id", where=str(out))
    batches = _batches(requests, batch_size)
    part = out.with_name(out.name + ".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    key = _key(vlm, requests, batch_size, max_new_tokens)
    said = _earlier(part, key, batches)
    if said:
        log.info(f"  going on after {len(said)} of {len(requests)} answers")
    _rewrite(part, [{"key": key}, *_lines(said)])
    left = [batch for batch in batches if batch[0].id not in said]
    with part.open("a", encoding="utf-8") as stream:
        for batch in log.track(left, f"batches of {batch_size} answers"):
            pictures = _pictures(batch, base, open_image)
            answers = dict(zip((r.id for r in batch), _answer(vlm, batch, pictures, max_new_tokens), strict=True))
            stream.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in _lines(answers)))
            stream.flush()
            os.fsync(stream.fileno())
            said |= answers
    ordered = {r.id: said[r.id] for r in requests}
    _rewrite(out, _lines(ordered))
    part.unlink()
    return ordered


def _batches(requests: Sequence[Request], size: int) -> list[list[Request]]:
    order = sorted(range(len(requests)), key=lambda place: (len(requests[place].prompt), place))
    return [[requests[place] for place in order[start : start + size]] for start in range(0, len(order), size)]


def _answer(vlm: Vlm, batch: Sequence[Request], pictures: Sequence[Any], max_new_tokens: int) -> list[str]:
    import torch

    from met_kg.models.standin import one_thread
    from met_kg.models.vlm import quiet

    processor = vlm.processor
    texts = [
        processor.apply_chat_template(
            [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": r.prompt}]}],
            tokenize=False,
            add_generation_prompt=True,
        )
        for r in batch
    ]
    try:
        # The template has put all special tokens already. Padding goes before the prompt: answers begin together.
        given = processor(
            images=[[picture] for picture in pictures],
            text=texts,
            padding=True,
            padding_side="left",
            add_special_tokens=False,
            return_tensors="pt",
        ).to(vlm.device)
        with quiet(), one_thread(vlm.name), torch.inference_mode():
            found = vlm.model.generate(**given, max_new_tokens=max_new_tokens, do_sample=False)
    except (torch.OutOfMemoryError, MemoryError) as problem:
        raise MetError(
            "the memory does not hold a batch of answers", hint=f"lower the batch size (now {len(batch)})"
        ) from problem
    new = found[:, given["input_ids"].shape[1] :]
    return [str(text).strip() for text in processor.batch_decode(new, skip_special_tokens=True)]


def _pictures(
    batch: Sequence[Request], base: Path | None, open_image: Callable[[Path], Image.Image]
) -> list[Image.Image]:
    from met_kg.paths import expand_path

    pictures = []
    for request in batch:
        path = expand_path(request.image, base=base)
        if not request.image or not path.is_file():
            raise DataProblem(f"question '{request.id}' has no image file", where=str(path))
        pictures.append(open_image(path).convert("RGB"))
    return pictures


def _key(vlm: Vlm, requests: Sequence[Request], batch_size: int, max_new_tokens: int) -> str:
    """What the answers depend on: a part file with another key is not gone on from."""
    about = {
        "model": vlm.fingerprint,
        "requests": [asdict(r) for r in requests],
        "batch_size": batch_size,
        "max_new_tokens": max_new_tokens,
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _earlier(part: Path, key: str, batches: Sequence[Sequence[Request]]) -> dict[str, str]:
    """Answers of whole batches that an earlier call left; a line cut short by a kill is dropped."""
    if not part.is_file():
        return {}
    lines = list(_read(part))
    if not lines or lines[0].get("key") != key:
        return {}
    found = {line["id"]: line["model_output"] for line in lines[1:]}
    whole = [r.id for batch in batches if all(r.id in found for r in batch) for r in batch]
    return {number: found[number] for number in whole}


def _read(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().split(b"\n"):
        try:
            yield json.loads(line)
        except ValueError:
            return


def _lines(answers: dict[str, str]) -> list[dict[str, str]]:
    return [{"id": number, "model_output": text} for number, text in answers.items()]


def _rewrite(path: Path, lines: Sequence[dict[str, str]]) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    fresh.replace(path)
