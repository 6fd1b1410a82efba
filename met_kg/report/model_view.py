"""What the report says of training: the loss, the base model, the method."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from met_kg.models.vlm import TRAINING_FILE
from met_kg.report.charts import line_chart
from met_kg.report.provenance_view import flat_counts
from met_kg.report.run_data import RunData, read_json, read_jsonl

__all__ = ["training_view"]

#: What is told of ``adapter_config.json``: name here, key there.
_CONFIG: Final = (
    ("method", "peft_type"),
    ("rank", "r"),
    ("alpha", "lora_alpha"),
    ("dropout", "lora_dropout"),
    ("rank-stabilised", "use_rslora"),
    ("DoRA", "use_dora"),
    ("adapted modules", "target_modules"),
)


def training_view(data: RunData) -> dict[str, Any] | None:
    """The loss of the adapter (and of the stand-in below it), base model and method; None before that step."""
    adapter, base = data.run / "adapter", data.run / "base"
    if not adapter.is_dir():
        return None
    config = read_json(adapter / "adapter_config.json")
    logs = [_log("stand-in, trained in full", base), _log("adapter", adapter)]
    return {
        "stand_in": base.is_dir(),
        "logs": [log for log in logs if log],
        "method": [(name, _words(config[key])) for name, key in _CONFIG if config.get(key) not in (None, "", [])],
        "counts": flat_counts({**data.counts("base"), **data.counts("train")}),
    }


def _log(name: str, folder: Path) -> dict[str, Any] | None:
    """Loss of the first and of the last steps, and the curve of one training log; None when it has no loss."""
    points = [
        (float(r["step"]), float(r["loss"]))
        for r in read_jsonl(folder / "training_log.jsonl")
        if isinstance(r.get("loss"), int | float) and isinstance(r.get("step"), int | float)
    ]
    record = read_json(folder / TRAINING_FILE)
    if not points or not record:
        return None
    return {
        "name": name,
        "steps": int(points[-1][0]),
        "first": record["first_loss"],
        "last": record["last_loss"],
        "held_out": [record[k] for k in ("held_out_before", "held_out_after") if record.get(k) is not None],
        "chart": line_chart(points, width=500, height=220),
    }


def _words(value: object) -> str:
    """A setting in words; lists in sorted order, because peft writes sets."""
    if isinstance(value, list):
        return ", ".join(sorted(map(str, value)))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
