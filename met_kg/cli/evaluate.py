"""``met eval``: answer and score benchmarks with a model. ``met score``: score predictions without one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from met_kg.cli import answerers
from met_kg.cli.compare import compare
from met_kg.errors import MissingData, UnknownName, UsageProblem

if TYPE_CHECKING:
    from met_kg.evaluation.benchmark import Benchmark
    from met_kg.evaluation.llm_judge import Judge
    from met_kg.evaluation.records import Loaded

__all__ = ["evaluate", "score"]

#: Problems named on the terminal; the files hold all.
_SHOWN = 10

#: What a number stands beside, in words.
_COMPARED = {
    "majority": "the most frequent answer",
    "text": "the questions without their image",
    "blank": "with a grey image",
}

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
    subcommand_metavar="[compare FIRST SECOND]",
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
@_PROTOCOL
@click.pass_context
def evaluate(ctx: click.Context, /, **given: Any) -> None:
    """Answer and score benchmarks with a model, loaded here or behind an endpoint. What was stopped goes on.

    Exit code 1 when a question has no answer or could not be scored.
    """
    if ctx.invoked_subcommand is not None:
        return
    for name in ("model", "benchmark", "out"):
        if given[name] is None:
            raise click.UsageError(f"Missing option '--{name}'.", ctx)
    from met_kg.evaluation.benchmark import find, names
    from met_kg.evaluation.run import answer_benchmark
    from met_kg.log import Log

    source, out = given["source"], given["out"]
    benches = [find(name.strip()) for name in given["benchmark"].split(",") if name.strip()]
    if not benches:
        raise UsageProblem("--benchmark names none", hint=f"one or more of {', '.join(names())}")
    ablate = _ablate(given["ablate"], bool(given["endpoint"]))
    answerer_of = answerers.behind_endpoint(given) if given["endpoint"] else answerers.local(given)
    # All records first: a benchmark that is not there should not cost an hour of answers to another one.
    loaded = [_load(b, source, out / b.name / "images") for b in benches]
    training = answerers.training(given)
    answerer = answerer_of()
    problems = 0
    for bench, records in zip(benches, loaded, strict=True):
        metrics = answer_benchmark(
            answerer,
            bench,
            records,
            out / bench.name,
            base=source or out,
            protocol=given["protocol"],
            log=Log(),
            limit=given["limit"],
            reasoning=given["reasoning"],
            ablate=ablate,
            training=training,
        )
        _print(metrics)
        if metrics["set_aside"]:
            click.echo(
                f"{metrics['set_aside']} records could not be asked: {out / bench.name / 'set-aside.jsonl'}", err=True
            )
        if metrics["failed"]:
            click.echo(
                f"{metrics['failed']} questions have no answer and count as wrong; the same command asks them again: "
                f"{out / bench.name / 'items.jsonl'}",
                err=True,
            )
        problems += metrics["errors"] + sum(c.get("failed", 0) for c in metrics["baselines"]["compared"].values())
        click.echo(f"files: {out / bench.name}")
    sys.exit(1 if problems else 0)


evaluate.add_command(compare)


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
        for name, said in found.get("compared", {}).items():
            gap = said["model_minus_this"]
            click.echo(
                f"  {_COMPARED[name]}: {said['acc']:.4f}; the model is {gap['difference']:+.4f} "
                f"({gap['low']:+.4f} to {gap['high']:+.4f})"
            )
        letters = found.get("positions", {}).get("letters", {})
        if letters:
            said = ", ".join(f"{letter} {n['chosen']} ({n['gold']})" for letter, n in letters.items())
            click.echo(f"  letters chosen (right): {said}")
    seen = metrics.get("contamination")
    if seen is not None and seen["clean"]["total"] < total["total"]:
        clean = seen["clean"]
        click.echo(
            f"  in the training data: the image of {seen['image in training']['total']}, the words of "
            f"{seen['question in training']['total']} questions; "
            + (f"accuracy on the other {clean['total']}: {clean['acc']:.4f}" if clean["total"] else "no other is left")
        )
    if metrics.get("cut"):
        click.echo(f"  answers cut at the greatest length: {metrics['cut']}")
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
