"""What a training leaves beside the weights: the card, the record, the log and the loss plot. No clock, no host."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from met_kg.errors import UsageProblem
from met_kg.models.vlm import TRAINING_FILE
from met_kg.training.mix_report import MIX_FILE, SUMMARY_FILE

__all__ = [
    "ADAPTER_WEIGHTS",
    "LOG_FILE",
    "PLOT_FILE",
    "check_reporters",
    "log_lines",
    "write_card",
    "write_log",
    "write_plot",
    "write_record",
]

ADAPTER_WEIGHTS: Final = "adapter_model.safetensors"

LOG_FILE: Final = "training_log.jsonl"
PLOT_FILE: Final = "loss.svg"
#: Name in the log here, name in the Trainer's history there.
_LOGGED: Final = {
    "loss": "loss",
    "eval_loss": "eval_loss",
    "lr": "learning_rate",
    "grad_norm": "grad_norm",
    "token_accuracy": "mean_token_accuracy",
}


def check_reporters(names: Sequence[str]) -> None:
    """See that the packages of ``report_to`` are there.

    Raises
    ------
    UsageProblem
        when one is not installed.
    """
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise UsageProblem(
                f"report_to: the package {name} is not installed", hint=f"pip install {name}, or leave it out"
            )


def log_lines(history: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """A line a step with its loss (mean over answer tokens) and learning rate, and one for each held-out loss."""
    return [
        {"step": int(entry["step"])} | {name: entry[key] for name, key in _LOGGED.items() if key in entry}
        for entry in history
        if "loss" in entry or "eval_loss" in entry
    ]


def write_log(lines: Sequence[Mapping[str, float]], path: Path) -> None:
    """The lines as JSON, one each."""
    path.write_text("".join(json.dumps(line, sort_keys=True) + "\n" for line in lines), encoding="utf-8")


def write_plot(lines: Sequence[Mapping[str, float]], path: Path, title: str) -> None:
    """The loss over the steps as SVG; the same log gives the same bytes."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "met-kg", "svg.fonttype": "none"}):
        figure = Figure(figsize=(6, 3.2), layout="constrained")
        axes = figure.add_subplot()
        for key, name in (("loss", "training"), ("eval_loss", "held out")):
            points = [(line["step"], line[key]) for line in lines if key in line]
            if points:
                axes.plot(*zip(*points, strict=True), label=name, linewidth=1.2)
        axes.set_xlabel("step")
        axes.set_ylabel("loss (nats a token)")
        axes.set_ylim(bottom=0)
        axes.set_title(title, fontsize=10)
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)
        canvas: Any = FigureCanvasSVG(figure)
        canvas.print_svg(path, metadata={"Date": None, "Creator": "met-kg"})


def write_record(record: Mapping[str, Any], folder: Path) -> None:
    """``training.json``: base, data, settings and figures, for programs."""
    text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / TRAINING_FILE).write_text(text + "\n", encoding="utf-8")


def _step(record: Mapping[str, Any]) -> str:
    settings, processes = record["settings"], record["processes"]
    each = f"{settings['batch_size']} x {settings['gradient_accumulation']}"
    return f"{each} x {processes} (processes)" if processes > 1 else each


def _held_out(record: Mapping[str, Any]) -> str:
    if record["held_out_before"] is None:
        return "not measured"
    how_many = record["data"]["held_out"]
    kept = f" (weights of step {record['best_step']})" if "best_step" in record else ""
    return f"{record['held_out_before']:.4f} before, {record['held_out_after']:.4f} after{kept}, on {how_many} examples"


def write_card(record: Mapping[str, Any], folder: Path) -> None:
    """``README.md``: the same for people, with the model-card header that hubs read."""
    base, data, settings = record["base"], record["data"], record["settings"]
    full = settings["method"] == "full"
    licences = ", ".join(data["licences"]) or "not stated by the sources"
    notice = f"\n**{base['notice']}**\n" if base["notice"] else ""
    header = ["---", f"base_model: {json.dumps(base['name'])}", "tags: [met-kg, medical, vqa]"]
    header += [] if full else ["library_name: peft"]
    what = "Model, trained in full" if full else f"Adapter ({settings['method']}, rank {settings['rank']})"
    usage = "" if full else "\nLoad it with `met_kg.models.vlm.load(base, adapter)` or with peft.\n"
    lines = [
        *header,
        "---",
        f"# {what}",
        notice,
        "Not a medical device. Not for diagnosis, treatment or any decision about a person.",
        "",
        "| | |",
        "|---|---|",
        f"| base | `{base['name']}` (fingerprint {base['fingerprint'] or 'not taken: hub id'}) |",
        f"| data | {data['examples']} examples ({data['captions']} captions), sha256 `{data['sha256']}` |",
        f"| left out | {data['left_out']} |",
        f"| mix | {data['mix']} (`{MIX_FILE}`, `{SUMMARY_FILE}`) |",
        f"| tree version | {data['tree_version'] or 'none: the data are no run'} |",
        f"| licences of the images | {licences} |",
        f"| steps | {record['steps']} of {_step(record)} examples |",
        f"| loss | {record['first_loss']:.4f} in the first steps, {record['last_loss']:.4f} in the last |",
        f"| held-out loss | {_held_out(record)} |",
        f"| trainable parameters | {record['trainable']:,} of {record['parameters']:,} |",
        "",
        f"Settings are in `{TRAINING_FILE}`, the loss of every step in `{LOG_FILE}` and `{PLOT_FILE}`.",
        usage,
    ]
    (folder / "README.md").write_text("\n".join(lines).rstrip("\n") + "\n", encoding="utf-8")
