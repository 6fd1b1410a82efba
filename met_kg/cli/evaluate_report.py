"""``met eval report``: the results of benchmarks as one page."""

from __future__ import annotations

from pathlib import Path

import click

from met_kg.errors import MissingData

__all__ = ["TREE", "report"]

TREE = click.option(
    "--tree",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="RUN",
    help="A run: accuracy is rolled up along its tree, and worst branches get the command that exports more of it.",
)


@click.command(
    epilog="\b\nExample:\n  met eval report runs/quickstart/eval --tree runs/quickstart --out evaluation.html"
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@TREE
@click.option("--source", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder of the images.")
@click.option("--min-items", type=click.IntRange(min=1), help="A branch with fewer is not ranked (20).")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; DIR/evaluation.html.")
def report(folder: Path, tree: Path | None, source: Path | None, min_items: int | None, out: Path | None) -> None:
    """Write the results in DIR as one HTML file, readable offline.

    DIR holds the results of one benchmark, of several, or is a run. With --tree the results are rolled up (again) along
    that run's tree, in metrics.json, along_the_tree.csv and nodes.jsonl beside them.
    """
    from met_kg.evaluation.benchmark import find
    from met_kg.evaluation.tree.again import roll_up_again
    from met_kg.evaluation.tree.worst import MIN_ITEMS
    from met_kg.graph.store import Graph
    from met_kg.report import write_evaluation_report
    from met_kg.report.evaluation_files import evaluated
    from met_kg.report.run_data import read_json

    if min_items is not None and tree is None:
        raise MissingData("--min-items ranks branches of a tree", hint="give the run that has it with --tree")
    if tree is not None:
        with Graph.open(tree / "store") as graph:
            for place in evaluated(folder):
                name = str(read_json(place / "metrics.json").get("benchmark") or place.name)
                roll_up_again(graph, find(name), place, min_items=min_items or MIN_ITEMS)
    own = folder if (folder / "store").is_dir() else None
    page = out or folder / "evaluation.html"
    made = write_evaluation_report(folder, page, run=tree or own, release=source)
    click.echo(f"{page}: {made['benchmarks']} results, {made['pictures']} pictures, {made['bytes']:,} bytes")
