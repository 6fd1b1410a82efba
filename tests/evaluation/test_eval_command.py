"""``met eval`` as users meet it, with a real (tiny, random) checkpoint."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image, ImageOps

from met_kg import tables
from met_kg.cli.evaluate import evaluate as eval_command
from met_kg.cli.score import score as score_command
from met_kg.corpus.images import open_image
from met_kg.evaluation.ablation import positions
from met_kg.evaluation.benchmark import find
from met_kg.evaluation.contamination import Training
from met_kg.evaluation.records import IMAGE, Loaded, load_records
from met_kg.evaluation.run import answer_benchmark, item_records
from met_kg.evaluation.score import score
from met_kg.graph.store import Graph
from met_kg.log import silent
from met_kg.models import vlm
from met_kg.models.generation import BatchedVlm
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


def options(model: Path, release: Path, out: Path) -> list[str]:
    words = ["--model", str(model), "--benchmark", "vqa-rad", "--source", str(release), "--out", str(out)]
    return [*words, "--max-new-tokens", "4", "--ablate", "none"]


def run(model: Path, release: Path, out: Path, *more: str, catch: bool = False) -> Result:
    return CliRunner().invoke(eval_command, [*options(model, release, out), *more], catch_exceptions=catch)


def answerer(model: Path) -> BatchedVlm:
    return BatchedVlm(vlm.load(model), open_image=open_image, batch_size=2, max_new_tokens=2)


def write_release(folder: Path, asked: list[tuple[str, str, str]], *, side: int = 64) -> Path:
    """A release in VQA-RAD's form: rows of image name, question, answer; each image is noise of its own."""
    (folder / "images").mkdir(parents=True)
    for number, name in enumerate(dict.fromkeys(image for image, *_ in asked)):
        coarse = np.random.default_rng(number).integers(0, 256, (16, 16)).astype(np.uint8)
        Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(folder / "images" / name)
    records = [{"qid": i, "image_name": n, "question": q, "answer": a} for i, (n, q, a) in enumerate(asked)]
    (folder / "test.json").write_text(json.dumps(records))
    return folder


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def test_a_model_is_asked_scored_and_asked_no_second_time(model: Path, release: Path, tmp_path: Path) -> None:
    first = run(model, release, tmp_path)
    assert first.exit_code == 0, first.output
    folder = tmp_path / "vqa-rad"
    said, items = lines(folder / "predictions.jsonl"), lines(folder / "items.jsonl")
    assert [s["id"] for s in said] == ["0", "1", "2"] and len(items) == 3
    assert all({"id", "record", "model_output"} <= set(s) and IMAGE not in s["record"] for s in said)
    assert all(s["cut"] is True for s in said), "a random model never ends by itself"
    assert [q["reason"] for q in lines(folder / "set-aside.jsonl")] == [
        "the record has no field 'answer'",
        "its image is not there (absent.jpg)",
    ]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["total metrics"]["total"] == 3 and metrics["set_aside"] == 2 and metrics["expected_items"] == 451
    assert metrics["settings"]["stand_in"] is True and metrics["settings"]["max_new_tokens"] == 4
    assert (metrics["failed"], metrics["cut"]) == (0, 3)
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
    metrics = answer_benchmark(
        answerer(model),
        find("own-items"),
        records,
        tmp_path / "o",
        base=folder,
        graph=mini_graph,
        protocol="medevalkit",
        log=silent,
    )
    assert [metrics[part]["total"] for part in ("multiple choice", "close", "open")] == [1, 1, 1]
    assert metrics["tree"]["unlinked"] == 1 and set(metrics["tree"]["axes"]) == {"disease", "anatomy"}


def test_what_was_trained_on_is_told_apart_by_image_and_by_words(model: Path, tmp_path: Path) -> None:
    """One image is trained on byte for byte, one mirrored and brighter; one question nearly word for word."""
    folder, others = tmp_path / "release", tmp_path / "training"
    asked = "Is there evidence of a large pleural effusion on the right side of this chest?"
    questions = ["What is shown?", "Is it normal?", asked, "Which plane is this?"]
    write_release(folder, [(f"p{n}.png", q, "no") for n, q in enumerate(questions)], side=160)
    others.mkdir()
    (others / "copy.png").write_bytes((folder / "images/p0.png").read_bytes())
    mirrored = ImageOps.mirror(Image.open(folder / "images/p1.png")).point(lambda grey: min(255, grey * 1.1))
    mirrored.save(others / "mirrored.png")
    images = (others / "copy.png", others / "mirrored.png", others / "gone.png")
    training = Training("t", images, (f"{asked[:-1]}, please?", "What is the capital of the country on the left side?"))
    bench = find("vqa-rad")
    records = load_records(bench, folder, images=tmp_path)
    out = tmp_path / "o"
    metrics = answer_benchmark(
        answerer(model), bench, records, out, base=tmp_path, protocol="medevalkit", log=silent, training=training
    )
    seen = {line["index"]: line for line in lines(out / "contamination.jsonl")}
    assert set(seen) == {0, 1, 2}
    assert seen[0]["image"] == "the bytes of copy.png" and seen[0]["question"] == ""
    assert "altered copy of mirrored.png" in seen[1]["image"]
    assert seen[2]["image"] == "" and "nearly asked in training" in seen[2]["question"]
    found = metrics["contamination"]
    assert [found[k]["total"] for k in ("image in training", "question in training", "clean")] == [2, 1, 1]
    assert found["clean"]["interval_95"] is not None
    assert metrics["settings"]["training"] == {"name": "t", "images": 3, "questions": 2}


