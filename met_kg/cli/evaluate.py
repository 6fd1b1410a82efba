"""``met eval``: answer and score benchmarks with a model. ``met score``: score predictions without one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from met_kg.errors import MissingData

__all__ = ["evaluate", "score"]

_PROTOCOL = click.option(
    "--protocol",
    type=click.Choice(["medevalkit", "corrected"]),
    default="medevalkit",
    show_default=True,
    help="The public harness rule by rule, or with its defects repaired (docs/evaluation.md).",
)


@click.command(
    "score",
    epilog="Example:  met score --benchmark vqa-rad --predictions runs/quickstart/eval/vqa-rad/predictions.jsonl",
)
@click.option("--benchmark", required=True, help="Name of a benchmark, or a YAML file of your own.")
@click.option("--predictions", required=True, metavar="FILE.jsonl", help="Lines {record, model_output}; - is stdin.")
@_PROTOCOL
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Write items.jsonl and metrics.json here."
)
def score(benchmark: str, predictions: str, protocol: Any, out: Path | None) -> None:
    """Score predictions without a model: per item and in all. Exit code 1 when a line could not be scored."""
    from met_kg.evaluation.records import write_jsonl
    from met_kg.evaluation.score import parse_line
    from met_kg.evaluation.score import score as score_lines

    if predictions != "-" and not Path(predictions).is_file():
        raise MissingData("the predictions are not there", where=predictions)
    text = sys.stdin.read() if predictions == "-" else Path(predictions).read_text(encoding="utf-8", errors="replace")
    # Lines end at newlines only: str.splitlines would also break at the odd separators that captions contain.
    lines = [line for line in text.split("\n") if line.strip()]
    scored = score_lines(benchmark, [parse_line(line, n) for n, line in enumerate(lines, start=1)], protocol=protocol)
    if out is not None:
        write_jsonl(scored.items, out / "items.jsonl")
        (out / "metrics.json").write_text(
            json.dumps(scored.metrics, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    _print(scored.metrics)
    for item in scored.items:
        if "error" in item:
            click.echo(f"not scored, counted as wrong: {item['error']}", err=True)
    sys.exit(1 if scored.metrics["errors"] else 0)


@click.command("eval", epilog="Example:  met eval --model runs/quickstart/base --benchmark vqa-rad --out runs/eval")
@click.option("--model", required=True, metavar="DIR_OR_ID", help="Image-text-to-text model: a folder or a hub id.")
@click.option("--adapter", type=click.Path(path_type=Path, file_okay=False), help="A PEFT adapter for it.")
@click.option("--benchmark", required=True, metavar="NAME[,NAME]", help="One or more benchmarks.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the results.")
@click.option("--source", type=click.Path(path_type=Path, file_okay=False), help="Folder of the release files.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N items.")
@click.option("--batch-size", type=click.IntRange(min=1), default=16, show_default=True)
@click.option("--max-new-tokens", type=click.IntRange(min=1), default=64, show_default=True)
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
    from met_kg.evaluation.benchmark import find
    from met_kg.evaluation.records import load_records
    from met_kg.evaluation.run import answer_benchmark
    from met_kg.log import Log
    from met_kg.models import vlm

    benches = [find(name.strip()) for name in benchmark.split(",")]
    loaded = [(b, load_records(b, source, images=out / b.name / "images")) for b in benches]
    mind = vlm.load(model, adapter)
    for bench, records in loaded:
        metrics = answer_benchmark(
            mind,
            bench,
            records[:limit],
            out / bench.name,
            base=out,
            protocol=protocol,
            batch_size=batch_size,
            max_new_tokens=max_new_tokens,
            log=Log(),
            reasoning=reasoning,
        )
        _print(metrics)
        click.echo(f"files: {out / bench.name}")


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
    for note, count in metrics["notes"].items():
        click.echo(f"  {note}: {count}")
