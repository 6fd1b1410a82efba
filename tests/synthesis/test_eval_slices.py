"""What evaluation proposes for its worst branches: a slice command that runs on the run as it stands."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from met_kg import tables
from met_kg.cli import cli
from met_kg.evaluation.benchmark import find
from met_kg.evaluation.score import score
from met_kg.evaluation.tree import along_the_tree, slice_command
from met_kg.graph.store import Graph


def test_the_command_of_a_worst_branch_exports_its_training_items(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path(shutil.copytree(finished_run, tmp_path / "it's my $run"))
    record = {"question": "Which disease?", "answer": "pneumonia"}
    lines = [{"record": record | {"image_name": f"{n}.jpg"}, "model_output": "asthma"} for n in range(20)]
    with Graph.open(run / "store") as graph:
        along = along_the_tree(graph, find("vqa-rad"), lines, score("vqa-rad", lines).items)
    (worst,) = [b for b in along.metrics["worst"]["branches"] if b["axis"] == "disease"]
    assert worst["label"] == "pneumonia" and worst["slice"]["items"] > 0
    command = slice_command(worst["slice"], str(run))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, shlex.split(command)[1:], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    exported = tables.read("vqa", tmp_path / "more" / worst["slice"]["node"].replace(":", "_") / "vqa.parquet")
    assert len(exported) == worst["slice"]["items"] and set(exported["split"]) == {"train"}
