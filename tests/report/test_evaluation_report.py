"""The report of an evaluation: what it tells, what it runs on, and what it refuses."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from report_page import Page, assert_stands_alone
from report_run import EVIL, make_run

from met_kg.cli import cli
from met_kg.errors import DataProblem, MissingData
from met_kg.report import write_evaluation_report


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    made = write_evaluation_report(run, run.parent / "e.html", run=Path("my runs/a"))
    text = (run.parent / "e.html").read_text(encoding="utf-8")
    assert made == {"benchmarks": 1, "pictures": 0, "bytes": len(text.encode())}
    return text


def test_it_stands_alone_and_shows_untrusted_text_without_running_it(page: str) -> None:
    assert_stands_alone(page)
    assert "<script" not in page and EVIL.split(" &")[0] in Page(page).said("evaluation")


def test_it_tells_the_numbers_beside_what_they_need(page: str) -> None:
    said = Page(page).said("evaluation")
    assert "corrected 20 9 45.0 %" in said and "medevalkit 20 " in said and "the same answers" in said
    assert "choice 5 12 41.7 %" in said and "open 4 8 50.0 %" in said
    assert (
        "always “A” 60.0 %" in said
        and "this model without the image 35.0 % 20.0 % – 50.0 % +10.0 (-5.0 to +25.0)" in said
    )
    assert "image not in training 9 20 45.0 %" in said
    assert "letter right chosen found where right A 100.0 % 41.7 % 41.7 % B 0.0 % 50.0 %" in said
    assert "none 0.0 % 8.3 %" in said, "an unread choice has no letter"
    assert "disease 9 20 45.0 %" in said and "lung disease 9 20 45.0 %" in said
    assert re.search(r"sibling 6 85\.7 % .*? 50\.0 % \+35\.7 ", said), (
        "six siblings chosen of seven wrong, half expected"
    )
    assert "model m <script>" in said and "batch size 4" in said
    assert "<think> blocks are removed" in said, "how the protocol differs"
    assert (
        "stand-in model is not a medical model" in said
        and "Set aside, since they could not be asked (set-aside.jsonl): 1." in said
    )


def test_what_the_numbers_are_not_stands_on_top(page: str) -> None:
    head = Page(page).said("")
    assert "What these numbers are not." in head and "No measure of safety" in head


def test_pictures_have_words(page: str) -> None:
    tags = Page(page).tags
    drawn = [a for t, a in tags if t == "svg" or a.get("class") == "ci"]
    assert len(drawn) > 5 and all(a.get("role") == "img" and a.get("aria-label") for a in drawn)
    assert all(a.get("alt") for t, a in tags if t == "img")
    assert any("45 % disease (DOID:4): 9 of 20 right" in text for text in re.findall("<title>(.*?)</title>", page))


def test_right_and_wrong_answers_are_told_apart_without_colour(page: str) -> None:
    said = Page(page).said("evaluation")
    assert "model pneumonia right" in said and re.search(r"model B wrong sibling", said)


def test_images_come_from_the_run_and_never_from_outside_a_release(run: Path, tmp_path: Path) -> None:
    assert write_evaluation_report(run, tmp_path / "e.html", run=run)["pictures"] > 0
    folder = Path(shutil.copytree(run / "eval" / "own-items", tmp_path / "r" / "vqa-rad"))
    metrics = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps(metrics | {"benchmark": "vqa-rad"}))
    asked = {"question": "q", "answer": "yes", "image_name": "../../../secret.png"}
    lines = [json.dumps({"record": asked, "model_output": "no"})] * 20
    (folder / "predictions.jsonl").write_text("\n".join(lines))
    (tmp_path / "release" / "images").mkdir(parents=True)
    shutil.copy(run / "images" / "0000.png", tmp_path / "secret.png")
    made = write_evaluation_report(tmp_path / "r", tmp_path / "e.html", release=tmp_path / "release")
    assert made["pictures"] == 0


def test_the_command_rolls_up_along_a_tree_and_proposes_slices(run: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    shutil.copytree(run / "eval" / "own-items", results / "own-items")
    for name in ("along_the_tree.csv", "nodes.jsonl"):
        (results / "own-items" / name).unlink()
    metrics = json.loads((results / "own-items/metrics.json").read_text())
    tree = metrics.pop("tree")
    (results / "own-items/metrics.json").write_text(json.dumps(metrics))
    done = CliRunner().invoke(cli, ["eval", "report", str(results)], catch_exceptions=False)
    assert done.exit_code == 0 and "Along the tree" not in (results / "evaluation.html").read_text()
    command = [
        "eval",
        "report",
        str(results),
        "--tree",
        str(run),
        "--min-items",
        "4",
        "--out",
        str(tmp_path / "e.html"),
    ]
    done = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert done.exit_code == 0 and "1 results" in done.output
    assert json.loads((results / "own-items/metrics.json").read_text())["tree"] == tree
    assert "Along the tree" in (tmp_path / "e.html").read_text()


def test_a_command_is_ready_for_a_shell(run: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(run / "eval" / "own-items", tmp_path / "own-items"))
    metrics = json.loads((folder / "metrics.json").read_text())
    found = {"query": "node-in-split", "node": "DOID:850", "label": "lung disease", "items": 3}
    metrics["tree"]["worst"]["branches"][0]["slice"] = found
    (folder / "metrics.json").write_text(json.dumps(metrics))
    write_evaluation_report(folder, tmp_path / "e.html", run=Path("my runs/it's"))
    said = Page((tmp_path / "e.html").read_text()).said("evaluation")
    (line,) = re.findall(r"met slice .*?more/\S+", said)
    assert shlex.split(line)[4:8] == ["node=DOID:850", "--run", "my runs/it's", "--out"]
    write_evaluation_report(folder, tmp_path / "e.html")
    assert "met slice" not in (tmp_path / "e.html").read_text()


def test_same_results_same_bytes(run: Path, tmp_path: Path) -> None:
    write_evaluation_report(run, tmp_path / "a.html", run=run)
    write_evaluation_report(run, tmp_path / "b.html", run=run)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_of_a_benchmark_that_is_not_known_here_the_numbers_are_shown(run: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(run / "eval" / "own-items", tmp_path / "mine"))
    metrics = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps(metrics | {"benchmark": "mine"}))
    write_evaluation_report(folder, tmp_path / "e.html")
    said = Page((tmp_path / "e.html").read_text()).said("evaluation")
    assert "mine corrected 20 9 45.0 %" in said and "the same answers" not in said


def test_what_met_score_writes_can_be_shown_too(tmp_path: Path) -> None:
    lines = [{"record": {"question": "q", "answer": "lung"}, "model_output": "lung"}]
    (tmp_path / "p.jsonl").write_text(json.dumps(lines[0]))
    words = [
        "score",
        "--benchmark",
        "vqa-rad",
        "--predictions",
        str(tmp_path / "p.jsonl"),
        "--out",
        str(tmp_path / "s"),
    ]
    CliRunner().invoke(cli, words)
    write_evaluation_report(tmp_path / "s", tmp_path / "e.html")
    assert "1 1 100.0 %" in Page((tmp_path / "e.html").read_text()).said("evaluation")
    done = CliRunner().invoke(cli, ["eval", "report", str(tmp_path / "s"), "--min-items", "3"])
    assert isinstance(done.exception, MissingData)


def test_what_cannot_be_shown_is_said_in_a_sentence(run: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"holds no evaluated benchmark \(metrics.json\)"):
        write_evaluation_report(tmp_path, tmp_path / "e.html")
    folder = Path(shutil.copytree(run / "eval" / "own-items", tmp_path / "own-items"))
    (folder / "items.jsonl").write_text('{"index": 0\n')
    with pytest.raises(DataProblem, match=r"items\.jsonl:1: the line is not JSON"):
        write_evaluation_report(folder, tmp_path / "e.html")
    (folder / "items.jsonl").write_text("{}\n")
    done = CliRunner().invoke(cli, ["eval", "report", str(folder), "--tree", str(run)])
    assert "20 predictions and 1 items" in str(done.exception)
    (folder / "predictions.jsonl").unlink()
    done = CliRunner().invoke(cli, ["eval", "report", str(folder), "--tree", str(run)])
    assert "there is no predictions.jsonl to roll up" in str(done.exception)
    done = CliRunner().invoke(cli, ["eval", "--model", "m"])
    assert "give --model, --benchmark and --out" in str(done.exception)
