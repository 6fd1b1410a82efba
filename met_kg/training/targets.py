"""Which modules an adapter changes: the linear layers of a model's language part, projector or vision part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal

from met_kg.errors import UsageProblem

__all__ = ["Part", "part_of", "target_regex"]

Part = Literal["language", "projector", "vision"]
#: Names that transformers' vision-language models give to their parts, outermost word first.
_PROJECTOR: Final = re.compile(
    r"(^|\.)(multi_modal_projector|mm_projector|connector|merger|deepstack_merger_list)(\.|$)"
)
_VISION: Final = re.compile(r"(^|\.)(visual|vision_tower|vision_model|vision_encoder)(\.|$)")


def part_of(module: str) -> Part:
    """The part of the model that a module belongs to, by its name.

    >>> part_of("model.visual.merger.mlp.0"), part_of("model.visual.blocks.1.attn.qkv")
    ('projector', 'vision')
    >>> part_of("model.language_model.layers.0.mlp.up_proj")
    'language'
    """
    if _PROJECTOR.search(module):
        return "projector"
    return "vision" if _VISION.search(module) else "language"


def target_regex(model: Any, parts: Sequence[Part]) -> str:
    """A pattern that matches exactly the linear layers of the wanted parts, the output head excepted.

    A pattern rather than a list: peft keeps lists as sets, whose order in the saved configuration changes from run to
    run.

    Raises
    ------
    UsageProblem
        when the model has no linear layer in one of the parts.
    """
    import torch

    linear = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    head = model.get_output_embeddings()
    names = [name for name in linear if model.get_submodule(name) is not head]
    wanted = [name for name in names if part_of(name) in parts]
    for part in parts:
        if not any(part_of(name) == part for name in wanted):
            raise UsageProblem(f"the model has no linear layer in its {part} part", hint="give target_regex")
    # Layers of a stack differ by a number only. A number at the end is kept: its neighbours may be of another kind.
    shapes = {re.sub(r"\\\.\d+(?=\\\.)", r"\\.\\d+", re.escape(name)) for name in wanted}
    return "(" + "|".join(sorted(shapes)) + ")"
