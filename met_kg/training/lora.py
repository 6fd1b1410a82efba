"""Train an adapter, or a whole model, through TRL's SFTTrainer and peft; a kill changes nothing in the final bytes.

Resuming is exact because a checkpoint holds weights, optimiser, schedule and random state, the order of examples
depends on the seed and epoch alone, and every step is logged on its own (nothing is averaged across a checkpoint).
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from met_kg.errors import MetError, UsageProblem
from met_kg.log import Log
from met_kg.models.processors import copy_processor
from met_kg.models.standin import STAND_IN_FILE, one_thread
from met_kg.models.vlm import load_model, quiet
from met_kg.records import Quarantined
from met_kg.training.checkpoints import last_checkpoint, open_checkpoints
from met_kg.training.config import TrainConfig
from met_kg.training.outputs import LOG_FILE, PLOT_FILE, write_card, write_log, write_plot, write_record
from met_kg.training.prepare import Prepared, depends_on, prepare
from met_kg.training.targets import adapter_targets

__all__ = ["FEW", "TrainResult", "train"]

#: Steps whose losses are averaged at either end, if that is more than a tenth of all: one batch alone says little.
FEW: Final = 10


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What came out: losses (nats an answer token), counts, the folder.

    The losses of the first and last steps are means over a tenth of the steps, or over :data:`FEW` steps if that is
    more. The held-out losses are the first and last that were measured, None without an ``eval_split``.
    """

    first_loss: float
    last_loss: float
    steps: int
    examples: int
    parameters: int
    trainable: int
    held_out_before: float | None
    held_out_after: float | None
    out: Path
    left_out: list[Quarantined] = field(default_factory=list)


