"""Train an adapter, or a whole model, through TRL's SFTTrainer and peft; a kill changes nothing in the final bytes.

Resuming is exact because a checkpoint holds weights, optimiser, schedule and random state, the order of examples
depends on the seed and epoch alone, and every step is logged on its own (nothing is averaged across a checkpoint).
Several processes (``torchrun``, ``accelerate launch``) share each step; the first of them writes.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from met_kg.errors import MetError, UsageProblem
from met_kg.log import Log, silent
from met_kg.models.memory import memory_named
from met_kg.models.merge import merge
from met_kg.models.processors import copy_processor
from met_kg.models.standin import STAND_IN_FILE, one_thread
from met_kg.models.vlm import load_model, quiet
from met_kg.records import Quarantined
from met_kg.training.adapter import check_quantization, numbers, quantization
from met_kg.training.checkpoints import checkpoint_of, open_checkpoints
from met_kg.training.config import TrainConfig
from met_kg.training.mix_report import write_mix
from met_kg.training.outputs import (
    ADAPTER_WEIGHTS,
    LOG_FILE,
    PLOT_FILE,
    check_reporters,
    log_lines,
    write_card,
    write_log,
    write_plot,
    write_record,
)
from met_kg.training.prepare import Prepared, depends_on, prepare

__all__ = ["FEW", "MERGED", "TrainResult", "processes", "train"]

#: Folder of the merged model under that of the adapter.
MERGED: Final = "merged"

#: Steps whose losses are averaged at either end, if that is more than a tenth of all: one batch alone says little.
FEW: Final = 10


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What came out: losses (nats an answer token), counts, the folder.

    The losses of the first and last steps are means over a tenth of the steps, or over :data:`FEW` steps if that is
    more. The held-out losses are the first and last that were measured (with early stopping the lowest instead of the
    last: its weights are kept), None without an ``eval_split``. ``best_step`` is None without early stopping.
    """

    first_loss: float
    last_loss: float
    steps: int
    best_step: int | None
    examples: int
    parameters: int
    trainable: int
    held_out_before: float | None
    held_out_after: float | None
    out: Path
    left_out: list[Quarantined] = field(default_factory=list)


def train(
    config: TrainConfig, *, log: Log, work: Path | None = None, base_name: str | None = None, resume: int | None = None
) -> TrainResult:
    """Train as configured and write the adapter (or model), card, record, log and plot to ``config.out``.

    Parameters
    ----------
    work
        folder for checkpoints, default ``<out>/checkpoints``; removed at the end. A later call with the same
        configuration, data and base goes on from the last whole checkpoint there.
    base_name
        how the adapter names its base, default: the hub id, or the folder's path relative to ``out``.
    resume
        go on from the checkpoint of this step, not from the latest.

    Raises
    ------
    MetError
        when the loss is no number, or memory runs out: which setting to change.
    DataProblem, MissingData, UsageProblem
        when the data, the model or the checkpoint cannot be used, or a package is missing.
    """
    check_reporters(config.report_to)
    if config.method == "qlora":
        check_quantization()
    here = processes()
    if not here.is_main_process:
        log = silent
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    name = base_name or _base_name(config.base, out)
    checkpoints = (work or out) / "checkpoints"
    from met_kg.training.trainer import make_trainer, trainer_settings

    model, processor = _load(config, config.base)
    ready = prepare(config, processor)
    for reason, count in sorted(Counter(q.reason for q in ready.left_out).items()):
        log.info(f"  left out {count}: {reason}")
    record = depends_on(config, ready, name) | _how(config, here.num_processes)
    log.info(f"  mix: {record['data']['mix']}")
    if here.is_main_process:
        open_checkpoints(checkpoints, record, log, step=resume)
    here.wait_for_everyone()
    start = checkpoint_of(checkpoints, resume)
    if start and config.method == "full":
        # Trainer reads a checkpoint's weights by the names that they have in the file. Those of many architectures are
        # not the names in the model, and it passes over what it does not know: it would go on from the base.
        model, _ = _load(config, str(start))
    with quiet():
        settings = trainer_settings(config, checkpoints, evaluate=bool(ready.held_out), resumed=start is not None)
    with quiet(), one_thread(config.base), _deterministic(), memory_named(lambda: _out_of_memory(config)):
        trainer = make_trainer(config, settings, model, processor, ready, log)
        trainer.train(resume_from_checkpoint=str(start) if start else None)
        # Where the model is spread over processes, all of them have to give their part.
        spread = trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled
        weights = trainer.accelerator.get_state_dict(trainer.model_wrapped) if spread else None
        lines = log_lines(trainer.state.log_history)
        result = _result(config, trainer, lines, ready)
        if here.is_main_process:
            best = checkpoint_of(checkpoints, result.best_step) if result.best_step is not None else None
            _save(config, trainer.model, processor, name, weights=weights, best=best)
            _write(config, record, lines, result)
            write_mix(ready.mix, ready.examples, config.mix, Path(config.out))
            if config.merge:  # on the CPU: the trained model still holds the GPU's memory
                merge(out, out / MERGED, model=config.base, device="cpu")
            shutil.rmtree(checkpoints)
    here.wait_for_everyone()
    return result


