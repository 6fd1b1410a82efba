"""A callback that watches a training: says how far it is, stops it when the loss is no number, marks checkpoints."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from met_kg.errors import MetError
from met_kg.log import Log
from met_kg.training.checkpoints import WHOLE

__all__ = ["Watch"]


class Watch(TrainerCallback):
    """See the module."""

    def __init__(self, lr: float, log: Log) -> None:
        self._lr, self._log = lr, log
        self._last = time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Look at the loss of the step."""
        logs = logs or {}
        for name in ("loss", "grad_norm", "eval_loss"):
            value = logs.get(name)
            if value is not None and not math.isfinite(float(value)):
                raise MetError(
                    f"the {name.replace('_', ' ')} is {float(value)} at step {state.global_step}",
                    where=f"lr {self._lr:g}",
                    hint="lower lr, or lengthen the warmup",
                )
        if "loss" in logs and time.monotonic() - self._last >= self._log.every:
            self._last = time.monotonic()
            self._log.info(f"  step {state.global_step} of {state.max_steps}: loss {logs['loss']:.4f}")

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Mark the checkpoint that was just written, unless it ends the training.

        A trainer that goes on from its last step would take one more. So a kill between that step and the final files
        goes on from the checkpoint before.
        """
        args.distributed_state.wait_for_everyone()  # each process writes its random state
        if state.is_world_process_zero and not control.should_training_stop:
            (Path(args.output_dir) / f"checkpoint-{state.global_step}" / WHOLE).touch()