def train(config: TrainConfig, *, log: Log, work: Path | None = None, base_name: str | None = None) -> TrainResult:
    """Train as configured and write the adapter (or model), card, record, log and plot to ``config.out``.

    Parameters
    ----------
    work
        folder for checkpoints, default ``<out>/checkpoints``; removed at the end. A later call with the same
        configuration, data and base goes on from the last whole checkpoint there.
    base_name
        how the adapter names its base, default: the hub id, or the folder's path relative to ``out``.

    Raises
    ------
    MetError
        when the loss is no number, or memory runs out: which setting to change.
    DataProblem, MissingData, UsageProblem
        when the data or the model cannot be used.
    """
    import torch

    if torch.cuda.device_count() > 1 and "LOCAL_RANK" not in os.environ:
        raise UsageProblem(
            f"{torch.cuda.device_count()} GPUs are visible to one process",
            hint="start with 'accelerate launch -m met_kg.cli train ...', or set CUDA_VISIBLE_DEVICES to one of them",
        )
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    name = base_name or _base_name(config.base, out)
    dtype = {"auto": "auto", "bf16": "bfloat16", "fp32": "float32"}[config.precision]
    model, processor = load_model(config.base, dtype=dtype)
    ready = prepare(config, processor)
    for reason, count in sorted(Counter(q.reason for q in ready.left_out).items()):
        log.info(f"  left out {count}: {reason}")
    checkpoints = (work or out) / "checkpoints"
    record = depends_on(config, ready, name)
    open_checkpoints(checkpoints, record, log)
    start = last_checkpoint(checkpoints)
    if start and config.method == "full":
        # Trainer reads a checkpoint's weights by the names that they have in the file. Those of many architectures are
        # not the names in the model, and it passes over what it does not know: it would go on from the base.
        model, _ = load_model(start, dtype=dtype)
    with quiet(), one_thread(config.base), _deterministic():
        trainer = _trainer(config, model, processor, ready, checkpoints, log)
        try:
            trainer.train(resume_from_checkpoint=start)
        except (torch.OutOfMemoryError, MemoryError) as problem:
            raise _out_of_memory(config) from problem
        except RuntimeError as problem:
            if "memory" not in str(problem):
                raise
            raise _out_of_memory(config) from problem
        if trainer.is_world_process_zero():
            _save(config, trainer.model, out, name)
            lines = write_log(trainer.state.log_history, out / LOG_FILE)
    losses = [line["loss"] for line in lines if "loss" in line]
    held_out = [line["eval_loss"] for line in lines if "eval_loss" in line]
    few = max(FEW, len(losses) // 10)
    result = TrainResult(
        first_loss=fmean(losses[:few]),
        last_loss=fmean(losses[-few:]),
        steps=trainer.state.global_step,
        examples=len(ready.examples),
        parameters=sum(p.numel() for p in trainer.model.parameters()),
        trainable=sum(p.numel() for p in trainer.model.parameters() if p.requires_grad),
        held_out_before=held_out[0] if held_out else None,
        held_out_after=held_out[-1] if held_out else None,
        out=out,
        left_out=ready.left_out,
    )
    figures = ("first_loss", "last_loss", "held_out_before", "held_out_after", "steps", "parameters", "trainable")
    for figure in figures:
        record[figure] = getattr(result, figure)
    write_plot(lines, out / PLOT_FILE, f"{config.method} on {len(ready.examples)} examples")
    write_record(record, out)
    write_card(record, out)
    shutil.rmtree(checkpoints)
    return result


def _trainer(config: TrainConfig, model: Any, processor: Any, ready: Prepared, checkpoints: Path, log: Log) -> Any:
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import PrinterCallback
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    from met_kg.training.collate import Collator, as_rows
    from met_kg.training.watch import Watch

    adapter = None
    if config.method != "full":
        adapter = LoraConfig(
            task_type="CAUSAL_LM",
            r=config.rank,
            lora_alpha=config.lora_alpha,
            lora_dropout=config.dropout,
            use_rslora=config.method == "rslora",
            use_dora=config.method == "dora",
            **adapter_targets(model, config.targets, config.target_regex, plain=config.plain),
        )
    on_gpu = torch.cuda.is_available()
    settings = SFTConfig(
        output_dir=str(checkpoints),
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        gradient_accumulation_steps=config.gradient_accumulation,
        gradient_checkpointing=config.gradient_checkpointing,
        learning_rate=config.lr,
        lr_scheduler_type=f"{config.scheduler}_with_warmup" if config.scheduler == "constant" else config.scheduler,
        warmup_steps=config.warmup,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        num_train_epochs=config.epochs,
        max_steps=config.max_steps or -1,
        bf16=on_gpu and model.dtype == torch.bfloat16,
        use_cpu=not on_gpu,
        max_length=None,
        save_steps=config.save_steps,
        save_total_limit=2,
        eval_strategy="steps" if ready.held_out else "no",
        eval_steps=config.save_steps,
        eval_on_start=bool(ready.held_out),
        logging_steps=1,
        logging_nan_inf_filter=False,
        seed=config.seed,
        data_seed=config.seed,
        dataloader_num_workers=0,
        disable_tqdm=True,
        report_to="none",
    )
    watch = Watch(config.lr, log)
    trainer = SFTTrainer(
        model=model,
        args=settings,
        data_collator=Collator(processor, config.image_side),
        train_dataset=Dataset.from_list(as_rows(ready.examples)),
        eval_dataset=Dataset.from_list(as_rows(ready.held_out)) if ready.held_out else None,
        processing_class=processor,
        peft_config=adapter,
        callbacks=[watch],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _save(config: TrainConfig, model: Any, out: Path, base_name: str) -> None:
    if config.method == "full":
        model.save_pretrained(out)
        copy_processor(config.base, out)
        mark = Path(config.base) / STAND_IN_FILE
        if mark.is_file():
            shutil.copyfile(mark, out / STAND_IN_FILE)
        return
    model.peft_config["default"].base_model_name_or_path = base_name
    # Embeddings are not trained; asking peft to find out would make it look the base up by name.
    model.save_pretrained(out, save_embedding_layers=False)


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
