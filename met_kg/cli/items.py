"""``met verify`` and ``met slice``: prove items again, and export the part of a run that a query selects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from met_kg.cli.export_options import export_options, options_of, show_counts
from met_kg.cli.query import PARAMETERS, bound
from met_kg.errors import DataProblem, UsageProblem

if TYPE_CHECKING:
    from met_kg.graph.store import Graph
    from met_kg.synthesis.verify import Engine

__all__ = ["slice_items", "verify"]


def _folder_graph(folder: Path) -> Graph:
    """The graphs that proofs need: a run's store, else the N-Triples of a run or an export."""
    from met_kg.errors import MissingData
    from met_kg.graph.store import Graph
    from met_kg.synthesis.export import GRAPHS

    if (folder / "store").is_dir():
        return Graph.open(folder / "store")
    graph = Graph.memory()
    for name in GRAPHS:
        plain, packed = folder / "graph" / f"{name}.nt", folder / "graph" / f"{name}.nt.gz"
        if plain.is_file():
            graph.load_file(f"metg:{name}", plain)
        elif packed.is_file():
            _load_packed(graph, f"metg:{name}", packed)
        else:
            raise MissingData(f"the graph '{name}' is not there", where=str(plain), hint="give a run or an export")
    return graph


def _load_packed(graph: Graph, name: str, path: Path) -> None:
    import gzip
    import zlib

    import pyoxigraph as ox

    try:
        with gzip.open(path, "rb") as packed:
            graph.load_triples(name, (q.triple for q in ox.parse(packed.read(), ox.RdfFormat.N_TRIPLES)))
    except (OSError, EOFError, SyntaxError, zlib.error) as problem:
        raise DataProblem(f"the graph does not load: {problem}", where=str(path), hint="export it again") from problem


@click.command(epilog="Example:  met verify runs/quickstart/export")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--engine",
    type=click.Choice(["pyoxigraph", "rdflib"]),
    default="pyoxigraph",
    show_default=True,
    help="Who answers: the store's own SPARQL engine, or rdflib as a slow second opinion.",
)
def verify(folder: Path, engine: Engine) -> None:
    """Prove every VQA item of a run or an exported data set again.

    Prints how many items of each type hold, and each item that does not with the reasons. Exit code 1 when any fails.
    """
    from collections import Counter

    from met_kg import tables
    from met_kg.log import Log
    from met_kg.synthesis.verify import verify_items

    vqa = tables.read("vqa", folder / "vqa.parquet")
    kind = dict(zip(vqa["item_id"], vqa["type"], strict=True))
    failures = list(verify_items(vqa, _folder_graph(folder), engine=engine, log=Log()))
    total, failed = Counter(vqa["type"]), Counter(kind[f.item_id] for f in failures)
    for name in sorted(total):
        click.echo(f"{name:<12} {total[name] - failed[name]:>8} of {total[name]} hold")
    for failure in failures:
        click.echo(f"{failure.item_id} ({kind[failure.item_id]}):")
        for reason in failure.reasons:
            click.echo(f"  {reason}")
    click.echo(f"{len(vqa) - len(failures)} of {len(vqa)} items hold")
    if failures:
        raise click.exceptions.Exit(1)


@click.command(name="slice", epilog="Example:  met slice hard-items --run runs/quickstart --out out")
@click.argument("name", metavar="NAME|FILE.rq")
@click.option(
    "--run", "run", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True, help="A run's folder."
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder of the data set.")
@PARAMETERS
@export_options
def slice_items(name: str, run: Path, out: Path, parameters: tuple[str, ...], **given: Any) -> None:
    """Export the part of a run that a query selects.

    The query returns a column ?item or ?sample. The export has the shape of a run's own and can be verified alone.
    """
    from met_kg import tables
    from met_kg.graph.queries import find
    from met_kg.graph.store import Graph
    from met_kg.synthesis.export import export

    values = bound(parameters)
    with Graph.open(run / "store") as graph:
        rows = list(graph.run(find(name), values))
    column = next((c for c in ("item", "sample") if rows and c in rows[0]), None)
    if rows and column is None:
        raise UsageProblem(f"query {name} returns neither ?item nor ?sample", hint="name one of them in its SELECT")
    chosen = {str(row[column]).partition(":")[2] for row in rows} if column else set()
    vqa = tables.read("vqa", run / "vqa.parquet", ["item_id", "sample_id"])
    items = set(vqa[vqa[f"{column}_id"].isin(chosen)]["item_id"]) if column else set()
    if not items:
        raise DataProblem(f"query {name} selects no item of {run}", hint="look at its rows with 'met query'")
    show_counts(export(run, out, options_of(run, given), items=items))
