"""TRL's trainer, set up for a configuration: schedule, order of examples, checkpoints, callbacks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import EarlyStoppingCallback, PrinterCallback, TrainerCallback
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from met_kg.log import Log
from met_kg.training.adapter import lora_config, numbers
from met_kg.training.batches import BatchOrder, EpochTold
from met_kg.training.collate import Collator, as_rows
from met_kg.training.config import TrainConfig
from met_kg.training.curriculum import course, curriculum_order
from met_kg.training.prepare import Prepared
from met_kg.training.watch import Watch

__all__ = ["OrderedTrainer", "make_trainer", "trainer_settings"]


class OrderedTrainer(SFTTrainer):
    """TRL's trainer with an order of examples of ours, and a loss that is a mean over the answer tokens of a step.

    Many vision-language models say that their own loss cannot be told how many tokens a step has; transformers then
    averages the means of passes and processes, in which a token of a short answer weighs more. TRL computes the loss
    itself and can be told, so the same examples give the same step however they are spread.
    """

    def __init__(self, *, order: BatchOrder, **rest: Any) -> None:
        self._order = order
        super().__init__(**rest)
        self.model_accepts_loss_kwargs = True

    def _send_telemetry(self) -> None:
        """Nothing is sent anywhere."""

    def _get_train_sampler(self, train_dataset: Any = None) -> BatchOrder:
        return self._order


def trainer_settings(config: TrainConfig, checkpoints: Path, *, evaluate: bool, resumed: bool) -> SFTConfig:
    """The Trainer's settings.

    Parameters
    ----------
    checkpoints
        folder that they are written to.
    evaluate
        measure the held-out loss: before the first step (not again when ``resumed``) and at every checkpoint.
    """
    import torch

    on_gpu = torch.cuda.is_available()
    stops = config.early_stopping_patience is not None
    return SFTConfig(
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
        bf16=numbers(config).autocast,
        use_cpu=not on_gpu,
        max_length=None,
        save_steps=config.save_steps,
        # The best checkpoint is kept beside the latest.
        save_total_limit=config.keep_checkpoints + stops,
        metric_for_best_model="eval_loss" if stops else None,
        greater_is_better=False if stops else None,
        restore_callback_states_from_checkpoint=stops,
        eval_strategy="steps" if evaluate else "no",
        eval_steps=config.save_steps,
        eval_on_start=evaluate and not resumed,
        logging_steps=1,
        logging_nan_inf_filter=False,
        seed=config.seed,
        data_seed=config.seed,
        dataloader_num_workers=config.workers,
        dataloader_persistent_workers=config.workers > 0,
        disable_tqdm=True,
        report_to=list(config.report_to) or "none",
    )


def make_trainer(
    config: TrainConfig, settings: SFTConfig, model: Any, processor: Any, ready: Prepared, log: Log
) -> OrderedTrainer:
    """The trainer of a model, its adapter made.

    Raises
    ------
    UsageProblem
        when the adapter does not fit the model.
    """
    step = config.batch_size * config.gradient_accumulation * settings.world_size
    rows, lengths = Dataset.from_list(as_rows(ready.examples)), ready.lengths
    arranged = curriculum_order(config, ready, step)
    if arranged is not None:
        # One long pass: the order runs through all of the training.
        settings.num_train_epochs = 1.0
        log.info(f"  curriculum: {course(arranged, ready.mix.values(ready.examples))}")
        rows, lengths = rows.select(arranged.places), [lengths[place] for place in arranged.places]
    order = BatchOrder(
        lengths,
        step,
        seed=config.seed,
        grouped=config.order == "grouped" and arranged is None,
        shuffled=config.order != "as-given" and arranged is None,
    )
    callbacks: list[TrainerCallback] = [EpochTold(order), Watch(config.lr, log)]
    if config.early_stopping_patience is not None:
        callbacks.append(EarlyStoppingCallback(config.early_stopping_patience, config.early_stopping_threshold))
    if "tensorboard" in config.report_to:
        os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(Path(config.out) / "tensorboard"))
    trainer = OrderedTrainer(
        order=order,
        model=model,
        args=settings,
        data_collator=Collator(processor, config.image_side),
        train_dataset=rows,
        eval_dataset=Dataset.from_list(as_rows(ready.held_out)) if ready.held_out else None,
        processing_class=processor,
        peft_config=lora_config(config, model),
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer
