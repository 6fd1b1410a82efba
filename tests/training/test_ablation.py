"""An ablation end to end on drawn images: every training once, whatever stops it, and a table that adds up."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import binomtest
from stopping import Stop, StopAt
from tiny_graph import make_graph_run

from met_kg import tables
from met_kg.ablation.results import accuracy
from met_kg.ablation.run import ablate
from met_kg.ablation.settings import Ablation
from met_kg.cli.ablate import ablate as command
from met_kg.errors import DataProblem, MissingData
from met_kg.log import silent
from met_kg.statistics import crossed_interval

pytestmark = pytest.mark.slow

FILES = ("ablation.json", "ablation.md")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve samples; s2, s3, s6, s7 and s11 are held out, discs and squares; stage 2 doubts s0 and s3."""
    folder = make_graph_run(tmp_path_factory.mktemp("ablation") / "run", samples=12)
    for name in ("samples", "captions", "vqa"):
        table = tables.read(name, folder / f"{name}.parquet")
        table.loc[table["sample_id"].isin(["s2", "s6"]), "split"] = "test"
        if name == "samples":
            table["group_id"] = [f"patient {int(s[1:]) // 2}" for s in table["sample_id"]]
        tables.write(name, table, folder / f"{name}.parquet")
    verdicts = {"s0": "review", "s3": "flag"}
    rows = [{"sample_id": f"s{n}", "stage": 2, "verdict": verdicts.get(f"s{n}", "keep")} for n in range(12)]
    tables.write("decisions", tables.frame("decisions", rows), folder / "decisions.parquet")
    return folder


@pytest.fixture
def plan(run: Path) -> Ablation:
    tree = {"title": "tree", "data": "filtered", "caption_share": 0.25, "mix": {"curriculum": {}}}
    values: dict[str, Any] = {
        "run": str(run),
        "seeds": 2,
        "steps": 4,
        "batch_size": 2,
        "save_steps": 2,
        "image_side": 56,
        "hidden": 32,
        "max_new_tokens": 4,
        "benchmarks": {"vqa-rad": str(run / "nowhere")},
        "arms": {"captions": {"title": "captions only", "data": "run", "caption_share": 1}, "tree": tree},
        "comparisons": [{"second": "tree", "first": "captions", "asks": "all"}],
    }
    return Ablation.model_validate(values)


