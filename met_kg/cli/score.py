"""``met score``: score predictions without a model."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from met_kg.cli.evaluate_shared import JUDGE, JUDGE_CACHE, PROTOCOL, judge_of, print_metrics
from met_kg.errors import MissingData, UsageProblem

__all__ = ["score"]

#: Problems named on the terminal; the files hold all.
_SHOWN = 10


@click.command(
    "score",
    epilog="\b\nExample:\n"
    "  met score --benchmark own-items --predictions runs/quickstart/eval/own-items/predictions.jsonl",
)
@click.option("--benchmark", required=True, help="Name of a benchmark, or a YAML file of your own.")
@click.option("--predictions", required=True, metavar="FILE.jsonl", help="Lines {record, model_output}; - is stdin.")
@PROTOCOL
@JUDGE
@JUDGE_CACHE
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Write items.jsonl and metrics.json here."
)
def score(
    benchmark: str, predictions: str, protocol: Any, judge: Path | None, judge_cache: Path | None, out: Path | None
) -> None:
    """Score predictions without a model: per item and in all.

    Exit code 1 when a line could not be scored, no answer to it can be right, or the judge did not judge it.
    """
    from met_kg.evaluation.benchmark import find
    from met_kg.evaluation.fit import better_fit
    from met_kg.evaluation.records import write_jsonl, write_metrics
    from met_kg.evaluation.score import read_lines
    from met_kg.evaluation.score import score as score_lines

    bench = find(benchmark)
    if predictions != "-" and not Path(predictions).is_file():
        raise MissingData("the predictions are not there", where=predictions)
    asked = judge_of(judge, judge_cache, out)
    lines = read_lines(sys.stdin.buffer.read() if predictions == "-" else Path(predictions).read_bytes())
    other = better_fit(bench, (line["record"] for line in lines if "error" not in line))
    if other:
        raise UsageProblem(
            f"these are records of {other}, not of {bench.name}",
            where=predictions,
            hint=f"score with --benchmark {other}",
        )
    scored = score_lines(bench, lines, protocol=protocol, judge=asked)
    if out is not None:
        write_jsonl(scored.items, out / "items.jsonl")
        write_metrics(scored.metrics, out / "metrics.json")
    print_metrics(scored.metrics)
    if asked is not None:
        click.echo(f"  {asked.chat.from_cache} of the judge's replies were kept from before")
    reasons = [(i["index"] + 1, str(i.get("judge", ""))) for i in scored.items]
    mark = "not judged: "
    unjudged = [f"line {n}: {why.removeprefix(mark)}" for n, why in reasons if why.startswith(mark)]
    problems = [
        *_list("not scored, counted as wrong", [i["error"] for i in scored.items if "error" in i], out),
        *_list("no answer can be right", [i["gold_problem"] for i in scored.items if "gold_problem" in i], out),
        *_list("not judged, counted as wrong", unjudged, out),
    ]
    sys.exit(1 if problems else 0)


def _list(what: str, found: Sequence[str], out: Path | None) -> Sequence[str]:
    """Name the first few on the terminal; the files hold all."""
    for problem in found[:_SHOWN]:
        click.echo(f"{what}: {problem}", err=True)
    if len(found) > _SHOWN:
        where = f"see {out / 'items.jsonl'}" if out is not None else "--out DIR lists them all"
        click.echo(f"... and {len(found) - _SHOWN} more ({where})", err=True)
    return found
