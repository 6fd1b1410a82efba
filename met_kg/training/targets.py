"""What an adapter changes: the linear layers of a model's language part, projector or vision part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal

from met_kg.errors import UsageProblem

__all__ = ["Part", "adapter_targets", "part_of", "target_parameters", "target_regex"]

Part = Literal["language", "projector", "vision"]
#: Names that transformers' vision-language models give to their parts, outermost word first.
_PROJECTOR: Final = re.compile(
    r"(^|\.)(multi_modal_projector|mm_projector|connector|merger|deepstack_merger_list|aligner|resampler)(\.|$)"
)
_VISION: Final = re.compile(r"(^|\.)(visual|vision_tower|vision_model|vision_encoder|image_tower)(\.|$)")


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


def adapter_targets(model: Any, parts: Sequence[Part], regex: str | None = None, *, plain: bool) -> dict[str, Any]:
    """What ``peft.LoraConfig`` is told to adapt: ``target_modules``, and ``target_parameters`` where there are any.

    Parameters
    ----------
    regex
        a pattern of module names that counts instead of the parts.
    plain
        whether the adapter has neither dropout nor DoRA: peft adapts a bare matrix so alone.

    Raises
    ------
    UsageProblem
        when the model has nothing to adapt in one of the parts, or only a matrix that cannot be.
    """
    if regex:
        return {"target_modules": regex}
    matrices = target_parameters(model, parts)
    if matrices and not plain:
        raise UsageProblem(
            f"the projector of this model is a bare matrix ({matrices[0]}), which takes neither dropout nor DoRA",
            hint="set dropout: 0 and method: lora or rslora, or leave the projector out of targets",
        )
    return {"target_modules": target_regex(model, parts)} | ({"target_parameters": matrices} if matrices else {})


def target_regex(model: Any, parts: Sequence[Part]) -> str | None:
    """A pattern that matches exactly the linear layers of the wanted parts, the output head excepted.

    A pattern rather than a list: peft keeps lists as sets, whose order in the saved configuration changes from run to
    run. None where all that is wanted is a bare matrix (:func:`target_parameters`).

    Raises
    ------
    UsageProblem
        when the model has nothing to adapt in one of the parts.
    """
    import torch

    linear = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    head = model.get_output_embeddings()
    names = [name for name in linear if model.get_submodule(name) is not head]
    wanted = [name for name in names if part_of(name) in parts]
    matrices = target_parameters(model, parts)
    for part in parts:
        if not any(part_of(name) == part for name in [*wanted, *matrices]):
            raise UsageProblem(f"the model has no linear layer in its {part} part", hint="give target_regex")
    # Layers of a stack differ by a number only. A number at the end is kept: its neighbours may be of another kind.
    shapes = {re.sub(r"\\\.\d+(?=\\\.)", r"\\.\\d+", re.escape(name)) for name in wanted}
    return "(" + "|".join(sorted(shapes)) + ")" if shapes else None


def target_parameters(model: Any, parts: Sequence[Part]) -> list[str]:
    """Names of matrices that do a linear layer's work without being one: the projector of Gemma 3."""
    import torch

    if "projector" not in parts:
        return []
    modules = [(name, module) for name, module in model.named_modules() if part_of(name) == "projector"]
    if any(isinstance(module, torch.nn.Linear) for _, module in modules):
        return []
    own = [
        (f"{name}.{key}", value) for name, module in modules for key, value in module.named_parameters(recurse=False)
    ]
    return [name for name, value in own if value.ndim == 2]
