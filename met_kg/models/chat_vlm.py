"""A local vision-language model behind the door of :mod:`met_kg.models.chat`: images come as ``data:`` addresses."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from met_kg.errors import DataProblem, UsageProblem
from met_kg.models.chat import Message, Reply

__all__ = ["VlmChat"]


class VlmChat:
    """An image-text-to-text model of transformers, by folder or hub id, answering greedily.

    It is told the schema and not forced into it: whoever asks checks the answer.

    Raises
    ------
    MissingData, UsageProblem
        as :func:`met_kg.models.vlm.load` does.
    """

    def __init__(self, path: str, *, max_tokens: int = 512) -> None:
        from met_kg.models import vlm

        self.name = path
        self._max_tokens = max_tokens
        self._vlm = vlm.load(path)

    def complete(self, messages: Sequence[Message], schema: Mapping[str, Any] | None) -> Reply:
        """See :class:`met_kg.models.chat.ChatModel`."""
        import torch

        from met_kg.models.standin import one_thread
        from met_kg.models.vlm import quiet

        pictures: list[Any] = []
        told = [{"role": m["role"], "content": [_part(p, pictures) for p in _parts(m["content"])]} for m in messages]
        if schema is not None:
            form = f"\nAnswer with JSON by this schema: {json.dumps(schema)}"
            told[-1]["content"].append({"type": "text", "text": form})
        processor = self._vlm.processor
        try:
            text = processor.apply_chat_template(told, tokenize=False, add_generation_prompt=True)
        except (ValueError, TypeError) as problem:
            raise UsageProblem("the model has no chat template for this", where=self.name) from problem
        given = processor(
            images=[pictures] if pictures else None, text=[text], add_special_tokens=False, return_tensors="pt"
        ).to(self._vlm.device)
        asked = int(given["input_ids"].shape[1])
        with quiet(), one_thread(self._vlm.name), torch.inference_mode():
            made = self._vlm.model.generate(**given, max_new_tokens=self._max_tokens, do_sample=False)
        answer = made[0, asked:]
        return Reply(str(processor.decode(answer, skip_special_tokens=True)), asked, len(answer))


def _parts(content: Any) -> Sequence[Mapping[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _part(part: Mapping[str, Any], pictures: list[Any]) -> dict[str, str]:
    """A part as chat templates of transformers take it; a picture is put aside for the processor."""
    from PIL import Image

    if part["type"] == "text":
        return {"type": "text", "text": part["text"]}
    head, _, body = str(part["image_url"]["url"]).partition("base64,")
    if not head.startswith("data:image/"):
        raise DataProblem("a local model is shown images as data: addresses alone", where=head[:40])
    pictures.append(Image.open(io.BytesIO(base64.b64decode(body))).convert("RGB"))
    return {"type": "image"}
