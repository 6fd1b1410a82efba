"""``met export`` and the options that ``met slice`` shares with it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from met_kg import tables
from met_kg.cli.export import export_run
from met_kg.cli.items import slice_items, verify
from met_kg.errors import RecipeProblem, UsageProblem


def met_export(run: Path, out: Path, *more: str) -> Result:
    return CliRunner().invoke(export_run, [str(run), "--out", str(out), *more])


def test_what_is_not_said_is_as_the_recipe_has_it(finished_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    about = {"title": "Mine", "published": "2026-01-02"}
    settings = {"forms": ["jsonl"], "licence_allow": ["CC0-1.0"], "about": about}
    (run / "recipe.yaml").write_text(yaml.safe_dump({"name": "x", "export": settings}))
    done = met_export(run, tmp_path / "a")
    assert done.exit_code == 0, done.exception
    assert (tmp_path / "a" / "jsonl").is_dir() and not (tmp_path / "a" / "train.jsonl").exists()
    assert set(tables.read("samples", tmp_path / "a" / "samples.parquet").licence) == {"CC0-1.0"}
    assert "samples left out for their licence         12" in done.output
    more = ["--form", "llava", "--form", "parquet", "--images", "reference", "--licence-allow", "cc by", "--about"]
    done = met_export(run, tmp_path / "b", *more, "version=2.0.0")
    assert done.exit_code == 0, done.exception
    stated = json.loads((tmp_path / "b" / "croissant.json").read_text())
    assert (stated["name"], stated["version"], stated["datePublished"]) == ("Mine", "2.0.0", "2026-01-02")
    assert set(tables.read("samples", tmp_path / "b" / "samples.parquet").licence) == {"CC BY 4.0"}
    assert (tmp_path / "b" / "train.jsonl").is_file() and not (tmp_path / "b" / "images").exists()
    assert CliRunner().invoke(verify, [str(tmp_path / "b")]).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--about", "titel=x"], "did you mean 'title'?"),
        (["--about", "version=1"], "about.version"),
        (["--about", "published=soon"], "about.published"),
        (["--about", "x"], "give it as NAME=VALUE"),
        (["--form", "imagefolder", "--images", "reference"], "is made of images"),
    ],
)
def test_wrong_settings_are_one_sentence(finished_run: Path, tmp_path: Path, arguments: list[str], part: str) -> None:
    done = met_export(finished_run, tmp_path / "out", *arguments)
    assert isinstance(done.exception, UsageProblem) and part in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_recipe_that_cannot_be_read_is_named(finished_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    for text in ("export: {forms: [csv]}", "[1, 2]", "export: {"):
        (run / "recipe.yaml").write_text(text)
        assert isinstance(met_export(run, tmp_path / "out").exception, RecipeProblem)


def test_a_slice_is_exported_in_the_same_ways(finished_run: Path, tmp_path: Path) -> None:
    arguments = ["items-on-node", "-p", "node=DOID:552", "--run", str(finished_run), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(slice_items, [*arguments, "--form", "webdataset", "--licence-allow", "CC0"])
    assert done.exit_code == 0, done.exception
    vqa = tables.read("vqa", tmp_path / "out" / "vqa.parquet")
    assert 0 < len(vqa) < len(tables.read("vqa", finished_run / "vqa.parquet"))
    assert set(tables.read("samples", tmp_path / "out" / "samples.parquet").licence) == {"CC0-1.0"}
    assert [p.name for p in (tmp_path / "out" / "webdataset").iterdir()] and not (tmp_path / "out" / "jsonl").exists()


def test_the_card_tells_of_quality_control_and_of_the_tree(finished_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    found = [{"item_id": str(n), "check": "several|answers", "verdict": "drop", "reason": "r"} for n in range(3)]
    pd.DataFrame(found).to_parquet(run / "quality.parquet")
    (run / "tree").mkdir()
    source = {"name": "uberon", "version": "2026", "licence": "CC-BY-3.0"}
    (run / "tree" / "tree.json").write_text(json.dumps({"version": "7", "sha256": "ab", "sources": [source]}))
    assert met_export(run, tmp_path / "out").exit_code == 0
    card = (tmp_path / "out" / "README.md").read_text()
    assert "| several\\|answers | drop | 3 |" in card
    assert "| uberon | 2026 | CC-BY-3.0 |" in card and "its tree 7 (sha256 `ab`)" in card
