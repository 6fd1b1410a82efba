"""A tiny InternVL: a picture is cut into squares, and 2 x 2 of the patches of a square become one token."""

from __future__ import annotations

from typing import Any, Final

from met_kg.models.standin.family import Family, images, text_settings, vision_settings
from met_kg.models.standin.qwen import CHAT, SPECIAL

__all__ = ["INTERNVL"]

_SIDE, _PATCH = 56, 14
#: Tokens of a square: 4 x 4 patches, merged 2 x 2.
_TOKENS: Final = 4


def _processor(tokenizer: Any) -> Any:
    from transformers import InternVLProcessor

    from met_kg.models.processors import image_only

    pictures = images(
        "GotOcr2ImageProcessor",
        size={"height": _SIDE, "width": _SIDE},
        min_patches=1,
        max_patches=2,
        crop_to_patches=True,
    )
    template = CHAT.replace("IMAGE", "<IMG_CONTEXT>\n")
    return image_only(InternVLProcessor)(pictures, tokenizer, image_seq_length=_TOKENS, chat_template=template)


def _config(processor: Any, hidden: int) -> Any:
    from transformers import InternVLConfig

    tokenizer = processor.tokenizer
    vision = vision_settings(hidden, _SIDE, _PATCH)
    return InternVLConfig(
        text_config={"model_type": "qwen2"} | text_settings(tokenizer, hidden),
        vision_config=vision | {"image_size": [_SIDE, _SIDE], "patch_size": [_PATCH, _PATCH]},
        image_token_id=processor.image_token_id,
        image_seq_length=_TOKENS,
        downsample_ratio=0.5,
    )


INTERNVL: Final = Family(
    model="InternVLForConditionalGeneration",
    special=(*SPECIAL, "<img>", "</img>", "<IMG_CONTEXT>", "<video>"),
    end="<|im_end|>",
    processor=_processor,
    config=_config,
    named={
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "start_image_token": "<img>",
        "end_image_token": "</img>",
        "context_image_token": "<IMG_CONTEXT>",
        "video_token": "<video>",
    },
    video={"video_processor_type": "InternVLVideoProcessor", "size": {"height": _SIDE, "width": _SIDE}},
)
