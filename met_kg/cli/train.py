"""``met train``: a LoRA adapter from a configuration file, or from a run's own data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from met_kg.errors import UsageProblem

if TYPE_CHECKING:
    from met_kg.training.config import TrainConfig

__all__ = ["train"]

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(epilog="Example:  met train --run runs/quickstart --dry-run")
@click.argument("config", metavar="CONFIG.yaml", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--run", "run_dir", type=_FOLDER, metavar="DIR", help="Train on a run's data, as its recipe says.")
@click.option("--out", type=_FOLDER, metavar="DIR", help="Folder for the adapter, instead of the one configured.")
@click.option("--dry-run", is_flag=True, help="Only show examples as the model sees them, counts and memory.")
@click.option("--resume", type=click.IntRange(min=1), metavar="STEP", help="Go on from this checkpoint.")
@click.option("--show", type=click.IntRange(min=0), default=3, show_default=True, help="Examples shown by --dry-run.")
def train(
    config: Path | None, run_dir: Path | None, out: Path | None, dry_run: bool, resume: int | None, show: int
) -> None:
    """Train an adapter (LoRA, rsLoRA, DoRA, QLoRA) or a whole model.

    CONFIG.yaml names base, data (a run, or a LLaVA JSONL file) and out, and any setting. A training that was stopped
    goes on from its last checkpoint and ends with the same bytes. Several processes or machines: accelerate launch -m
    met_kg.cli train CONFIG.yaml; see docs/training.md.
    """
    if (config is None) == (run_dir is None):
        raise UsageProblem("give either CONFIG.yaml or --run DIR", hint="met train --help shows an example")
    if run_dir is not None and out is None and not dry_run:
        if resume is not None:
            raise UsageProblem("--resume needs --out or CONFIG.yaml", hint="a run goes on by itself")
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise UsageProblem("--run alone is the work of one process", hint="give --out DIR, too, or CONFIG.yaml")
        _train_step(run_dir)
        return
    chosen, base_name = _chosen(config, run_dir, out)
    if dry_run:
        from met_kg.training.dry_run import describe

        for line in describe(chosen, count=show):
            click.echo(line)
        return
    from met_kg.log import Log
    from met_kg.training.lora import processes
    from met_kg.training.lora import train as train_model

    result = train_model(chosen, log=Log(), base_name=base_name, resume=resume)
    if not processes().is_main_process:
        return
    click.echo(
        f"{result.steps} steps on {result.examples} examples, loss {result.first_loss:.4f} -> {result.last_loss:.4f}"
    )
    click.echo(f"files: {result.out}")


def _train_step(run_dir: Path) -> None:
    """The run's own step, so that manifest and cache know of it."""
    from met_kg.log import Log
    from met_kg.pipeline.recipe import Recipe
    from met_kg.pipeline.steps import STEPS, run_steps

    manifest = run_steps(STEPS, Recipe.load(run_dir / "recipe.yaml"), run_dir, Log(), start="train", until="train")
    counts = manifest["steps"]["train"]["counts"]
    click.echo(", ".join(f"{name} {value}" for name, value in counts.items()))
    click.echo(f"files: {run_dir / 'adapter'}")


def _chosen(config: Path | None, run_dir: Path | None, out: Path | None) -> tuple[TrainConfig, str | None]:
    if config is not None:
        from met_kg.training.config import load_config

        return load_config(config, out=str(out) if out else None), None
    from met_kg.pipeline.recipe import Recipe
    from met_kg.training.run import adapter_config

    assert run_dir is not None  # the caller has seen to it
    recipe = Recipe.load(run_dir / "recipe.yaml")
    return adapter_config(run_dir, out or run_dir / "adapter", recipe.train, recipe.seed), None
