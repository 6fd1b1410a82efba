"""Tiny Idefics3 and SmolVLM: patches of a picture shuffled into fewer tokens, cut into tiles where it is large."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from met_kg.models.standin.family import Family, images, text_settings, vision_settings

__all__ = ["IDEFICS3", "SMOLVLM"]

_SIDE, _PATCH, _SHUFFLE = 64, 8, 4
_TOKENS: Final = (_SIDE // _PATCH // _SHUFFLE) ** 2
_NAMED: Final = {
    "image_token": "<image>",
    "fake_image_token": "<fake_token_around_image>",
    "global_image_token": "<global-img>",
    "end_of_utterance_token": "<end_of_utterance>",
}
#: The places of tiles in a picture.
_TILES: Final = tuple(f"<row_{row}_col_{column}>" for row in range(1, 3) for column in range(1, 3))
_CHAT: Final = (
    "<|im_start|>{% for message in messages %}{{ message.role | capitalize }}:"
    "{% if message.content is string %} {{ message.content }}{% else %}"
    "{% if message.content[0].type != 'image' %} {% endif %}{% for part in message.content %}"
    "{% if part.type == 'image' %}<image>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}"
    "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)


def _processor(tokenizer: Any, *, name: str) -> Any:
    import transformers

    from met_kg.models.processors import image_only

    pictures = images(f"{name}ImageProcessor", size={"longest_edge": 2 * _SIDE}, max_image_size={"longest_edge": _SIDE})
    stock = getattr(transformers, f"{name}Processor")
    settings = {"image_seq_len": _TOKENS, "chat_template": _CHAT}
    if name == "Idefics3":
        return stock(pictures, tokenizer, **settings)
    return image_only(stock)(pictures, tokenizer, video_processor=None, **settings)


def _config(processor: Any, hidden: int, *, name: str) -> Any:
    import transformers

    tokenizer = processor.tokenizer
    return getattr(transformers, f"{name}Config")(
        text_config={"model_type": "llama"} | text_settings(tokenizer, hidden),
        vision_config=vision_settings(hidden, _SIDE, _PATCH),
        image_token_id=processor.image_token_id,
        scale_factor=_SHUFFLE,
        pad_token_id=tokenizer.pad_token_id,
    )


def _family(name: str, video: dict[str, Any]) -> Family:
    return Family(
        model=f"{name}ForConditionalGeneration",
        special=("<|endoftext|>", "<|im_start|>", *_NAMED.values(), *_TILES),
        end="<end_of_utterance>",
        processor=partial(_processor, name=name),
        config=partial(_config, name=name),
        named={"eos_token": "<end_of_utterance>", "pad_token": "<|endoftext|>"} | _NAMED,
        video=video,
    )


IDEFICS3: Final = _family("Idefics3", {})
SMOLVLM: Final = _family(
    "SmolVLM",
    {
        "video_processor_type": "SmolVLMVideoProcessor",
        "size": {"longest_edge": _SIDE},
        "max_image_size": {"longest_edge": _SIDE},
    },
)
