"""``met export``: a run's captions and items as a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from met_kg.cli.export_options import export_options, options_of, show_counts

__all__ = ["export_run"]


@click.command(name="export", epilog="Example:  met export runs/quickstart --out data --form parquet")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder of the data set.")
@export_options
def export_run(run: Path, out: Path, **given: Any) -> None:
    """Export a run's captions and items, with card, Croissant metadata and proofs.

    What is not said is as the run's recipe has it, else LLaVA conversations and plain JSON lines of all samples with
    their images. 'met verify' proves the folder; docs/export.md shows how each form is opened.
    """
    from met_kg.synthesis.export import export

    show_counts(export(run, out, options_of(run, given)))
