"""``met eval``: answer and score benchmarks with a model; ``report`` shows the results, ``compare`` two of them."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from met_kg.cli import answerers
from met_kg.cli.compare import compare
from met_kg.cli.evaluate_report import TREE, report
from met_kg.cli.evaluate_shared import JUDGE, JUDGE_CACHE, PROTOCOL, judge_of, print_metrics
from met_kg.errors import MissingData, UnknownName, UsageProblem

if TYPE_CHECKING:
    from met_kg.evaluation.benchmark import Benchmark
    from met_kg.evaluation.records import Loaded

__all__ = ["evaluate"]


@click.group(
    "eval",
    invoke_without_command=True,
    subcommand_metavar="[compare FIRST SECOND | report DIR]",
    epilog="\b\nExample:\n"
    "  met eval --model runs/quickstart/base --benchmark own-items --source runs/quickstart --out runs/eval",
)
@click.option(
    "--model", metavar="DIR_OR_ID", help="Image-text-to-text model: a folder or a hub id; its name at --endpoint."
)
@click.option("--adapter", type=click.Path(path_type=Path, file_okay=False), help="A PEFT adapter for it.")
@click.option("--merge", is_flag=True, help="Work the adapter into the weights first: quicker, equal up to rounding.")
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
@click.option(
    "--ablate",
    metavar="text,blank",
    help="Passes beside the full one: without the image, with a grey one; or none. Each asks every different question "
    "once more. Default: both; none at an endpoint, where calls may cost.",
)
@click.option(
    "--trained-on",
    type=click.Path(path_type=Path),
    metavar="RUN_OR_JSONL",
    help="What the model was trained on, to find test items in it. Default: the run in which model or adapter lies.",
)
@click.option("--dtype", default="auto", show_default=True, help="Number format: auto, float32, bfloat16, float16.")
@click.option("--device", help="cpu, cuda, cuda:1 ...; a GPU where there is one.")
@click.option("--endpoint", metavar="URL", help="A server with the OpenAI protocol (vLLM ...), up to /v1.")
@click.option("--key-variable", default="", metavar="NAME", help="Environment variable with the endpoint's key.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    help="Questions under way at --endpoint.",
)
@click.option(
    "--per-minute", type=click.FloatRange(min=0, min_open=True), help="Calls a minute at --endpoint, at most."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=120,
    show_default=True,
    help="Seconds without a byte from --endpoint after which a try has failed.",
)
@click.option(
    "--retries", type=click.IntRange(0, 20), default=3, show_default=True, help="Further tries at --endpoint."
)
@JUDGE
@JUDGE_CACHE
@PROTOCOL
@click.pass_context
def evaluate(ctx: click.Context, /, **given: Any) -> None:
    """Answer and score benchmarks with a model, loaded here or behind an endpoint. What was stopped goes on.

    'met eval report DIR' shows the results on a page. Exit code 1 when a question has no answer or could not be scored.
    """
    if ctx.invoked_subcommand is not None:
        return
    for name in ("model", "benchmark", "out"):
        if given[name] is None:
            raise click.UsageError(f"Missing option '--{name}'.", ctx)
    from met_kg.evaluation.benchmark import find, names
    from met_kg.evaluation.run import answer_benchmark
    from met_kg.graph.store import Graph
    from met_kg.log import Log

    source, out = given["source"], given["out"]
    benches = [find(name.strip()) for name in given["benchmark"].split(",") if name.strip()]
    if not benches:
        raise UsageProblem("--benchmark names none", hint=f"one or more of {', '.join(names())}")
    judge = judge_of(given["judge"], given["judge_cache"], out)
    ablate = _ablate(given["ablate"], bool(given["endpoint"]))
    answerer_of = answerers.behind_endpoint(given) if given["endpoint"] else answerers.local(given)
    # All records first: a benchmark that is not there should not cost an hour of answers to another one.
    loaded = [_load(b, source, out / b.name / "images") for b in benches]
    training = answerers.training(given)
    answerer = answerer_of()
    problems = 0
    with Graph.open(given["tree"] / "store") if given["tree"] else nullcontext() as graph:
        for bench, records in zip(benches, loaded, strict=True):
            folder = out / bench.name
            metrics = answer_benchmark(
                answerer,
                bench,
                records,
                folder,
                base=source or out,
                protocol=given["protocol"],
                log=Log(),
                limit=given["limit"],
                reasoning=given["reasoning"],
                ablate=ablate,
                training=training,
                graph=graph,
                judge=judge,
            )
            print_metrics(metrics)
            if metrics["set_aside"]:
                click.echo(f"{metrics['set_aside']} records could not be asked: {folder / 'set-aside.jsonl'}", err=True)
            if metrics["failed"]:
                click.echo(
                    f"{metrics['failed']} questions have no answer and count as wrong; "
                    f"the same command asks them again: {folder / 'items.jsonl'}",
                    err=True,
                )
            problems += metrics["errors"] + sum(c.get("failed", 0) for c in metrics["baselines"]["compared"].values())
            click.echo(f"files: {folder}")
    sys.exit(1 if problems else 0)


evaluate.add_command(compare)
evaluate.add_command(report)


def _ablate(text: str | None, at_endpoint: bool) -> tuple[str, ...]:
    from met_kg.evaluation.passes import ABLATIONS

    if text is None:
        return () if at_endpoint else ABLATIONS
    wanted = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in wanted:
        if name not in (*ABLATIONS, "none"):
            raise UnknownName("pass", name, [*ABLATIONS, "none"])
    return tuple(name for name in wanted if name != "none")


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
