"""Tiny LLaVA-1.5 and LLaVA-NeXT: a CLIP tower before a LLaMA, in the Vicuna form of a talk.

As in the checkpoints on the hub the chat template writes neither the token that begins a text nor one that ends an
answer; the tokenizer adds the former by itself.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from met_kg.models.standin.family import Family, images, text_settings, vision_settings

__all__ = ["LLAVA", "LLAVA_NEXT"]

_SIDE, _PATCH = 56, 14
#: Sizes that a picture of LLaVA-NeXT may be cut from, in pixels, besides the square.
_GRID: Final = [[_SIDE, 2 * _SIDE], [2 * _SIDE, _SIDE]]
_CHAT: Final = (
    "{% for message in messages %}{{ message.role.upper() }}: "
    "{% if message.content is string %}{{ message.content }} {% else %}"
    "{% for part in message.content if part.type == 'image' %}<image>\n{% endfor %}"
    "{% for part in message.content if part.type == 'text' %}{{ part.text }} {% endfor %}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)


def _processor(tokenizer: Any, *, name: str, pictures: str) -> Any:
    import transformers

    size = {"size": {"shortest_edge": _SIDE}, "crop_size": {"height": _SIDE, "width": _SIDE}}
    grid = {"image_grid_pinpoints": _GRID} if name == "LlavaNext" else {}
    return getattr(transformers, f"{name}Processor")(
        images(pictures, **size, **grid),
        tokenizer,
        patch_size=_PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=_CHAT,
    )


def _config(processor: Any, hidden: int, *, name: str) -> Any:
    import transformers

    vision = {"model_type": "clip_vision_model", "projection_dim": hidden // 2}
    grid = {"image_grid_pinpoints": _GRID} if name == "LlavaNext" else {}
    return getattr(transformers, f"{name}Config")(
        text_config={"model_type": "llama"} | text_settings(processor.tokenizer, hidden),
        vision_config=vision | vision_settings(hidden, _SIDE, _PATCH),
        image_token_id=processor.image_token_id,
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
        **grid,
    )


def _family(name: str, pictures: str) -> Family:
    return Family(
        model=f"{name}ForConditionalGeneration",
        special=("<unk>", "<s>", "</s>", "<image>", "<pad>"),
        end="</s>",
        processor=partial(_processor, name=name, pictures=pictures),
        config=partial(_config, name=name),
        named={"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "image_token": "<image>"},
        adds_bos=True,
    )


LLAVA: Final = _family("Llava", "CLIPImageProcessor")
LLAVA_NEXT: Final = _family("LlavaNext", "LlavaNextImageProcessor")
