"""``met ablate``: the same model on several kinds of data, and what tells them apart."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["ablate"]

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(epilog="\b\nExample:\n  met ablate pipelines/ablation.yaml --run runs/ablation-data --out runs/ablation")
@click.argument("plan", metavar="FILE.yaml", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--out", type=_FOLDER, required=True, help="Folder for trainings, answers and the table.")
@click.option("--run", "run_dir", type=_FOLDER, metavar="DIR", help="The finished run, instead of the one in the file.")
@click.option("--seeds", type=click.IntRange(min=1), metavar="N", help="Trainings of each arm.")
@click.option("--arms", metavar="A,B", help="Only these arms, and the comparisons between them.")
def ablate(plan: Path, out: Path, run_dir: Path | None, seeds: int | None, arms: str | None) -> None:
    """Train the same tiny model on several kinds of data, seed by seed, test all alike, and compare them in pairs.

    FILE.yaml names run, budget, arms and comparisons; see docs/experiments/ablation.md. What was stopped goes on, what
    is done is not done again. The table is in ablation.md.
    """
    from met_kg.ablation.results import as_markdown
    from met_kg.ablation.run import ablate as work
    from met_kg.ablation.settings import load_ablation
    from met_kg.log import Log

    chosen = load_ablation(plan, run=str(run_dir) if run_dir else None, seeds=seeds)
    if arms is not None:
        chosen = chosen.only([name.strip() for name in arms.split(",") if name.strip()])
    found = work(chosen, out, Log())
    click.echo(as_markdown(found))
    click.echo(f"files: {out}")
