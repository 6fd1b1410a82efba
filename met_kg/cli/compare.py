"""``met eval compare``: two evaluations of the same questions."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["compare"]


@click.command(
    "compare",
    epilog="\b\nExample:\n"
    "  met eval --model runs/quickstart/base --benchmark own-items --source runs/quickstart --out runs/eval-base &&\n"
    "  met eval compare runs/eval-base runs/quickstart/eval --shared-only --out runs/comparison",
)
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write compare.json and compare.md here.")
@click.option(
    "--shared-only", is_flag=True, help="Where the sets of questions differ, compare those that both answered."
)
def compare(first: Path, second: Path, out: Path | None, shared_only: bool) -> None:
    """Compare two folders of `met eval` question by question: difference, interval, p-values."""
    from rich.console import Console
    from rich.table import Table

    from met_kg.evaluation import compare as comparison

    found = comparison.compare(first, second, shared_only=shared_only)
    click.echo(f"first: {found['first']['model']} ({first})\nsecond: {found['second']['model']} ({second})")
    table = Table()
    columns = ("benchmark", "items", "first", "second", "difference", "95 % interval")
    for name in (*columns, "McNemar p", "Holm", "p by image", "Holm"):
        table.add_column(name, justify="left" if name == "benchmark" else "right")
    for row in found["benchmarks"]:
        gap = row["difference"]
        table.add_row(
            row["benchmark"],
            f"{row['shared']:,}",
            f"{row['first']['acc']:.4f}",
            f"{row['second']['acc']:.4f}",
            f"{gap['difference']:+.4f}",
            f"{gap['low']:+.4f} to {gap['high']:+.4f}",
            *(comparison.p_value(row[key]) for key in comparison.P_VALUES),
        )
    Console(width=120).print(table)
    for said in (*comparison.notes(found), found["method"]):
        click.echo(said)
    if out is not None:
        comparison.write_comparison(found, out)
        click.echo(f"files: {out}")
