"""``met eval`` as users meet it, with a real (tiny, random) checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from met_kg import tables
from met_kg.cli.evaluate import evaluate as eval_command
from met_kg.cli.evaluate import score as score_command
from met_kg.evaluation.benchmark import find
from met_kg.evaluation.contamination import image_hashes
from met_kg.evaluation.records import IMAGE, Loaded, load_records
from met_kg.evaluation.run import answer_benchmark, item_records
from met_kg.graph.store import Graph
from met_kg.log import silent
from met_kg.models import vlm
from met_kg.models.standin import make_standin


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model") / "base"
    return make_standin(out, texts=["Is there a nodule? Please answer the question concisely. yes no lung"], seed=3)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    (folder / "images").mkdir()
    for name, shade in (("a.jpg", 40), ("b.jpg", 200)):
        Image.new("L", (64, 64), shade).save(folder / "images" / name)
    asked = [
        ("a.jpg", "Is there a nodule?", "no"),
        ("a.jpg", "Which organ?", "lung"),
        ("b.jpg", "Is it normal?", "yes"),
    ]
    asked += [("absent.jpg", "Which plane?", "axial")]
    records = [{"qid": i, "image_name": n, "question": q, "answer": a} for i, (n, q, a) in enumerate(asked)]
    records.append({"qid": 9, "image_name": "a.jpg", "question": "Nothing to compare with?"})
    (folder / "test.json").write_text(json.dumps(records))
    return folder


def run(model: Path, release: Path, out: Path, *more: str) -> Result:
    words = ["--model", str(model), "--benchmark", "vqa-rad", "--source", str(release), "--out", str(out)]
    return CliRunner().invoke(eval_command, [*words, "--max-new-tokens", "4", *more], catch_exceptions=False)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def test_a_model_is_asked_scored_and_asked_no_second_time(model: Path, release: Path, tmp_path: Path) -> None:
    first = run(model, release, tmp_path)
    assert first.exit_code == 0, first.output
    folder = tmp_path / "vqa-rad"
    said, items = lines(folder / "predictions.jsonl"), lines(folder / "items.jsonl")
    assert [s["id"] for s in said] == ["0", "1", "2"] and len(items) == 3
    assert all(set(s) == {"id", "record", "model_output"} and IMAGE not in s["record"] for s in said)
    assert [q["reason"] for q in lines(folder / "set-aside.jsonl")] == [
        "the record has no field 'answer'",
        "its image is not there (absent.jpg)",
    ]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["total metrics"]["total"] == 3 and metrics["set_aside"] == 2 and metrics["expected_items"] == 451
    assert metrics["settings"]["stand_in"] is True and metrics["settings"]["max_new_tokens"] == 4
    assert metrics["baselines"]["constants"] == {"lung": 1 / 3, "no": 1 / 3, "yes": 1 / 3}
    assert "2 records could not be asked" in first.output and "the benchmark has 451" in first.output

    again = run(model, release, tmp_path, "--protocol", "corrected")
    assert "these answers are there already" in again.output
    assert lines(folder / "predictions.jsonl") == said
    assert json.loads((folder / "metrics.json").read_text())["protocol"] == "corrected"
    other = run(model, release, tmp_path, "--reasoning")
    assert "there already" not in other.output, "other prompts are other questions"


def test_predictions_of_met_eval_are_input_of_met_score(model: Path, release: Path, tmp_path: Path) -> None:
    run(model, release, tmp_path, "--limit", "2")
    predictions = tmp_path / "vqa-rad/predictions.jsonl"
    done = CliRunner().invoke(
        score_command,
        ["--benchmark", "vqa-rad", "--predictions", str(predictions), "--out", str(tmp_path / "s")],
    )
    assert done.exit_code == 0
    assert (tmp_path / "s/items.jsonl").read_bytes() == (tmp_path / "vqa-rad/items.jsonl").read_bytes()


def test_damaged_answers_are_not_taken_over(model: Path, release: Path, tmp_path: Path) -> None:
    run(model, release, tmp_path)
    predictions = tmp_path / "vqa-rad/predictions.jsonl"
    whole = predictions.read_bytes()
    predictions.write_bytes(whole[: len(whole) // 2])
    assert "there already" not in run(model, release, tmp_path).output
    assert predictions.read_bytes() == whole


def test_answers_outlive_what_goes_wrong_after_them(model: Path, release: Path, tmp_path: Path) -> None:
    (tmp_path / "vqa-rad/metrics.json").mkdir(parents=True)  # nothing can be written there
    with pytest.raises(IsADirectoryError):
        run(model, release, tmp_path)
    (tmp_path / "vqa-rad/metrics.json").rmdir()
    assert "these answers are there already" in run(model, release, tmp_path).output


def test_own_items_are_read_from_a_run_and_one_without_a_node_lies_in_no_branch(
    model: Path, mini_graph: Graph, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    (folder / "images").mkdir(parents=True)
    Image.new("L", (64, 64), 90).save(folder / "images/s.png")
    sample = {"sample_id": "s", "image": "images/s.png", "split": "test"}
    tables.write("samples", tables.frame("samples", [sample]), folder / "samples.parquet")
    items = [
        {"item_id": f"i{n}", "sample_id": "s", "split": "test", "question": "Is it a mass?", **more}
        for n, more in enumerate(
            [
                {"format": "multiple-choice", "options": ["cyst", "mass"], "answer": "B", "key_node": "DOID:552"},
                {"format": "yes-no", "answer": "yes", "key_node": ""},
                {"format": "open", "answer": "mass", "key_node": "UBERON:0002048"},
            ]
        )
    ]
    tables.write("vqa", tables.frame("vqa", items), folder / "vqa.parquet")
    records = Loaded(item_records(folder, "test"), [])
    settings: Any = {"protocol": "medevalkit", "batch_size": 2, "max_new_tokens": 2, "log": silent}
    metrics = answer_benchmark(
        vlm.load(model), find("own-items"), records, tmp_path / "o", base=folder, graph=mini_graph, **settings
    )
    assert [metrics[part]["total"] for part in ("multiple choice", "close", "open")] == [1, 1, 1]
    assert metrics["tree"]["unlinked"] == 1 and set(metrics["tree"]["axes"]) == {"disease", "anatomy"}


def test_images_that_were_trained_on_are_told_apart(model: Path, release: Path, tmp_path: Path) -> None:
    bench = find("vqa-rad")
    metrics = answer_benchmark(
        vlm.load(model),
        bench,
        load_records(bench, release, images=tmp_path),
        tmp_path,
        base=tmp_path,
        protocol="medevalkit",
        batch_size=2,
        max_new_tokens=2,
        log=silent,
        training_images=set(image_hashes([release / "images/a.jpg"])),
    )
    assert metrics["contamination"]["image in training"]["total"] == 2
    assert metrics["contamination"]["image not in training"]["total"] == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--benchmark", "vqarad"], "did you mean vqa-rad"),
        (["--benchmark", ","], "--benchmark names none"),
        (["--benchmark", "own-items"], "is read from a run"),
        (["--benchmark", "vqa-rad,slake", "--source", "{bare}"], "slake has no record to ask: the record has no field"),
        (["--benchmark", "vqa-rad", "--source", "{empty}"], "has no test.json or data"),
        (["--benchmark", "vqa-rad", "--source", "{bare}"], "no record of vqa-rad has its image"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(
    model: Path, words: list[str], problem: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare/test.json").write_text('[{"question": "q", "answer": "yes", "image_name": "x.jpg"}]')
    words = [w.format(empty=tmp_path / "empty", bare=tmp_path / "bare") for w in words]
    done = CliRunner().invoke(eval_command, ["--model", str(model), "--out", str(tmp_path / "o"), *words])
    assert problem in f"{done.output}{done.exception}" and done.exit_code != 0
