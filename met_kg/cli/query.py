"""``met query``: run a named query, or one from a file, over a run's store or over the project's own ontology."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from met_kg.errors import UsageProblem

if TYPE_CHECKING:
    from met_kg.graph.store import Graph, Row

__all__ = ["PARAMETERS", "bound", "open_graph", "query"]

PARAMETERS = click.option(
    "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the query; may be repeated."
)


def open_graph(run: Path | None) -> Graph:
    """The store of a run, or without one the tree of the project's own ontology."""
    from met_kg.graph.store import Graph

    if run is not None:
        return Graph.open(run / "store")
    from met_kg.tree.build import default_graph

    return default_graph()


def bound(parameters: tuple[str, ...]) -> dict[str, str | int | float]:
    """Values of ``-p NAME=VALUE``; UsageProblem for one of another shape."""
    values: dict[str, str | int | float] = {}
    for text in parameters:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageProblem(f"-p {text}: a parameter is given as NAME=VALUE")
        values[key] = value
    return values


@click.command(epilog="Example:  met query tree/siblings -p node=DOID:552 --format csv")
@click.argument("name", metavar="NAME|FILE.rq", required=False)
@PARAMETERS
@click.option("--run", "run", type=click.Path(path_type=Path, exists=True, file_okay=False), help="A run's folder.")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json", "parquet"]), default="table", show_default=True
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file (needed for parquet).")
def query(name: str | None, parameters: tuple[str, ...], run: Path | None, form: str, out: Path | None) -> None:
    """Run a named SPARQL query, or one from a file.

    Without a name, list the queries with their parameters. Without --run, the tree of the project's own ontology is
    asked.
    """
    from met_kg.graph.queries import find, names

    if name is None:
        for known in names():
            found = find(known)
            takes = " ".join(f"-p {p.name}=..." for p in found.parameters)
            click.echo(f"{known:<32} {found.title}  {takes}".rstrip())
        return
    values = bound(parameters)
    if form == "parquet" and out is None:
        raise UsageProblem("--format parquet writes a file", hint="add --out FILE.parquet")
    rows = list(open_graph(run).run(find(name), values))
    _write(rows, form, out)
    if not rows:
        click.echo("No rows.", err=True)


def _write(rows: list[Row], form: str, out: Path | None) -> None:
    if form == "table" and out is None:
        from rich.console import Console
        from rich.table import Table

        table = Table(*(rows[0] if rows else ()))
        for row in rows:
            table.add_row(*("" if v is None else str(v) for v in row.values()))
        Console(width=None if sys.stdout.isatty() else 200).print(table)
        return
    if form == "json":
        import json

        text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    elif form == "parquet":
        import pandas as pd

        pd.DataFrame(rows).to_parquet(out, index=False)
        return
    else:
        import csv
        import io

        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        text = buffer.getvalue()
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
