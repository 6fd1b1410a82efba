"""A tiny vision-language model of a current architecture, from a random configuration and without any download.

It stands in for a hub checkpoint wherever there is none: in the quickstart, in tests, on a laptop. It is saved as an
ordinary checkpoint (config, safetensors, tokenizer, processor, chat template), so everything that runs on it runs on a
7B model given by path or hub id. It knows nothing of medicine, and says so in its README.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from met_kg.errors import UnknownName
from met_kg.models.processors import image_only, save_processor

__all__ = ["FAMILIES", "STAND_IN_FILE", "make_standin", "one_thread"]

#: Marks a checkpoint as a stand-in; training copies it along.
STAND_IN_FILE: Final = "standin.json"

_NOTICE: Final = (
    "This is a random stand-in for a real vision-language model. It was made on the spot from a tiny random "
    "configuration, without pretrained weights. It is not a medical model, knows nothing of medicine, and its answers "
    "mean nothing. It exists so that training and evaluation can be run and tested without downloads."
)

_SPECIAL: Final = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
_PAD, _END_OF_TURN = _SPECIAL[0], _SPECIAL[2]
_TEMPLATE: Final = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}"
    "{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part.text }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_VOCABULARY: Final = 1024
_CONTEXT: Final = 2048  # tokens
_HIDDEN: Final = 128
#: Patches a side: a picture becomes at most 8 x 8 of them, merged 2 x 2 into 16 image tokens.
_PATCHES: Final = (4, 8)


@dataclass(frozen=True, slots=True)
class _Family:
    """What differs between the architectures: class names, patch size in pixels, and parts of the configuration."""

    config: str
    model: str
    processor: str
    video_processor: str
    patch: int
    text: dict[str, Any]
    vision: dict[str, Any]


FAMILIES: Final[dict[str, _Family]] = {
    "qwen2.5-vl": _Family(
        "Qwen2_5_VLConfig",
        "Qwen2_5_VLForConditionalGeneration",
        "Qwen2_5_VLProcessor",
        "Qwen2VLVideoProcessor",
        14,
        {"rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [4, 6, 6]}},
        {"depth": 2, "window_size": 56, "fullatt_block_indexes": [1]},
    ),
    "qwen3-vl": _Family(
        "Qwen3VLConfig",
        "Qwen3VLForConditionalGeneration",
        "Qwen3VLProcessor",
        "Qwen3VLVideoProcessor",
        16,
        {
            "head_dim": 32,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 5e6,
                "mrope_section": [6, 5, 5],
                "mrope_interleaved": True,
            },
        },
        {"depth": 3, "num_position_embeddings": 64, "deepstack_visual_indexes": [0, 1]},
    ),
}


def make_standin(out: Path, *, family: str = "qwen2.5-vl", texts: Iterable[str], seed: int) -> Path:
    """Write a tiny random model with a tokenizer trained on ``texts`` and return its folder.

    The same texts (in the same order) and seed give the same bytes.

    Raises
    ------
    UnknownName
        when there is no such family.
    """
    import torch
    import transformers

    from met_kg.models.vlm import quiet

    if family not in FAMILIES:
        raise UnknownName("stand-in family", family, FAMILIES)
    kind = FAMILIES[family]
    tokenizer = _tokenizer(texts)
    config = _config(kind, tokenizer)
    with quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = getattr(transformers, kind.model)(config).float()
        model.save_pretrained(out)
        video = {"video_processor_type": kind.video_processor, "patch_size": kind.patch}
        save_processor(_processor(kind, tokenizer), out, video)
    notice = {"stand_in": True, "family": family, "seed": seed, "notice": _NOTICE}
    (out / STAND_IN_FILE).write_text(json.dumps(notice, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    count = sum(p.numel() for p in model.parameters())
    (out / "README.md").write_text(
        f"# Stand-in model ({family})\n\n{_NOTICE}\n\n{count:,} parameters, {len(tokenizer)} tokens, seed {seed}.\n",
        encoding="utf-8",
    )
    return out


@contextmanager
def one_thread(model: str | Path) -> Iterator[None]:
    """Compute on one thread where ``model`` is a stand-in's folder; any other model takes all there are.

    A tiny model gains nothing from a second thread and loses much on a busy machine; and sums whose order depends on
    the number of cores would give other bytes on another machine.
    """
    import torch

    before = torch.get_num_threads()
    if (Path(model) / STAND_IN_FILE).is_file():
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _tokenizer(texts: Iterable[str]) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        special_tokens=list(_SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    # Roles are in every prompt, whatever the texts say.
    raw.train_from_iterator(["system user assistant", *texts], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=raw,
        eos_token=_END_OF_TURN,
        pad_token=_PAD,
        padding_side="left",
        model_max_length=_CONTEXT,
    )


def _config(kind: _Family, tokenizer: Any) -> Any:
    import transformers

    number = tokenizer.convert_tokens_to_ids
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": _HIDDEN,
        "intermediate_size": 2 * _HIDDEN,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": _CONTEXT,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": True,
    }
    vision = {
        "hidden_size": _HIDDEN // 2,
        "intermediate_size": _HIDDEN,
        "num_heads": 4,
        "patch_size": kind.patch,
        "out_hidden_size": _HIDDEN,
    }
    return getattr(transformers, kind.config)(
        text_config=text | kind.text,
        vision_config=vision | kind.vision,
        tie_word_embeddings=True,
        image_token_id=number("<|image_pad|>"),
        video_token_id=number("<|video_pad|>"),
        vision_start_token_id=number("<|vision_start|>"),
        vision_end_token_id=number("<|vision_end|>"),
    )


def _processor(kind: _Family, tokenizer: Any) -> Any:
    import transformers
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    # "Edges" of this family's image processor are areas in pixels.
    least, most = ((side * kind.patch) ** 2 for side in _PATCHES)
    images = Qwen2VLImageProcessorPil(
        patch_size=kind.patch,
        temporal_patch_size=2,
        merge_size=2,
        size={"shortest_edge": least, "longest_edge": most},
    )
    return image_only(getattr(transformers, kind.processor))(images, tokenizer, chat_template=_TEMPLATE)
