"""What ``met eval`` and ``met score`` share: options, and metrics as lines for a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from met_kg.errors import UsageProblem

if TYPE_CHECKING:
    from met_kg.evaluation.llm_judge import Judge

__all__ = ["JUDGE", "JUDGE_CACHE", "PROTOCOL", "judge_of", "print_metrics"]

#: What a number stands beside, in words.
_COMPARED = {
    "majority": "the most frequent answer",
    "text": "the questions without their image",
    "blank": "with a grey image",
}

PROTOCOL = click.option(
    "--protocol",
    type=click.Choice(["medevalkit", "corrected"]),
    default="medevalkit",
    show_default=True,
    help="The public harness rule by rule, or with its defects repaired (docs/evaluation.md).",
)


JUDGE = click.option(
    "--judge",
    metavar="FILE.yaml",
    type=click.Path(path_type=Path),
    help="Settings of a language model that judges open answers (docs/evaluation.md).",
)

JUDGE_CACHE = click.option(
    "--judge-cache",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the judge's replies are kept; else OUT/judge.",
)


def judge_of(settings: Path | None, cache: Path | None, out: Path | None) -> Judge | None:
    """The judge that was asked for, if one was."""
    from met_kg.evaluation.llm_judge import Judge, read_options

    if settings is None:
        return None
    if cache is None and out is None:
        raise UsageProblem("--judge needs a place for the replies", hint="give --out or --judge-cache")
    return Judge.of(read_options(settings), cache or Path(str(out)) / "judge")


def print_metrics(metrics: dict[str, Any]) -> None:
    """Headline, parts, baselines, and what a reader must know beside them."""
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
