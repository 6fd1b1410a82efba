"""``met verify`` and ``met slice``: prove items again, and export the part of a run that a query selects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from met_kg.cli.export_options import export_options, options_of, show_counts
from met_kg.cli.query import PARAMETERS, bound
from met_kg.errors import DataProblem, UsageProblem

if TYPE_CHECKING:
    from met_kg.synthesis.verify import Engine, Failure

__all__ = ["slice_items", "verify"]


@click.command(epilog="Example:  met verify runs/quickstart/export --tree runs/quickstart")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--tree",
    type=click.Path(path_type=Path, exists=True),
    help="A newer tree to prove over: an ontology file in any OWL syntax, a run's folder, or its store.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the failures to FILE.tsv.")
@click.option(
    "--engine",
    type=click.Choice(["pyoxigraph", "rdflib"]),
    default="pyoxigraph",
    show_default=True,
    help="Who answers: the store's own SPARQL engine, or rdflib as a slow second opinion.",
)
def verify(folder: Path, tree: Path | None, out: Path | None, engine: Engine) -> None:
    """Prove every VQA item of a run or an exported data set again.

    With --tree, the closure is built from that tree and the samples stay as they are. Prints how many items of each
    type hold, how many fail of what cause, and each item that fails with the reasons (in FILE.tsv where --out is
    given). Exit code 1 when any fails.
    """
    from collections import Counter

    from met_kg import tables
    from met_kg.log import Log
    from met_kg.synthesis.proof_graph import newer_graph, own_graph
    from met_kg.synthesis.verify import verify_items, write_failures

    log = Log()
    vqa = tables.read("vqa", folder / "vqa.parquet")
    own = own_graph(folder)
    graph, before = (own, None) if tree is None else (newer_graph(folder, tree, log=log), own)
    kind = dict(zip(vqa["item_id"], vqa["type"], strict=True))
    failures = list(verify_items(vqa, graph, engine=engine, before=before, log=log))
    total, failed = Counter(vqa["type"]), Counter(kind[f.item_id] for f in failures)
    for name in sorted(total):
        click.echo(f"{name:<16} {total[name] - failed[name]:>8} of {total[name]} hold")
    if out is not None:
        write_failures(failures, vqa, out)
    else:
        _show(failures, kind)
    _count_causes(failures)
    click.echo(f"{len(vqa) - len(failures)} of {len(vqa)} items hold")
    if failures:
        raise click.exceptions.Exit(1)


def _show(failures: list[Failure], kind: dict[str, str]) -> None:
    for failure in failures:
        click.echo(f"{failure.item_id} ({kind[failure.item_id]}):")
        for reason in failure.reasons:
            click.echo(f"  {reason}")
        for cause in failure.causes:
            if cause.what not in failure.reasons:
                click.echo(f"    {cause.kind}: {cause.what}")


def _count_causes(failures: list[Failure]) -> None:
    """How many items and how many nodes each kind of cause concerns; an item may have several."""
    from met_kg.synthesis.causes import KINDS

    if failures:
        click.echo(f"{'cause':<12} {'items':>8} {'nodes':>8}")
    for name in KINDS:
        items = sum(any(cause.kind == name for cause in failure.causes) for failure in failures)
        nodes = {cause.node for failure in failures for cause in failure.causes if cause.kind == name} - {""}
        if items:
            click.echo(f"{name:<12} {items:>8} {len(nodes) or '':>8}")


@click.command(name="slice", epilog="Example:  met slice topic --run runs/quickstart --count")
@click.argument("name", metavar="NAME|FILE.rq")
@click.option(
    "--run", "run", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True, help="A run's folder."
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the data set.")
@PARAMETERS
@click.option("--per-sample", type=click.IntRange(min=1), help="At most so many items of one image; types take turns.")
@click.option("--seed", default=0, show_default=True, help="Draws which items --per-sample keeps.")
@click.option("--count", "only_count", is_flag=True, help="Count what is selected and export nothing.")
@export_options
def slice_items(
    name: str,
    run: Path,
    out: Path | None,
    parameters: tuple[str, ...],
    per_sample: int | None,
    seed: int,
    only_count: bool,
    **given: Any,
) -> None:
    """Export the part of a run that a query selects.

    The query returns a column ?item or ?sample; those that ship stand in docs/slices.md. The export has the shape of a
    run's own and can be verified alone.
    """
    from met_kg.synthesis.export import export
    from met_kg.synthesis.slices import counted, select

    if out is None and not only_count:
        raise UsageProblem("nowhere to export to", hint="add --out DIR, or --count to look first")
    items = select(run, name, bound(parameters), per_sample=per_sample, seed=seed)
    if out is None or only_count:
        for what, found in counted(items):
            click.echo(f"{what:<12} {found}".rstrip())
        return
    if items.empty:
        raise DataProblem(f"query {name} selects no item of {run}", hint="look at its rows with 'met query'")
    show_counts(export(run, out, options_of(run, given), items=set(items["item_id"])))
