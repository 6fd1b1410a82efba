"""What help and documents tell people to type works, and where they point is something."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from met_kg.cli import cli
from met_kg.paths import data_root
from met_kg.pipeline.recipe import Recipe

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*/README*.md"))]
#: Needs the network, files that no example can bring, or an hour.
NOT_HERE = {"sources fetch", "sources verify", "tree diff", "tree normalize", "ablate"}
#: Plans of ``met ablate`` are no recipes; tests/training/test_ablation*.py read them.
RECIPES = sorted(set((ROOT / "pipelines").glob("*.yaml")) - {ROOT / "pipelines" / "ablation.yaml"})


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, click.Group):
            found += commands(command, (*path, name))
        else:
            found.append(((*path, name), command))
    return found


def example(command: click.Command) -> str:
    return " ".join((command.epilog or "").replace("\b", "").split("Example:")[1].split())


ALL = {" ".join(path): example(command) for path, command in commands(cli)}


@pytest.mark.parametrize("name", sorted(set(ALL) - NOT_HERE - {"quickstart"}))
def test_the_example_of_a_command_works(name: str, small_run: Path) -> None:
    home = small_run.parent.parent
    for link in ("ontology", "pipelines"):
        if not (home / link).exists():
            (home / link).symlink_to(ROOT / link)
    bin_ = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-c", ALL[name]], cwd=home, capture_output=True, text=True, check=False,
        env=os.environ | {"PATH": f"{bin_}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, f"{ALL[name]}\n{done.stdout}\n{done.stderr}"


def typed() -> list[tuple[str, str]]:
    """Lines of code blocks that begin with met, without what is said of them after two spaces or more."""
    found = []
    for page in PAGES:
        for block in re.findall(r"^```[a-z]*\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
            lines = [re.split(r"\s{2,}|\s#", line)[0] for line in re.sub(r"\s*\\\n\s*", " ", block).splitlines()]
            found += [(page.name, line) for line in lines if line.startswith("met ")]
    return found


@pytest.mark.parametrize(("page", "line"), typed())
def test_commands_in_documents_exist(page: str, line: str) -> None:
    words = shlex.split(line)[1:]
    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        found = command.get_command(click.Context(command), name)
        assert found is not None, f"{page}: {line}"
        command = found
    known = {o for p in command.params for o in p.opts} | {"--help", "-h"}
    assert not [w for w in words if re.match(r"--?[a-z]", w) and w.split("=")[0] not in known], f"{page}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_point_at_something(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda p: p.stem)
def test_recipes_are_valid(recipe: Path) -> None:
    if "MET_DATA" in recipe.read_text() and data_root() is None:
        pytest.skip("needs the data packs: set MET_DATA or lay them in ../shared/data")
    assert Recipe.load(recipe).name == recipe.stem
