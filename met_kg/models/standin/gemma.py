"""Tiny PaliGemma and Gemma 3 (the classes of MedGemma, too): a SigLIP tower before a Gemma.

PaliGemma is no chat model: as on the hub it has no chat template, sees all of a question at once and answers after it.
"""

from __future__ import annotations

from typing import Any, Final

from met_kg.models.standin.family import Family, images, text_settings, vision_settings

__all__ = ["GEMMA3", "PALIGEMMA"]

_SIDE, _PATCH = 56, 14
#: Tokens of a picture: all patches in PaliGemma, pooled 2 x 2 in Gemma 3.
_ALL, _POOLED = 16, 4
_BASIC: Final = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>"}
_PICTURE: Final = {
    "image_token": "<image_soft_token>",
    "boi_token": "<start_of_image>",
    "eoi_token": "<end_of_image>",
}
_TURNS: Final = ("<start_of_turn>", "<end_of_turn>")
_CHAT: Final = (
    "{{ bos_token }}{% for message in messages %}"
    "<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}\n"
    "{% if message.content is string %}{{ message.content | trim }}{% else %}{% for part in message.content %}"
    "{% if part.type == 'image' %}<start_of_image>{% else %}{{ part.text | trim }}{% endif %}{% endfor %}{% endif %}"
    "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


def _pali_processor(tokenizer: Any) -> Any:
    from transformers import PaliGemmaProcessor

    pictures = images("SiglipImageProcessor", size={"height": _SIDE, "width": _SIDE}, image_seq_length=_ALL)
    return PaliGemmaProcessor(pictures, tokenizer)


def _pali_config(processor: Any, hidden: int) -> Any:
    from transformers import PaliGemmaConfig

    text = {"model_type": "gemma", "head_dim": 32}
    vision = {"model_type": "siglip_vision_model", "vision_use_head": False, "projection_dim": hidden}
    return PaliGemmaConfig(
        text_config=text | text_settings(processor.tokenizer, hidden),
        vision_config=vision | vision_settings(hidden, _SIDE, _PATCH),
        image_token_index=processor.image_token_id,
        projection_dim=hidden,
        hidden_size=hidden,
    )


def _gemma3_processor(tokenizer: Any) -> Any:
    from transformers import Gemma3Processor

    pictures = images("Gemma3ImageProcessor", size={"height": _SIDE, "width": _SIDE})
    return Gemma3Processor(pictures, tokenizer, image_seq_length=_POOLED, chat_template=_CHAT)


def _gemma3_config(processor: Any, hidden: int) -> Any:
    from transformers import Gemma3Config

    tokenizer = processor.tokenizer
    text = {"head_dim": 32, "query_pre_attn_scalar": 32, "sliding_window": 64}
    return Gemma3Config(
        text_config=text_settings(tokenizer, hidden) | text,
        vision_config=vision_settings(hidden, _SIDE, _PATCH) | {"vision_use_head": False},
        mm_tokens_per_image=_POOLED,
        boi_token_index=tokenizer.boi_token_id,
        eoi_token_index=tokenizer.eoi_token_id,
        image_token_index=tokenizer.image_token_id,
    )


PALIGEMMA: Final = Family(
    model="PaliGemmaForConditionalGeneration",
    special=(*_BASIC.values(), "<image>"),
    end="<eos>",
    processor=_pali_processor,
    config=_pali_config,
    named=_BASIC | {"image_token": "<image>"},
)
GEMMA3: Final = Family(
    model="Gemma3ForConditionalGeneration",
    special=(*_BASIC.values(), *_PICTURE.values(), *_TURNS),
    end="<end_of_turn>",
    processor=_gemma3_processor,
    config=_gemma3_config,
    named=_BASIC | _PICTURE,
    adds_bos=True,
    matrices=("model.multi_modal_projector.mm_input_projection_weight",),
)
