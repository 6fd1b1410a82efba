"""``met quickstart``, ``met run``, and single steps of a run: ``retrieve``, ``filter``, ``synthesize``,
``quality``, ``report``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from met_kg.errors import MissingData, UnknownName

if TYPE_CHECKING:
    from met_kg.pipeline.recipe import Recipe

__all__ = ["filter_samples", "quality", "quickstart", "report", "retrieve", "run", "synthesize"]

_FOLDER = click.Path(path_type=Path, file_okay=False)


def _run(recipe: Recipe, out: Path, **options: Any) -> None:
    from met_kg.log import Log
    from met_kg.pipeline.steps import STEPS, run_steps
    from met_kg.report import summary_lines

    try:
        run_steps(STEPS, recipe, out, Log(), **options)
    except KeyboardInterrupt:
        click.echo(f"Stopped. Run it again to go on: what was finished in {out} is kept.", err=True)
        raise click.exceptions.Exit(130) from None
    for line in summary_lines(out):
        click.echo(line)


@click.command(epilog="Example:  met quickstart --out runs/quickstart")
@click.option("--out", type=_FOLDER, default=Path("runs/quickstart"), show_default=True, help="Run folder.")
def quickstart(out: Path) -> None:
    """Run the whole engine on the embedded example: no network, no data packs, no GPU."""
    from met_kg.paths import pipelines_dir
    from met_kg.pipeline.recipe import Recipe

    _run(Recipe.load(pipelines_dir() / "quickstart.yaml"), out)


@click.command(epilog="Example:  met run quickstart --out runs/mine --until filter --set seed=7")
@click.argument("recipe", metavar="RECIPE.yaml")
@click.option("--out", type=_FOLDER, help="Run folder; default: runs/NAME.")
@click.option("--from", "start", metavar="STEP", help="Redo from this step on.")
@click.option("--until", metavar="STEP", help="Stop after this step.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a setting; may be repeated.")
@click.option("--force", is_flag=True, help="Redo every step even if nothing changed.")
def run(
    recipe: str, out: Path | None, start: str | None, until: str | None, overrides: tuple[str, ...], force: bool
) -> None:
    """Run a recipe, or part of it.

    RECIPE.yaml is a file, or the name of a recipe that ships with the package (quickstart, covid-chestxray, paper).
    What has not changed is not done again; a run that was killed goes on where it was.
    """
    from met_kg.pipeline.recipe import Recipe

    loaded = Recipe.load(_recipe_path(recipe), overrides)
    _run(loaded, out or Path("runs") / loaded.name, start=start, until=until, force=force)


def _recipe_path(name: str) -> Path:
    """The file, else the shipped recipe of that name."""
    from met_kg.paths import pipelines_dir

    path = Path(name)
    if path.is_file():
        return path
    # The plan of 'met ablate' lies beside the recipes and is none.
    shipped = {p.stem: p for p in pipelines_dir().glob("*.yaml") if p.stem != "ablation"}
    if path.stem in shipped and path.parent.name in ("", "pipelines"):
        return shipped[path.stem]
    if "/" not in name and path.suffix == "":
        raise UnknownName("recipe", name, shipped)
    raise MissingData("the recipe is not there", where=name, hint=f"shipped ones: {', '.join(sorted(shipped))}")


def _some_steps(step: str, until: str, run_dir: Path) -> None:
    from met_kg.pipeline.recipe import Recipe

    _run(Recipe.load(run_dir / "recipe.yaml"), run_dir, start=step, until=until)


def _step_command(name: str, step: str, help_text: str, until: str = "") -> click.Command:
    @click.command(name, help=help_text, epilog=f"Example:  met {name} --run runs/quickstart")
    @click.option("--run", "run_dir", type=_FOLDER, required=True, help="A run's folder.")
    def command(run_dir: Path) -> None:
        _some_steps(step, until or step, run_dir)

    return command


retrieve = _step_command("retrieve", "retrieve", "Anchor a run's samples to nodes again, with the run's own recipe.")
filter_samples = _step_command("filter", "filter", "Filter a run's samples again, with the run's own recipe.")
synthesize = _step_command("synthesize", "synthesize", "Write a run's captions and questions again.", until="quality")
quality = _step_command("quality", "quality", "Control a run's drafted questions again, with the run's own recipe.")


@click.command(epilog="Example:  met report runs/quickstart")
@click.argument("run_dir", metavar="DIR", type=_FOLDER)
def report(run_dir: Path) -> None:
    """Draw a run's report: report.html, one file, readable offline. Works on a run that stopped early, too."""
    from met_kg.report import write_report

    out = run_dir / "report.html"
    write_report(run_dir, out)
    click.echo(f"wrote {out}")
