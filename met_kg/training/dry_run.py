"""What a training would do, without doing it: examples as the model sees them, counts, memory."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from met_kg.models.vlm import load_model
from met_kg.training.adapter import adapted, numbers
from met_kg.training.config import TrainConfig
from met_kg.training.mix_report import mix_lines, mix_table
from met_kg.training.prepare import Prepared, prepare
from met_kg.training.targets import part_of

__all__ = ["describe", "memory"]

_MIB: Final = 2**20
#: Bytes a trainable number costs beside itself: gradient and two Adam moments in fp32.
_OPTIMISER: Final = 12


def describe(config: TrainConfig, *, count: int = 3) -> Iterator[str]:
    """Lines for a person: ``count`` examples with masked tokens in ``[[...]]``, then counts and a memory estimate.

    The model's weights are not loaded.
    """
    from met_kg.training.collate import Collator, as_rows, shown
    from met_kg.training.curriculum import course, curriculum_order

    model, processor = load_model(config.base, dtype=numbers(config).weights, weights=False)
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
    yield from mix_lines(ready.mix, mix_table(ready.mix, ready.examples, config.mix))
    order = curriculum_order(config, ready, config.batch_size * config.gradient_accumulation)
    if order is not None:
        yield f"curriculum: {course(order, ready.mix.values(ready.examples))}"
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
    estimate = memory(config, model, longest)
    total = sum(p.numel() for p in model.parameters())
    trainable = total if config.method == "full" else _adapter_size(config, model)
    yield f"parameters: {total:,}, of which {trainable:,} are trained" + (" (added)" if trainable != total else "")
    shown = ", ".join(f"{name} {size / _MIB:,.0f}" for name, size in estimate.items())
    yield f"memory, estimated: {sum(estimate.values()) / _MIB:,.0f} MiB on each device ({shown})"


def memory(config: TrainConfig, model: Any, longest: int) -> dict[str, float]:
    """Estimated bytes on a device: what stays (weights, gradients, optimiser) and what a pass keeps for the way back.

    A full training keeps 16 bytes a weight, an adapter its base and 16 bytes for each of its own. Activations are those
    of the language part, as its layers keep them; the gradients of one layer on their way, a trained vision part and
    what the allocator does not give back come on top.

    Parameters
    ----------
    longest
        tokens of the longest example; a batch is taken to be full of such.
    """
    formats = numbers(config)
    total = sum(p.numel() for p in model.parameters())
    trainable = total if config.method == "full" else _adapter_size(config, model)
    width = 4.0 if formats.weights == "float32" else 2.0
    if config.method == "qlora":
        # 4 bits a weight of a linear layer, and a scale for each 64 of them: 32 bits, or 8 when quantized themselves.
        linear = sum(m.weight.numel() for m in model.modules() if type(m).__name__ == "Linear")
        scales = (1 if config.double_quantization else 4) / 64
        frozen = linear * (0.5 + scales) + (total - linear) * width
    else:
        frozen = 0.0 if config.method == "full" else total * width
    kept = _kept(config, model) * (2 if formats.autocast else 4) * config.batch_size * longest
    return {
        "weights": frozen + 4.0 * trainable,
        "gradients and optimiser": _OPTIMISER * trainable,
        "activations": kept,
    }


def _kept(config: TrainConfig, model: Any) -> float:
    """Numbers that a token leaves for the way back, all layers together."""
    text = model.config.get_text_config()
    hidden, layers = text.hidden_size, text.num_hidden_layers
    head = getattr(text, "head_dim", None) or hidden // text.num_attention_heads
    keys = head * (getattr(text, "num_key_value_heads", None) or text.num_attention_heads)
    # Inputs of norms, attention and projections; keys and values; the gated hidden layer. The kernel of the attention
    # keeps no scores.
    layer: float = 9 * hidden + 2 * keys + 4 * text.intermediate_size
    if config.method != "full" and config.dropout:
        # Each adapted module keeps its input a second time, after dropout, and which numbers were dropped.
        inputs = [
            model.get_submodule(name).in_features for name in adapted(config, model) if part_of(name) == "language"
        ]
        layer += 1.25 * sum(inputs) / layers
    # With checkpointing the input of each layer, and one layer at a time in full.
    kept = layers * hidden + layer if config.gradient_checkpointing else layers * layer
    return float(kept)


def _adapter_size(config: TrainConfig, model: Any) -> int:
    matrices = dict(model.named_parameters())
    size = 0
    for name, rank in adapted(config, model).items():
        high, wide = (matrices[name] if name in matrices else matrices[f"{name}.weight"]).shape
        size += rank * (high + wide) + (high if config.method == "dora" else 0)
    return size
