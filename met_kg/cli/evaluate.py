"""``met eval``: answer and score benchmarks with a model. ``met score``: score predictions without one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from met_kg.errors import MissingData, UsageProblem

if TYPE_CHECKING:
    from met_kg.evaluation.benchmark import Benchmark
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
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Write items.jsonl and metrics.json here."
)
def score(benchmark: str, predictions: str, protocol: Any, out: Path | None) -> None:
    """Score predictions without a model: per item and in all. Exit code 1 when a line could not be scored."""
    from met_kg.evaluation.benchmark import find
    from met_kg.evaluation.records import write_jsonl, write_metrics
    from met_kg.evaluation.score import read_lines
    from met_kg.evaluation.score import score as score_lines

    bench = find(benchmark)
    if predictions != "-" and not Path(predictions).is_file():
        raise MissingData("the predictions are not there", where=predictions)
    data = sys.stdin.buffer.read() if predictions == "-" else Path(predictions).read_bytes()
    scored = score_lines(bench, read_lines(data), protocol=protocol)
    if out is not None:
        write_jsonl(scored.items, out / "items.jsonl")
        write_metrics(scored.metrics, out / "metrics.json")
    _print(scored.metrics)
    errors = [item["error"] for item in scored.items if "error" in item]
    for error in errors[:_SHOWN]:
        click.echo(f"not scored, counted as wrong: {error}", err=True)
    if len(errors) > _SHOWN:
        where = f"see {out / 'items.jsonl'}" if out is not None else "--out DIR lists them all"
        click.echo(f"... and {len(errors) - _SHOWN} more ({where})", err=True)
    sys.exit(1 if errors else 0)


@click.command(
    "eval",
    epilog="\b\nExample:\n"
    "  met eval --model runs/quickstart/base --benchmark own-items --source runs/quickstart --out runs/eval",
)
@click.option("--model", required=True, metavar="DIR_OR_ID", help="Image-text-to-text model: a folder or a hub id.")
@click.option("--adapter", type=click.Path(path_type=Path, file_okay=False), help="A PEFT adapter for it.")
@click.option("--benchmark", required=True, metavar="NAME[,NAME]", help="One or more benchmarks.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the results.")
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
@_PROTOCOL
def evaluate(
    model: str,
    adapter: Path | None,
    benchmark: str,
    out: Path,
    source: Path | None,
    limit: int | None,
    batch_size: int,
    max_new_tokens: int,
    reasoning: bool,
    protocol: Any,
) -> None:
    """Answer and score benchmarks with a model. A run that was stopped goes on where it was."""
    from met_kg.evaluation.benchmark import find, names
    from met_kg.evaluation.run import answer_benchmark
    from met_kg.log import Log
    from met_kg.models import vlm

    benches = [find(name.strip()) for name in benchmark.split(",") if name.strip()]
    if not benches:
        raise UsageProblem("--benchmark names none", hint=f"one or more of {', '.join(names())}")
    vlm.check(model, adapter)
    # All records first: a benchmark that is not there should not cost an hour of answers to another one.
    loaded = [_load(b, source, out / b.name / "images") for b in benches]
    mind = vlm.load(model, adapter)
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
        )
        _print(metrics)
        if metrics["set_aside"]:
            click.echo(
                f"{metrics['set_aside']} records could not be asked: {out / bench.name / 'set-aside.jsonl'}", err=True
            )
        click.echo(f"files: {out / bench.name}")


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
