"""Tiny models of every family, for tests that are about what families do differently."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from met_kg.models.standin import FAMILIES

TEXTS = ["What is shown? A white disc.", "Is a square shown? yes no"]
#: All of them; transformers' processor of SmolVLM refuses to be made without num2words.
EACH = [
    pytest.param(
        name,
        marks=[
            pytest.mark.skipif(
                find_spec("num2words") is None, reason="num2words is not installed: pip install 'met-kg[dev]'"
            )
        ]
        * (name == "smolvlm"),
    )
    for name in FAMILIES
]


def asked(processor: Any, *pictures: Image.Image, question: str = "What is shown?") -> Any:
    """The question on each picture, as models are given it to answer."""
    chat = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}]
    text = processor.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    return processor(
        images=[[picture] for picture in pictures],
        text=[text] * len(pictures),
        padding=True,
        padding_side="left",
        add_special_tokens=False,
        return_tensors="pt",
    )


def picture(width: int = 64, height: int = 48, grey: int = 90) -> Image.Image:
    return Image.linear_gradient("L").resize((width, height)).point(lambda value: (value + grey) % 256).convert("RGB")


class Tiny:
    """Makes each family's model once, 32 numbers wide."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, family: str) -> Path:
        from met_kg.models.standin import make_standin

        out = self._folder / family
        return out if out.is_dir() else make_standin(out, family=family, texts=TEXTS, seed=3, hidden=32)