def test_what_is_stopped_goes_on_and_ends_with_the_same_table(plan: Ablation, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(Stop):
        ablate(plan, out, StopAt("2 of 4"))
    done = sorted(out.glob("arms/*/*/done.json"))
    assert [f.parent.relative_to(out / "arms").as_posix() for f in done] == ["captions/seed-13", "tree/seed-13"]
    # As after a kill between training and tests: the model is there and its answers are not.
    cut = out / "arms" / "tree" / "seed-13"
    (cut / "done.json").unlink()
    shutil.rmtree(cut / "tests")
    before = {path: path.stat().st_mtime_ns for path in (done[0], cut / "trained.json")}
    found = ablate(plan, out, silent)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    # The same training without a stop, and in a process of its own: the same table.
    table = {name: (out / name).read_bytes() for name in FILES}
    shutil.rmtree(cut)
    assert ablate(plan.model_copy(update={"processes": 2}), out, silent) == found
    assert {name: (out / name).read_bytes() for name in FILES} == table

    # All is done: nothing is trained again; with other settings all would be.
    stamps = {path: path.stat().st_mtime_ns for path in out.glob("arms/*/*/done.json")}
    assert len(stamps) == 4
    assert ablate(plan, out, silent) == found
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    _check_table(plan, out, found)
    with pytest.raises(Stop):
        ablate(plan.only(["captions"]).model_copy(update={"steps": 2}), out, StopAt("2 trainings, 0 of them done"))


def _check_table(plan: Ablation, out: Path, found: dict[str, Any]) -> None:
    # Five held-out samples of three formats; the choices once more with random wrong answers.
    assert {t["name"]: (t["questions"], t["clusters"]) for t in found["tests"]} == {
        "held-out": (15, 3),
        "tree-options": (5, 3),
        "random-options": (5, 3),
    }
    assert any("Not tested on VQA-RAD" in note and "nowhere" in note for note in found["notes"])
    assert any("of the 12 pairs" in note.lower() and "3 questions and 1 captions" in note for note in found["notes"])
    # The table adds up from the answers themselves.
    groups = {f"s{n}": f"patient {n // 2}" for n in range(12)}
    answers = {
        (arm, seed): [
            json.loads(line)
            for line in (out / "arms" / arm / f"seed-{seed}" / "tests" / "held-out" / "items.jsonl").open()
        ]
        for arm in plan.arms
        for seed in (13, 14)
    }
    clusters = [groups[item["id"].split("-")[0]] for item in answers["tree", 13]]
    for arm in plan.arms:
        right = [[float(item["correct"]) for item in answers[arm, seed]] for seed in (13, 14)]
        row = next(r for r in found["accuracies"] if (r["arm"], r["test"]) == (arm, "held-out"))
        assert 0 <= row["low"] <= row["mean"] <= row["high"] <= 1
        if 0 < row["mean"] < 1:
            assert {key: row[key] for key in ("mean", "low", "high")} == crossed_interval(right, clusters)
    gap = next(r for r in found["comparisons"] if r["test"] == "held-out")
    means = {r["arm"]: r["mean"] for r in found["accuracies"] if r["test"] == "held-out"}
    assert gap["mean"] == pytest.approx(means["tree"] - means["captions"], abs=2e-6)
    assert len(found["comparisons"]) == 3 and all(r["holm_p"] >= r["p"] for r in found["comparisons"])
    page = (out / "ablation.md").read_text()
    assert ("A null result" in page) == all(row["holm_p"] >= 0.05 for row in found["comparisons"])
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["counts"]["filtered"]["pairs left out"] == 2 and manifest["counts"]["trainings"] == 4
    assert all(len(value) in (0, 64) for value in manifest["inputs"].values()) and manifest["inputs"]["run/vqa.parquet"]
    # The doubted are left out of training, and everything is asked of all arms.
    data = tables.read("vqa", out / "data" / "filtered" / "vqa.parquet")
    assert {"s0", "s3"}.isdisjoint(data["sample_id"])


def test_an_accuracy_stays_between_0_and_1() -> None:
    clusters = [str(n) for n in range(40)]
    reach = binomtest(0, 40).proportion_ci(0.95, "exact").high
    for right, low, high in ((0, 0, reach), (1, 1 - reach, 1)):
        found = accuracy(np.full((3, 40), bool(right)), clusters)
        assert (found["mean"], found["low"], found["high"]) == pytest.approx((right, low, high), abs=1e-6)


def test_a_training_that_fails_is_named_and_the_others_go_on(plan: Ablation, tmp_path: Path) -> None:
    arms = dict(plan.arms)
    none = {"title": "nothing", "data": "run", "mix": {"slice": "train/free-options"}}  # this run's items have no type
    changed = plan.model_dump() | {"arms": {"none": none, "captions": arms["captions"].model_dump()}}
    bad = Ablation.model_validate(changed | {"comparisons": [], "seeds": 1})
    with pytest.raises(Exception, match=r"1 of 2 trainings failed: none, seed 13: query train/free-options selects no"):
        ablate(bad, tmp_path / "out", silent)
    assert (tmp_path / "out" / "arms" / "captions" / "seed-13" / "done.json").is_file()
    assert not (tmp_path / "out" / "ablation.json").exists()


def test_a_run_without_what_an_arm_needs_is_refused(plan: Ablation, run: Path, tmp_path: Path) -> None:
    bare = shutil.copytree(run, tmp_path / "bare", ignore=shutil.ignore_patterns("decisions.parquet"))
    with pytest.raises(DataProblem, match="stage 2 decided nothing in this run"):
        ablate(plan.model_copy(update={"run": str(bare)}), tmp_path / "out", silent)
    with pytest.raises(MissingData, match=r"vqa.parquet is not there"):
        ablate(plan.model_copy(update={"run": str(tmp_path)}), tmp_path / "out", silent)
    (tmp_path / "plan.yaml").write_text("arms: {one: {title: One, data: run}}\n")
    done = CliRunner().invoke(command, [str(tmp_path / "plan.yaml"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 1 and "no run is named" in str(done.exception)
