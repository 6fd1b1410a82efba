"""What a training would do, without doing it: examples as the model sees them, counts, memory."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from met_kg.errors import UsageProblem
from met_kg.models.vlm import load_model
from met_kg.training.config import TrainConfig
from met_kg.training.prepare import Prepared, prepare
from met_kg.training.targets import adapter_targets

__all__ = ["describe"]

_MIB: Final = 2**20
#: Bytes a trainable number costs beside itself: gradient and two Adam moments in fp32.
_OPTIMISER: Final = 12
#: Bytes of activations a token, layer and hidden unit in 16 bit (Korthikanti et al. 2022, without attention scores).
_ACTIVATION: Final = 34


def describe(config: TrainConfig, *, count: int = 3) -> Iterator[str]:
    """Lines for a person: ``count`` examples with masked tokens in ``[[...]]``, then counts and a memory estimate.

    The model's weights are not loaded.
    """
    from met_kg.training.collate import Collator, as_rows, shown

    dtype = {"auto": "auto", "bf16": "bfloat16", "fp32": "float32"}[config.precision]
    model, processor = load_model(config.base, dtype=dtype, weights=False)
    ready = prepare(config, processor)
    collator = Collator(processor, config.image_side)
    yield "Examples as the model sees them; [[...]] is masked: no loss is taken there."
    for example in ready.examples[:count]:
        batch = collator(as_rows([example]))
        learnt = int((batch["labels"] != -100).sum())
        yield ""
        yield f"{example.id} ({example.kind}, {batch['input_ids'].shape[1]} tokens, {learnt} of them learnt)"
        yield shown(batch, 0, processor)
    yield ""
    yield from _counts(config, ready)
    yield from _memory(config, model, max(ready.lengths))


def _counts(config: TrainConfig, ready: Prepared) -> Iterator[str]:
    kinds = Counter(e.kind for e in ready.examples)
    yield f"examples: {len(ready.examples)} ({', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items()))})"
    yield f"tokens an example: median {statistics.median(ready.lengths):g}, longest {max(ready.lengths)}"
    for reason, number in sorted(Counter(q.reason for q in ready.left_out).items()):
        yield f"left out: {number}: {reason}"
    a_step = config.batch_size * config.gradient_accumulation
    a_pass = -(-len(ready.examples) // a_step)
    steps = config.max_steps or round(a_pass * config.epochs)
    yield f"steps: {steps} of {a_step} examples ({steps / a_pass:.2f} passes over the examples)"


def _memory(config: TrainConfig, model: Any, longest: int) -> Iterator[str]:
    width = model.dtype.itemsize
    total = sum(p.numel() for p in model.parameters())
    trainable = total if config.method == "full" else _adapter_size(config, model)
    text = model.config.get_text_config()
    layers = 1 if config.gradient_checkpointing else text.num_hidden_layers
    activations = _ACTIVATION * width / 2 * config.batch_size * longest * text.hidden_size * layers
    parts = {
        "weights": (total * width + (0 if config.method == "full" else 4 * trainable)) / _MIB,
        "gradients and optimiser": _OPTIMISER * trainable / _MIB,
        "activations": activations / _MIB,
    }
    yield f"parameters: {total:,}, of which {trainable:,} are trained" + (" (added)" if trainable != total else "")
    shown = ", ".join(f"{name} {size:,.0f}" for name, size in parts.items())
    yield f"memory, estimated: {sum(parts.values()):,.0f} MiB on the device ({shown}); images come on top"


def _adapter_size(config: TrainConfig, model: Any) -> int:
    targets = adapter_targets(model, config.targets, config.target_regex, plain=config.plain)
    pattern = targets["target_modules"] or ""
    linear = [m for name, m in model.named_modules() if re.fullmatch(pattern, name) and hasattr(m, "in_features")]
    sizes = [(m.in_features, m.out_features) for m in linear]
    sizes += [tuple(model.get_parameter(name).shape) for name in targets.get("target_parameters", ())]
    if not sizes:
        raise UsageProblem(f"target_regex '{pattern}' matches no linear layer of the model")
    dora = config.method == "dora"
    return sum(config.rank * (wide + high) + (high if dora else 0) for wide, high in sizes)
