"""What stand-ins of all families have in common: a trained tokenizer and the usual settings of the two halves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["CONTEXT", "Family", "images", "text_settings", "vision_settings"]

#: Tokens that a model takes.
CONTEXT: Final = 2048
_VOCABULARY: Final = 1024


@dataclass(frozen=True, slots=True)
class Family:
    """What differs between the architectures.

    Parameters
    ----------
    model
        name of the model's class in transformers.
    special
        tokens that no text is split into, in the order of their numbers.
    end
        the token that ends an answer.
    processor
        makes the processor around a tokenizer.
    config
        makes the model's configuration for a processor and a width.
    named
        what the tokenizer knows special tokens by: ``pad_token``, ``image_token`` ...
    adds_bos
        whether the tokenizer itself begins each text with ``bos_token``.
    video
        configuration of the processor's video part, where it has one.
    matrices
        parameters that transformers leaves at zero for a checkpoint to fill; here they are random.
    """

    model: str
    special: tuple[str, ...]
    end: str
    processor: Callable[[Any], Any]
    config: Callable[[Any, int], Any]
    named: Mapping[str, str]
    adds_bos: bool = False
    video: Mapping[str, Any] = field(default_factory=dict)
    matrices: tuple[str, ...] = ()

    def tokenizer(self, texts: Iterable[str]) -> Any:
        """A byte-level BPE tokenizer trained on ``texts``; the same texts give the same one."""
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
        from transformers import PreTrainedTokenizerFast

        raw = Tokenizer(models.BPE())
        raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        raw.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=_VOCABULARY,
            special_tokens=list(self.special),
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        # Roles are in every prompt, whatever the texts say.
        raw.train_from_iterator(["system user assistant", *texts], trainer)
        own = {name: token for name, token in self.named.items() if name in ("bos_token", "eos_token", "pad_token")}
        more = {name: token for name, token in self.named.items() if name not in own}
        return PreTrainedTokenizerFast(
            tokenizer_object=raw,
            padding_side="left",
            model_max_length=CONTEXT,
            **own,
            **({"extra_special_tokens": more} if more else {}),
            **({"add_bos_token": True} if self.adds_bos else {}),
        )


def text_settings(tokenizer: Any, hidden: int) -> dict[str, Any]:
    """Two layers with heads of 32 numbers, two of which share a key."""
    heads = hidden // 32
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": hidden,
        "intermediate_size": 2 * hidden,
        "num_hidden_layers": 2,
        "num_attention_heads": heads,
        "num_key_value_heads": max(1, heads // 2),
        "max_position_embeddings": CONTEXT,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def vision_settings(hidden: int, side: int, patch: int) -> dict[str, Any]:
    """A vision transformer half as wide; ``side`` of the picture and of its patches in pixels."""
    return {
        "hidden_size": hidden // 2,
        "intermediate_size": hidden,
        "num_hidden_layers": 2,
        "num_attention_heads": max(1, hidden // 32),
        "image_size": side,
        "patch_size": patch,
    }


def images(name: str, **settings: Any) -> Any:
    """An image processor that works with Pillow alone; saved, it is the stock one of that name."""
    import transformers

    return getattr(transformers, f"{name}Pil")(**settings)
