"""A run's folder holds what docs/run-directory.md promises, and the commands work on it."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from small_recipe import met

from met_kg import tables
from met_kg.vocabulary import is_curie

FILES = """
manifest.json tree/met.owl tree/mappings.sssom.tsv tree/review.tsv store samples.parquet anchors.parquet
decisions.parquet captions.parquet drafts.parquet vqa.parquet quality.parquet shortcuts.json export/README.md export/images export/train.jsonl
adapter/adapter_config.json adapter/adapter_model.safetensors eval/own-items/predictions.jsonl
eval/own-items/metrics.json report.html
"""
COLUMNS = {
    "samples": "sample_id image sha256 caption source licence group_id split",
    "anchors": "sample_id node axis polarity method score evidence",
    "decisions": "sample_id stage rule verdict reason value",
    "quality": "item_id check verdict reason value",
    "vqa": "item_id sample_id type format question options answer key_node distractor_nodes distractor_relations "
    "difficulty rationale split proof",
}


def test_every_promised_file_is_there(small_run: Path) -> None:
    assert not [name for name in FILES.split() if not (small_run / name).exists()]


@pytest.mark.parametrize("table", COLUMNS)
def test_tables_hold_the_promised_columns(small_run: Path, table: str) -> None:
    data = pd.read_parquet(small_run / f"{table}.parquet")
    assert set(COLUMNS[table].split()) <= set(data.columns) and len(data)
    assert list(data.columns) == tables.SCHEMAS[table].names


def test_nodes_are_curies_lists_are_lists_and_everything_has_its_reason(small_run: Path) -> None:
    anchors = pd.read_parquet(small_run / "anchors.parquet")
    assert all(map(is_curie, anchors.node)) and set(anchors.polarity) <= {"positive", "negative", "uncertain"}
    vqa = pd.read_parquet(small_run / "vqa.parquet")
    choices = vqa[vqa.format == "multiple-choice"]
    assert all(
        len(o) == 4 and len(n) == 3 == len(r)
        for o, n, r in zip(choices.options, choices.distractor_nodes, choices.distractor_relations, strict=True)
    )
    assert all(json.loads(proof) for proof in vqa.proof) and all(vqa.rationale)
    decisions = pd.read_parquet(small_run / "decisions.parquet")
    assert all(decisions.reason) and {1, 2} == set(decisions.stage) and "drop" in set(decisions.verdict)
    samples = pd.read_parquet(small_run / "samples.parquet")
    assert all(samples.licence) and all(samples.groupby("group_id").split.nunique() == 1)
    assert set(samples.sample_id) == set(decisions.sample_id), "a sample without a decision"


def test_the_manifest_says_from_what(small_run: Path) -> None:
    manifest = json.loads((small_run / "manifest.json").read_text())
    assert manifest["seed"] == 13 and "pyoxigraph" in manifest["versions"]
    for step in manifest["steps"].values():
        assert step["inputs"] is not None and step["counts"] is not None
    assert manifest["steps"]["filter"]["counts"]["in"] == len(pd.read_parquet(small_run / "samples.parquet"))


def test_questions_prove_and_a_tampered_one_does_not(small_run: Path, tmp_path: Path) -> None:
    done = met("verify", str(small_run), cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    copy = tmp_path / "copy"
    shutil.copytree(small_run / "export", copy)
    assert met("verify", str(copy), cwd=tmp_path).returncode == 0
    vqa = pd.read_parquet(copy / "vqa.parquet")
    place = vqa.index[vqa.format == "multiple-choice"][0]
    vqa.loc[place, "answer"] = "ABCD".replace(vqa.loc[place, "answer"], "")[0]
    tables.write("vqa", vqa, copy / "vqa.parquet")
    done = met("verify", str(copy), cwd=tmp_path)
    assert done.returncode == 1 and vqa.loc[place, "item_id"] in done.stdout


def test_a_slice_stands_alone(small_run: Path, tmp_path: Path) -> None:
    done = met("slice", "by-difficulty", "--run", str(small_run), "--out", "hard", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    items = pd.read_parquet(tmp_path / "hard" / "vqa.parquet")
    assert len(items) and set(items.difficulty) == {"hard"}
    assert met("verify", "hard", cwd=tmp_path).returncode == 0
    again = met("slice", "by-difficulty", "--run", str(small_run), "--out", "hard", cwd=tmp_path)
    assert again.returncode == 2 and "not empty" in again.stderr


def test_link_writes_the_promised_columns(small_run: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("Chest X-ray: pneumonia, no pleural effusion.")
    done = met("link", "note.txt", "--tree", str(small_run), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = pd.read_csv(io.StringIO(done.stdout), sep="\t", keep_default_na=False)
    assert list(found.columns) == [
        "document",
        "start",
        "end",
        "text",
        "axis",
        "node",
        "label",
        "score",
        "assertion",
        "as",
        "steps",
    ]
    assert {("pneumonia", "DOID:552"), ("pleural effusion", "MET:0005008")} <= set(
        zip(found.text, found.node, strict=True)
    )
    assert found.set_index("text").assertion["pleural effusion"] == "negated"


def test_the_report_is_one_offline_page_that_says_what_it_is_not(small_run: Path, tmp_path: Path) -> None:
    page = (small_run / "report.html").read_text()
    assert "Not a medical device" in page and "not a medical model" in page
    assert 'src="http' not in page and "<script" not in page.lower()
