"""The command line. This module only knows the names of commands; each is imported when it is asked for.

``met --help`` therefore answers at once: no command's libraries are loaded to list it.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final

import click

from met_kg import __version__
from met_kg.errors import MetError, UnknownName

__all__ = ["COMMANDS", "cli", "main"]

#: Command -> (module, attribute, one-line help).
COMMANDS: Final[dict[str, tuple[str, str, str]]] = {
    "quickstart": ("met_kg.cli.run", "quickstart", "Run the whole engine on the embedded example."),
    "run": ("met_kg.cli.run", "run", "Run a recipe, or part of it."),
    "sources": ("met_kg.cli.sources", "sources", "List, fetch and verify the open sources."),
    "tree": ("met_kg.cli.tree", "tree", "Build, check, show and compare the Medical Entity Tree."),
    "link": ("met_kg.cli.link", "link", "Find the entities that a text names."),
    "query": ("met_kg.cli.query", "query", "Run a named SPARQL query, or one from a file."),
    "slice": ("met_kg.cli.items", "slice_items", "Export the part of a run that a query selects."),
    "retrieve": ("met_kg.cli.run", "retrieve", "Anchor a run's samples to nodes again."),
    "find": ("met_kg.cli.find", "find", "Rank a run's samples for a node."),
    "coverage": ("met_kg.cli.find", "coverage", "Samples wanted, found and kept for each node."),
    "filter": ("met_kg.cli.run", "filter_samples", "Filter a run's samples again."),
    "synthesize": ("met_kg.cli.run", "synthesize", "Write a run's captions and questions again."),
    "quality": ("met_kg.cli.run", "quality", "Control a run's drafted questions again."),
    "verify": ("met_kg.cli.items", "verify", "Prove every VQA item of a run or data set again."),
    "export": ("met_kg.cli.export", "export_run", "Export a run's captions and items as a data set."),
    "train": ("met_kg.cli.train", "train", "Train a LoRA adapter."),
    "eval": ("met_kg.cli.evaluate", "evaluate", "Answer and score benchmarks with a model."),
    "score": ("met_kg.cli.score", "score", "Score predictions without a model."),
    "ablate": ("met_kg.cli.ablate", "ablate", "Train one model on several kinds of data and compare."),
    "report": ("met_kg.cli.run", "report", "Draw a run's report again."),
}


class _Commands(click.Group):
    """Commands by name, imported on use; an unknown one answers with the nearest known ones."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[name]
        found: click.Command = getattr(importlib.import_module(module), attribute)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise UnknownName("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in COMMANDS.items()])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example:  met quickstart --out runs/quickstart",
)
@click.version_option(__version__, prog_name="met")
def cli() -> None:
    """MET-KG: a knowledge-graph-first data engine for medical multimodal language models.

    Ontologies, literature and image-text pairs go in; a Medical Entity Tree, an anchored and filtered corpus, captions
    and questions with proofs, a LoRA adapter and an evaluation come out. Not a medical device.
    """


def main() -> None:
    """Entry point: exit code 0 when all is fine, 1 when the work found problems, 2 for wrong usage."""
    try:
        # Not standalone, click returns the exit code that a command chose (or None) and raises no exception for it.
        sys.exit(cli.main(standalone_mode=False))
    except click.Abort:  # Ctrl-C
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as problem:
        problem.show()
        sys.exit(2)
    except MetError as problem:
        click.echo(f"Error [{problem.code}]: {problem}", err=True)
        sys.exit(problem.exit_code)
    except BrokenPipeError:
        # The reader of our output went away ('met query ... | head'): nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as problem:
        if problem.filename is None:
            raise
        click.echo(f"Error [MET-ERROR]: {problem.filename}: {problem.strerror}", err=True)
        sys.exit(1)
