"""Tiny Qwen2-VL, Qwen2.5-VL and Qwen3-VL: pictures of any shape, cut into as many tokens as they are large."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from met_kg.models.standin.family import Family, images, text_settings

__all__ = ["CHAT", "QWEN2_5_VL", "QWEN2_VL", "QWEN3_VL", "SPECIAL"]

#: Tokens and form of a talk as Qwen and those who build on it write them.
SPECIAL: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT: Final = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}"
    "{% if part.type == 'image' %}IMAGE{% else %}{{ part.text }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_VISUAL: Final = ("<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>")
#: Patches a side: a picture becomes at most 8 x 8 of them, merged 2 x 2 into 16 image tokens.
_PATCHES: Final = (4, 8)
_ROPE: Final = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [4, 6, 6]}
_ROPE3: Final = {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [6, 5, 5], "mrope_interleaved": True}


def _processor(tokenizer: Any, *, name: str, patch: int) -> Any:
    import transformers

    from met_kg.models.processors import image_only

    # "Edges" of this family's image processor are areas in pixels.
    least, most = ((side * patch) ** 2 for side in _PATCHES)
    pictures = images(
        "Qwen2VLImageProcessor",
        patch_size=patch,
        temporal_patch_size=2,
        merge_size=2,
        size={"shortest_edge": least, "longest_edge": most},
    )
    template = CHAT.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
    return image_only(getattr(transformers, name))(pictures, tokenizer, chat_template=template)


def _config(processor: Any, hidden: int, *, name: str, patch: int, text: dict[str, Any], vision: dict[str, Any]) -> Any:
    import transformers

    tokenizer = processor.tokenizer
    number = tokenizer.convert_tokens_to_ids
    wide = {"embed_dim": hidden // 2} if name == "Qwen2VLConfig" else {"out_hidden_size": hidden}
    eye = {"hidden_size": hidden // 2, "intermediate_size": hidden, "num_heads": max(1, hidden // 32)}
    if name == "Qwen2VLConfig":
        eye = {"hidden_size": hidden, "mlp_ratio": 2, "num_heads": eye["num_heads"]}
    return getattr(transformers, name)(
        text_config=text_settings(tokenizer, hidden) | {"tie_word_embeddings": True} | text,
        vision_config=eye | wide | {"patch_size": patch} | vision,
        tie_word_embeddings=True,
        image_token_id=number("<|image_pad|>"),
        video_token_id=number("<|video_pad|>"),
        vision_start_token_id=number("<|vision_start|>"),
        vision_end_token_id=number("<|vision_end|>"),
    )


def _family(name: str, patch: int, text: dict[str, Any], vision: dict[str, Any], video: str) -> Family:
    return Family(
        model=f"{name}ForConditionalGeneration",
        special=(*SPECIAL, *_VISUAL),
        end="<|im_end|>",
        processor=partial(_processor, name=f"{name}Processor", patch=patch),
        config=partial(_config, name=f"{name}Config", patch=patch, text=text, vision=vision),
        named={"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
        video={"video_processor_type": video, "patch_size": patch},
    )


QWEN2_VL: Final = _family("Qwen2VL", 14, {"rope_parameters": _ROPE}, {"depth": 2}, "Qwen2VLVideoProcessor")
QWEN2_5_VL: Final = _family(
    "Qwen2_5_VL",
    14,
    {"rope_parameters": _ROPE},
    {"depth": 2, "window_size": 56, "fullatt_block_indexes": [1]},
    "Qwen2VLVideoProcessor",
)
QWEN3_VL: Final = _family(
    "Qwen3VL",
    16,
    {"head_dim": 32, "rope_parameters": _ROPE3},
    {"depth": 3, "num_position_embeddings": 64, "deepstack_visual_indexes": [0, 1]},
    "Qwen3VLVideoProcessor",
)
