"""Every command has help that ends with an example; help is quick; unknown names are answered; exit codes hold."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from met_kg.cli import COMMANDS, cli

MET = [sys.executable, "-c", "from met_kg.cli import main; main()"]


def walk(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append(((*path, name), command))
        if isinstance(command, click.Group):
            found += walk(command, (*path, name))
    return found


ALL = walk(cli)


def met(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*MET, *arguments], capture_output=True, text=True, check=False, cwd=cwd)


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(p) for p, _ in ALL])
def test_help_says_what_it_does_and_ends_with_an_example(path: tuple[str, ...], command: click.Command) -> None:
    done = CliRunner().invoke(cli, [*path, "--help"])
    assert done.exit_code == 0, done.output
    last = [line for line in done.output.splitlines() if line.strip()][-1]
    example = shlex.split(last.split("Example:")[-1].split("|")[-1])
    assert example[0] == "met" and tuple(example[1 : 1 + len(path)]) == path, last
    assert command.help and len(command.help) > 20
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name != "help":
            assert parameter.help or parameter.name in ("batch_size", "max_new_tokens", "form", "split"), parameter.name


def test_the_contracts_commands_are_there() -> None:
    wanted = {"quickstart", "run", "sources", "tree", "link", "query", "slice", "retrieve", "filter", "synthesize"}
    wanted |= {"quality", "verify", "export", "train", "eval", "score", "ablate", "report", "find", "coverage"}
    assert wanted == set(COMMANDS)
    names = {" ".join(p) for p, _ in ALL}
    assert {"sources list", "sources fetch", "sources verify"} <= names
    assert {f"tree {x}" for x in ("build", "check", "show", "stats", "diff", "normalize")} <= names


def test_listing_commands_loads_no_heavy_library() -> None:
    code = (
        "import sys; sys.argv=['met','--help']\n"
        "from met_kg.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy={'torch','pandas','numpy','transformers','spacy','pyoxigraph','rdflib','pydantic','sklearn'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "LOADED []" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["qery"], 2, "did you mean query or verify?"),
        (["tree", "show", "pleural efusion"], 2, "pleural effusion"),
        (["query", "tree/sibling"], 2, "did you mean tree/siblings"),
        (["query", "tree/siblings", "-p", "node"], 2, "NAME=VALUE"),
        (["query", "nowhere.rq"], 2, "is not there"),
        (["run", "nowhere"], 2, "no recipe is called 'nowhere'"),
        (["run", "no/where.yaml"], 2, "the recipe is not there"),
        (["score", "--benchmark", "vqarad", "--predictions", "-"], 2, "vqa-rad"),
        (["score", "--benchmark", "vqa-rad", "--predictions", "none.jsonl"], 2, "the predictions are not there"),
        (["run"], 2, "Missing argument"),
    ],
)
def test_wrong_usage_is_one_sentence(arguments: list[str], code: int, part: str) -> None:
    done = met(*arguments)
    assert done.returncode == code, done.stderr
    assert part in done.stderr and "Traceback" not in done.stderr


def test_tree_commands_work_without_a_run(tmp_path: Path) -> None:
    shown = met("tree", "show", "pneumonia")
    assert shown.returncode == 0 and "DOID:552" in shown.stdout and "disease" in shown.stdout
    stats = met("tree", "stats")
    assert {line.split()[0] for line in stats.stdout.splitlines()} == {"anatomy", "disease", "finding", "modality"}
    checked = met("tree", "check", "--no-reason")
    assert checked.returncode == 0, checked.stdout


def test_query_formats(tmp_path: Path) -> None:
    done = met("query", "tree/siblings", "-p", "node=DOID:552", "--format", "csv")
    assert done.returncode == 0 and done.stdout.startswith("node,sibling,label")
    done = met("query", "tree/stats", "--format", "json")
    assert done.returncode == 0 and '"axis"' in done.stdout
    out = tmp_path / "rows.parquet"
    assert met("query", "tree/stats", "--format", "parquet", "--out", str(out)).returncode == 0
    import pandas as pd

    assert set(pd.read_parquet(out)["axis"]) == {"anatomy", "disease", "finding", "modality"}
    own = tmp_path / "mine.rq"
    own.write_text(
        "# title: mine\n# param axis: string = disease\nSELECT ?axis (COUNT(?n) AS ?c) { ?n met:axis ?axis } GROUP BY ?axis"
    )
    assert "disease" in met("query", str(own), "--format", "csv").stdout
    own.write_text("SELECT ?x WHERE { ?x")
    broken = met("query", str(own))
    assert broken.returncode == 1 and "not valid SPARQL" in broken.stderr


def test_diff_and_normalize(tmp_path: Path) -> None:
    from met_kg.paths import ontology_dir

    edit = ontology_dir() / "met-edit.ofn"
    changed = tmp_path / "changed.ofn"
    changed.write_text(edit.read_text().replace('"pleural effusion"@en', '"effusion of the pleura"@en'))
    same = met("tree", "diff", str(edit), str(edit))
    assert same.returncode == 0 and same.stdout == ""
    done = met("tree", "diff", str(edit), str(changed), "--format", "markdown")
    assert done.returncode == 1 and "label 'effusion of the pleura' added" in done.stdout
    normal = met("tree", "normalize", str(edit), "--out", str(tmp_path / "n.ofn"))
    assert normal.returncode == 0
    again = met("tree", "normalize", str(tmp_path / "n.ofn"))
    assert again.stdout == (tmp_path / "n.ofn").read_text()


def test_a_tree_is_built_with_what_people_decided(tmp_path: Path) -> None:
    decided = tmp_path / "decided.tsv"
    decided.write_text(
        "id\tlabel\tparent\tdefinition\tkind\tdecision\n"
        "MET:0100001\tspiculated shadow\tMET:0005002\tA shadow with spikes.\tnew-term\taccept\n"
    )
    out = tmp_path / "tree"
    built = met("tree", "build", "--source", "met", "--decisions", str(decided), "--out", str(out))
    assert built.returncode == 0 and "met.owl" in built.stdout, built.stderr
    shown = met("tree", "show", "spiculated shadow", "--run", str(out))
    assert "opacity  MET:0005002" in shown.stdout, shown.stderr
    both = met("tree", "build", "--source", "met", "--recipe", "pipelines/quickstart.yaml", "--out", str(out))
    assert both.returncode == 2 and "--recipe and --source" in both.stderr
