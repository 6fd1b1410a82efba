"""Options that ``met export`` and ``met slice`` share: what is written, and what may leave."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from met_kg.errors import RecipeProblem, UsageProblem, setting_problem

if TYPE_CHECKING:
    from met_kg.synthesis.export.options import ExportOptions

__all__ = ["export_options", "options_of", "show_counts"]

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FORMS: Final = ("llava", "jsonl", "parquet", "imagefolder", "webdataset")
_AT_LEAST_ONE: Final = click.IntRange(min=1)
_OPTIONS: Final = (
    click.option("--form", "forms", multiple=True, type=click.Choice(_FORMS), help="What to write; may be repeated."),
    click.option(
        "--images",
        type=click.Choice(["copy", "reference"]),
        help="Copy images under their hash, or name the hash alone.",
    ),
    click.option(
        "--licence-allow",
        multiple=True,
        metavar="LICENCE",
        help="Only samples under this licence leave; 'unstated' lets out those without. May be repeated.",
    ),
    click.option("--shard-megabytes", type=_AT_LEAST_ONE, help="A shard is closed at so many MB."),
    click.option("--shard-samples", type=_AT_LEAST_ONE, help="A shard is closed at so many samples."),
    click.option(
        "--about",
        multiple=True,
        metavar="NAME=VALUE",
        help="title, version, published, creator, url or citation; may be repeated.",
    ),
)


def export_options(command: _Command) -> _Command:
    """Adds the options; the command takes them as keywords and hands them to :func:`options_of`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def options_of(run: Path, given: dict[str, Any]) -> ExportOptions:
    """The run's own export settings, with the given ones in their place.

    Raises
    ------
    RecipeProblem
        when the run's settings cannot be read.
    UsageProblem
        when a given value does not fit.
    """
    import yaml
    from pydantic import ValidationError

    from met_kg.synthesis.export.options import About, ExportOptions

    recipe = run / "recipe.yaml"
    try:
        values = yaml.safe_load(recipe.read_text(encoding="utf-8")) if recipe.is_file() else {}
        own = ExportOptions.model_validate(values.get("export") or {})
    except (yaml.YAMLError, ValidationError, AttributeError) as problem:
        raise RecipeProblem(str(recipe), [f"{recipe}: the section export cannot be read"]) from problem
    about = own.about.model_dump() | dict(map(_pair, given.pop("about")))
    chosen = {name: list(v) if isinstance(v, tuple) else v for name, v in given.items() if v not in (None, ())}
    try:
        return ExportOptions.model_validate(own.model_dump() | chosen | {"about": about})
    except ValidationError as problem:
        first = problem.errors()[0]
        shown = ".".join(map(str, first["loc"]))
        raise UsageProblem(setting_problem(first, shown, About.model_fields), hint="see docs/export.md") from problem


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageProblem(f"--about {text}: give it as NAME=VALUE")
    return name, value


def show_counts(counts: dict[str, int]) -> None:
    """Print what was written and what was left out."""
    for what, count in counts.items():
        click.echo(f"{what:<36} {count:>8}")
