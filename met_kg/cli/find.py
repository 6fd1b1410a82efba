"""``met find`` and ``met coverage``: a run's samples for a node, and what each node of the tree has."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from met_kg.records import Quarantined
    from met_kg.retrieval.door import Found

__all__ = ["coverage", "find"]

_RUN = click.option(
    "--run",
    "run",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="A run's folder, its retrieve step done.",
)


@click.command(epilog="Example:  met find 'pleural effusion' --run runs/quickstart --top 5")
@click.argument("name", metavar="NODE")
@_RUN
@click.option("--top", type=click.IntRange(min=1), default=10, show_default=True, help="How many samples to show.")
@click.option("--denied", is_flag=True, help="Samples, too, that say that it is not there.")
@click.option("--format", "form", type=click.Choice(["table", "jsonl"]), default="table", show_default=True)
def find(name: str, run: Path, top: int, denied: bool, form: str) -> None:
    """Rank a run's samples for NODE, a CURIE, label or synonym, and say what speaks for each."""
    from met_kg import tables
    from met_kg.graph.store import Graph
    from met_kg.paths import expand_path
    from met_kg.pipeline.recipe import Recipe
    from met_kg.retrieval.door import samples_for_node
    from met_kg.tree.show import resolve

    options = Recipe.load(run / "recipe.yaml").retrieve
    aside: list[Quarantined] = []
    with Graph.open(run / "store") as graph:
        node = resolve(graph, name)
        found = samples_for_node(
            tables.batches("samples", run / "samples.parquet", ["sample_id", "image", "caption", "context"]),
            tables.batches("anchors", run / "anchors.parquet"),
            graph,
            node,
            options=options,
            k=top,
            denied=denied,
            quarantine=aside.append,
            images=lambda image: expand_path(image, base=run),
        )
    if aside:
        click.echo(f"{len(aside):,} labels are not used; the first: {aside[0].reason} ({aside[0].where})", err=True)
    if not found:
        click.echo(f"No sample of the run says anything of {node}.", err=True)
    if form == "jsonl":
        for one in found:
            click.echo(json.dumps({"node": node, **asdict(one)}, ensure_ascii=False))
    elif found:
        wanted = {one.sample_id for one in found}
        captions: dict[str, str] = {}
        for part in tables.batches("samples", run / "samples.parquet", ["sample_id", "caption"]):
            mine = part[part["sample_id"].isin(wanted)]
            captions |= dict(zip(mine["sample_id"], mine["caption"], strict=True))
        _show(found, captions, node)


def _show(found: list[Found], captions: dict[str, str], node: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Samples for {node}")
    for column in ("rank", "sample", "said", "what speaks for it", "caption"):
        table.add_column(column)
    for one in found:
        ways = ", ".join(f"{way} {rank}" for way, rank in sorted(one.ranks.items(), key=lambda way: way[1])[:3])
        table.add_row(
            str(one.rank), one.sample_id, one.polarity, "; ".join(one.evidence) or ways, captions[one.sample_id][:120]
        )
    Console().print(table)


@click.command(epilog="Example:  met coverage --run runs/quickstart --axis disease --missing")
@_RUN
@click.option(
    "--axis", type=click.Choice(["disease", "anatomy", "modality", "finding"]), help="Only nodes of this axis."
)
@click.option("--missing", is_flag=True, help="Only nodes without a sample, with their nearest relative that has one.")
@click.option("--top", type=click.IntRange(min=1), default=20, show_default=True, help="How many nodes to show.")
def coverage(run: Path, axis: str | None, missing: bool, top: int) -> None:
    """Say how many samples of a run each node of the tree wanted, found and kept, the scarcest that have some first."""
    from rich.console import Console
    from rich.table import Table

    from met_kg import tables

    found = tables.read("coverage", run / "coverage.parquet")
    if axis:
        found = found[found["axis"] == axis]
    has = found["found"] > 0
    click.echo(
        f"{len(found):,} nodes: {has.sum():,} with samples, {(found['found'] >= found['wanted']).sum():,} with as many "
        f"as are wanted, {(~has).sum():,} without any",
        err=True,
    )
    rows = (
        found[~has].sort_values(["nearest_distance", "node"]) if missing else found[has].sort_values(["found", "node"])
    )
    table = Table()
    columns = ("nearest_relation", "nearest_label", "nearest_distance") if missing else ("found", "kept", "excluded")
    for column in ("node", "label", "wanted", *columns):
        table.add_column(column.replace("_", " "), no_wrap=column == "node")
    for row in rows.head(top).to_dict("records"):
        table.add_row(*(str(row[column]) for column in ("node", "label", "wanted", *columns)))
    Console().print(table)
