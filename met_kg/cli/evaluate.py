"""``met eval``: answer and score benchmarks with a model; ``met eval report`` shows the results.

``met score``: score predictions without a model.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from met_kg.cli.evaluate_report import TREE, report
from met_kg.errors import MissingData, UsageProblem

if TYPE_CHECKING:
    from met_kg.evaluation.benchmark import Benchmark
    from met_kg.evaluation.llm_judge import Judge
    from met_kg.evaluation.records import Loaded

__all__ = ["evaluate", "score"]

#: Problems named on the terminal; the files hold all.
_SHOWN = 10

_PROTOCOL = click.option(
    "--protocol",
    type=click.Choice(["medevalkit", "corrected"]),
    default="medevalkit",
    show_default=True,
    help="The public harness rule by rule, or with its defects repaired (docs/evaluation.md).",
)


@click.command(
    "score",
    epilog="\b\nExample:\n"
    "  met score --benchmark own-items --predictions runs/quickstart/eval/own-items/predictions.jsonl",
)
@click.option("--benchmark", required=True, help="Name of a benchmark, or a YAML file of your own.")
@click.option("--predictions", required=True, metavar="FILE.jsonl", help="Lines {record, model_output}; - is stdin.")
@_PROTOCOL
@click.option(
    "--judge",
    metavar="FILE.yaml",
    type=click.Path(path_type=Path),
    help="Settings of a language model that judges open answers (docs/evaluation.md).",
)
@click.option(
    "--judge-cache",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the judge's replies are kept; else OUT/judge.",
)
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
    asked = _judge(judge, judge_cache, out)
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
    _print(scored.metrics)
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


def _judge(settings: Path | None, cache: Path | None, out: Path | None) -> Judge | None:
    from met_kg.evaluation.llm_judge import Judge, read_options

    if settings is None:
        return None
    if cache is None and out is None:
        raise UsageProblem("--judge needs a place for the replies", hint="give --out or --judge-cache")
    return Judge.of(read_options(settings), cache or Path(str(out)) / "judge")


@click.group(
    "eval",
    invoke_without_command=True,
    epilog="\b\nExample:\n"
    "  met eval --model runs/quickstart/base --benchmark own-items --source runs/quickstart --out runs/eval",
)
@click.option("--model", metavar="DIR_OR_ID", help="Image-text-to-text model: a folder or a hub id.")
@click.option("--adapter", type=click.Path(path_type=Path, file_okay=False), help="A PEFT adapter for it.")
@click.option("--benchmark", metavar="NAME[,NAME]", help="One or more benchmarks.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the results.")
@click.option(
    "--source", type=click.Path(path_type=Path, file_okay=False), help="Folder of the release files (own-items: a run)."
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N items.")
@click.option(
    "--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="Questions asked at a time."
)
@click.option(
    "--max-new-tokens", type=click.IntRange(min=1), default=64, show_default=True, help="Length of an answer."
)
@TREE
@click.option("--reasoning", is_flag=True, help="Ask for the answer in a box, as the harness's reasoning mode does.")
@_PROTOCOL
@click.pass_context
def evaluate(
    ctx: click.Context,
    model: str | None,
    adapter: Path | None,
    benchmark: str | None,
    out: Path | None,
    source: Path | None,
    tree: Path | None,
    limit: int | None,
    batch_size: int,
    max_new_tokens: int,
    reasoning: bool,
    protocol: Any,
) -> None:
    """Answer and score benchmarks with a model. A run that was stopped goes on where it was.

    'met eval report DIR' shows the results on a page.
    """
    if ctx.invoked_subcommand is not None:
        return
    if model is None or benchmark is None or out is None:
        raise UsageProblem("met eval answers with a model", hint="give --model, --benchmark and --out")
    from met_kg.evaluation.benchmark import find, names
    from met_kg.evaluation.run import answer_benchmark
    from met_kg.graph.store import Graph
    from met_kg.log import Log
    from met_kg.models import vlm

    benches = [find(name.strip()) for name in benchmark.split(",") if name.strip()]
    if not benches:
        raise UsageProblem("--benchmark names none", hint=f"one or more of {', '.join(names())}")
    vlm.check(model, adapter)
    # All records first: a benchmark that is not there should not cost an hour of answers to another one.
    loaded = [_load(b, source, out / b.name / "images") for b in benches]
    mind = vlm.load(model, adapter)
    with Graph.open(tree / "store") if tree else nullcontext() as graph:
        for bench, records in zip(benches, loaded, strict=True):
            metrics = answer_benchmark(
                mind,
                bench,
                records,
                out / bench.name,
                base=source or out,
                protocol=protocol,
                batch_size=batch_size,
                max_new_tokens=max_new_tokens,
                log=Log(),
                limit=limit,
                reasoning=reasoning,
                graph=graph,
            )
            _print(metrics)
            if metrics["set_aside"]:
                click.echo(
                    f"{metrics['set_aside']} records could not be asked: {out / bench.name / 'set-aside.jsonl'}",
                    err=True,
                )
            click.echo(f"files: {out / bench.name}")


evaluate.add_command(report)


def _load(bench: Benchmark, source: Path | None, images: Path) -> Loaded:
    from met_kg.evaluation.records import Loaded, load_records
    from met_kg.evaluation.run import item_records

    if bench.scorer != "items":
        return load_records(bench, source, images=images)
    if source is None:
        raise UsageProblem(f"{bench.name} is read from a run", hint="give its folder with --source")
    records = item_records(source, "test")
    if not records:
        raise MissingData("the run holds out no items", where=str(source))
    return Loaded(records, [])


def _print(metrics: dict[str, Any]) -> None:
    total = metrics["total metrics"]
    low, high = metrics["interval_95"] or (0.0, 0.0)
    click.echo(f"{metrics['title']}, protocol {metrics['protocol']}, {metrics['judge']}")
    if metrics["expected_items"] and total["total"] != metrics["expected_items"]:
        click.echo(f"  {total['total']} items scored; the benchmark has {metrics['expected_items']}")
    if total["total"]:
        click.echo(
            f"  accuracy {total['acc']:.4f} ({total['right']} of {total['total']}), "
            f"95 % interval {low:.4f} to {high:.4f}"
        )
    for part in ("close", "open", "multiple choice"):
        share = metrics.get(part)
        if share and share["total"]:
            accuracy = share.get("acc_recomputed", share["acc"])
            click.echo(f"  {part}: {accuracy:.4f} ({share['right']} of {share['total']})")
    if metrics.get("judged"):
        _print_judged(metrics["judged"])
    found = metrics.get("baselines")
    if found:
        click.echo(
            f"  baselines: chance {found['chance']:.4f}, always '{found['majority_answer']}' {found['majority']:.4f}"
            f" (most frequent of {found['majority_from']})"
        )
        constants = ", ".join(f"{answer} {accuracy:.4f}" for answer, accuracy in found["constants"].items())
        click.echo(f"  always the same: {constants}")
    seen = metrics.get("contamination", {}).get("image in training")
    if seen and seen["total"]:
        click.echo(f"  {seen['total']} questions show an image that was trained on")
    for note, count in metrics["notes"].items():
        click.echo(f"  {note}: {count}")
    if metrics["empty_predictions"]:
        click.echo(f"  empty predictions: {metrics['empty_predictions']}")


def _print_judged(judged: dict[str, Any]) -> None:
    click.echo(
        f"  judge {judged['model']}: {judged['right']} of {judged['asked']} right, {judged['unreadable']} unreadable, "
        f"{judged['unjudged']} not judged; {judged['calls']} calls, "
        f"{judged['prompt_tokens']:,} + {judged['completion_tokens']:,} tokens"
    )
    for name, share in (
        ("closed by rule, open by judge", judged["intended"]["total metrics"]),
        ("without the judge", judged["without the judge"]["total metrics"]),
        ("all by the judge", judged["by the judge alone"]),
    ):
        if share and share["total"]:
            click.echo(f"  {name}: {share['acc']:.4f} ({share['right']} of {share['total']})")