def processes() -> Any:
    """The processes that train together: accelerate's ``PartialState`` (one process, unless a launcher started more).

    Raises
    ------
    UsageProblem
        when one process sees several GPUs.
    """
    import torch
    from accelerate import PartialState

    if torch.cuda.device_count() > 1 and "LOCAL_RANK" not in os.environ:
        raise UsageProblem(
            f"{torch.cuda.device_count()} GPUs are visible to one process",
            hint="start with 'accelerate launch -m met_kg.cli train ...', or set CUDA_VISIBLE_DEVICES to one of them",
        )
    return PartialState(cpu=not torch.cuda.is_available())


def _load(config: TrainConfig, path: str) -> tuple[Any, Any]:
    # Launchers that spread a model over devices take it from the memory of the host.
    spread = any(os.environ.get(f"ACCELERATE_USE_{name}", "").lower() == "true" for name in ("FSDP", "DEEPSPEED"))
    device = "cpu" if spread else None
    return load_model(path, dtype=numbers(config).weights, device=device, quantization=quantization(config))


def _how(config: TrainConfig, count: int) -> dict[str, Any]:
    """What else the outcome depends on: how many processes, number formats."""
    four_bits = quantization(config)
    return {
        "processes": count,
        "numbers": asdict(numbers(config)),
        **({"quantization": four_bits.to_diff_dict()} if four_bits else {}),
    }


def _result(config: TrainConfig, trainer: Any, lines: list[dict[str, float]], ready: Prepared) -> TrainResult:
    losses = [line["loss"] for line in lines if "loss" in line]
    held_out = [line["eval_loss"] for line in lines if "eval_loss" in line]
    few = max(FEW, len(losses) // 10)
    stops = config.early_stopping_patience is not None
    return TrainResult(
        first_loss=fmean(losses[:few]),
        last_loss=fmean(losses[-few:]),
        steps=trainer.state.global_step,
        best_step=trainer.state.best_global_step if stops else None,
        examples=len(ready.examples),
        parameters=sum(p.numel() for p in trainer.model.parameters()),
        trainable=sum(p.numel() for p in trainer.model.parameters() if p.requires_grad),
        held_out_before=held_out[0] if held_out else None,
        held_out_after=(min(held_out[1:]) if stops else held_out[-1]) if held_out else None,
        out=Path(config.out),
        left_out=ready.left_out,
    )


def _write(config: TrainConfig, record: dict[str, Any], lines: list[dict[str, float]], result: TrainResult) -> None:
    out = result.out
    figures = ("first_loss", "last_loss", "held_out_before", "held_out_after", "steps", "parameters", "trainable")
    record |= {figure: getattr(result, figure) for figure in figures}
    if result.best_step is not None:
        record["best_step"] = result.best_step
    write_log(lines, out / LOG_FILE)
    write_plot(lines, out / PLOT_FILE, f"{config.method} on {result.examples} examples")
    write_record(record, out)
    write_card(record, out)


def _save(
    config: TrainConfig,
    model: Any,
    processor: Any,
    base_name: str,
    *,
    weights: dict[str, Any] | None,
    best: Path | None,
) -> None:
    """Write adapter or model; ``weights``: gathered from several devices; ``best``: the checkpoint to take instead."""
    import torch

    out = Path(config.out)
    if config.method == "full":
        if best is not None:
            model, weights = _load(config, str(best))[0], None
        if numbers(config).autocast:
            model = model.to(torch.bfloat16)
            weights = {n: w.to(torch.bfloat16) for n, w in weights.items()} if weights else None
        model.save_pretrained(out, state_dict=weights)
        copy_processor(config.base, out)
        mark = Path(config.base) / STAND_IN_FILE
        if mark.is_file():
            shutil.copyfile(mark, out / STAND_IN_FILE)
        return
    model.peft_config["default"].base_model_name_or_path = base_name
    # Embeddings are not trained; asking peft to find out would make it look the base up by name.
    model.save_pretrained(out, save_embedding_layers=False, state_dict=weights)
    if best is not None:
        shutil.copyfile(best / ADAPTER_WEIGHTS, out / ADAPTER_WEIGHTS)


def _base_name(model: str, out: Path) -> str:
    return os.path.relpath(model, out) if Path(model).is_dir() else model


@contextmanager
def _deterministic() -> Iterator[None]:
    """Deterministic algorithms where torch has them."""
    import torch

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # Torch would also fill every fresh tensor with NaN in this mode, to show reads of memory never written: a third of
    # the time of a small model, and no help towards the same bytes.
    switches: Any = torch.utils.deterministic
    filling = switches.fill_uninitialized_memory
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    switches.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
        switches.fill_uninitialized_memory = filling


def _out_of_memory(config: TrainConfig) -> MetError:
    advice = []
    if config.batch_size > 1:
        advice.append(
            f"lower batch_size (now {config.batch_size}) and raise gradient_accumulation (now "
            f"{config.gradient_accumulation}) by the same factor"
        )
    if not config.gradient_checkpointing:
        advice.append("set gradient_checkpointing: true")
    advice.append(f"lower image_side (now {config.image_side}) or max_length (now {config.max_length})")
    return MetError("the memory does not hold this training", hint="; ".join(advice))