def test_the_model_stands_beside_itself_without_the_image(model: Path, release: Path, tmp_path: Path) -> None:
    done = run(model, release, tmp_path, "--ablate", "text,blank")
    assert "to ask, by pass: full 3, text 3, blank 3" in done.output
    folder = tmp_path / "vqa-rad"
    compared = json.loads((folder / "metrics.json").read_text())["baselines"]["compared"]
    assert set(compared) == {"majority", "text", "blank"}
    for name in ("text", "blank"):
        said = lines(folder / f"predictions-{name}.jsonl")
        right = [bool(i["correct"]) for i in score("vqa-rad", said).items]
        assert compared[name]["right"] == sum(right) and len(said) == 3
        assert compared[name]["model_minus_this"]["low"] <= compared[name]["model_minus_this"]["high"]
    assert np.asarray(Image.open(folder / "blank.png")).std() == 0
    again = run(model, release, tmp_path, "--ablate", "text,blank", "--protocol", "corrected")
    assert again.output.count("are there already") == 3
    none = run(model, release, tmp_path, "--ablate", "none")
    assert "by pass: full 3\n" in none.output
    assert set(json.loads((folder / "metrics.json").read_text())["baselines"]["compared"]) == {"majority"}
    assert run(model, release, tmp_path, "--ablate", "txt", catch=True).exit_code != 0


def test_the_places_of_options_are_profiled() -> None:
    bench = find("pmc-vqa")
    record = {"Question": "q", "Choice A": "a", "Choice B": "b", "Choice C": "c", "Choice D": "d"}
    asked = [({**record, "Answer": gold}, said) for gold, said in (("A", "A"), ("B", "A"), ("B", "B"), ("D", "A"))]
    records = [r for r, _ in asked]
    items = score(bench, [{"record": r, "model_output": s} for r, s in asked]).items
    found = positions(bench, records, items)
    assert found is not None and found["total"] == 4 and found["unread"] == 0
    letters = found["letters"]
    assert {k: (n["gold"], n["chosen"], n["right"]) for k, n in letters.items()} == {
        "A": (1, 3, 1), "B": (2, 1, 1), "D": (1, 0, 0),
    }  # fmt: skip
    assert letters["B"]["acc_where_gold"] == 0.5
    assert positions(find("vqa-rad"), [], []) is None


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


def test_a_kill_loses_no_batch_and_changes_no_byte(model: Path, tmp_path: Path) -> None:
    rows = [(f"p{n % 7}.png", f"What is shown in place {n * 7919}?", "lung") for n in range(18)]
    release = write_release(tmp_path / "release", rows)
    more = ["--batch-size", "2", "--max-new-tokens", "24", "--ablate", "text"]
    words = [*options(model, release, tmp_path / "killed"), *more]
    part = tmp_path / "killed/vqa-rad/predictions.jsonl.part"
    process = subprocess.Popen([sys.executable, "-m", "met_kg.cli", "eval", *words], stderr=subprocess.DEVNULL)
    try:
        while not part.is_file() or part.read_bytes().count(b"\n") < 1 + 4:
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    answered = part.read_bytes().count(b"\n") - 1
    assert 4 <= answered < 18 and not (tmp_path / "killed/vqa-rad/predictions.jsonl").exists()
    on = run(model, release, tmp_path / "killed", *more)
    assert f"going on after {answered} of 18 answers" in on.output
    run(model, release, tmp_path / "whole", *more)
    names = sorted(p.name for p in (tmp_path / "whole/vqa-rad").iterdir())
    assert names == sorted(p.name for p in (tmp_path / "killed/vqa-rad").iterdir())
    for name in names:
        assert (tmp_path / "killed/vqa-rad" / name).read_bytes() == (tmp_path / "whole/vqa-rad" / name).read_bytes()
