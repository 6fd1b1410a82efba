"""A run on input with every kind of damage: what is good comes through, what is bad is set aside with a reason."""

from __future__ import annotations

import csv
import os
import resource
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from met_kg import tables
from met_kg.graph.store import Graph

MET = [sys.executable, "-m", "met_kg.cli"]
OBO = """format-version: 1.2
ontology: mine

[Term]
id: DOID:0000901
name: harbour lung
def: "A lung disease of people who work in harbours." [made:up]
is_a: DOID:850 ! lung disease

[Term]
id: DOID:0000902
name: quay fever
this line is broken
is_a: DOID:850

[Term]
name: a term without an id
"""
RECIPE = """name: damaged
tree:
  sources: [met]
  files: [{name: mine, path: mine.obo, axis: disease}]
literature:
  documents: [{name: notes, path: notes.jsonl, format: jsonl}]
corpus:
  - name: damaged
    reader: table
    path: rows.csv
    columns: {id: id, image: image, caption: caption}
    licence: CC0-1.0
train: {enabled: false}
"""
ATTACK = "<script>alert('pneumonia')</script>"


def met(*arguments: str, cwd: Path, most_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))) if most_bytes else None
    return subprocess.run([*MET, *arguments], capture_output=True, text=True, check=False, cwd=cwd, preexec_fn=limit)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe, a broken ontology, broken notes, and a table in which most rows are bad."""
    home = tmp_path_factory.mktemp("damaged")
    (home / "recipe.yaml").write_text(RECIPE)
    (home / "mine.obo").write_text(OBO)
    (home / "notes.jsonl").write_bytes(b'{"id": "n1", "text": "Pneumonia."}\n{"id": "n2", "text": \xff\xfe\n{broken\n')
    noise = np.random.default_rng(1).integers(0, 255, (2, 200, 200), dtype=np.uint8)
    for name, pixels in zip(("good.png", "long.png"), noise, strict=True):
        Image.fromarray(pixels).save(home / name)
    (home / "cut.png").write_bytes((home / "good.png").read_bytes()[:3000])
    (home / "text.png").write_text("no image at all")
    outside = home.parent / "outside.png"
    Image.fromarray(noise[0].T).save(outside)
    (home / "link.png").symlink_to(outside)
    rows = [
        ("good", "good.png", f"Chest radiograph with pneumonia. {ATTACK}"),
        ("long", "long.png", "Chest radiograph of a pleural effusion. " + "x" * 300_000),
        ("cut", "cut.png", "Chest radiograph, truncated on the way."),
        ("text", "text.png", "Chest radiograph that is a text file."),
        ("gone", "nowhere.png", "Chest radiograph whose file is missing."),
        ("above", "../outside.png", "Chest radiograph from another folder."),
        ("absolute", str(outside), "Chest radiograph from another folder."),
        ("link", "link.png", "Chest radiograph from another folder."),
    ]
    with (home / "rows.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("id", "image", "caption"), *rows])
    with (home / "rows.csv").open("ab") as stream:
        stream.write(b"bytes,good.png,caf\xe9 \x00 damaged\n")
    return home


@pytest.fixture(scope="module")
def run(home: Path) -> Path:
    done = met("run", "recipe.yaml", "--out", "out", cwd=home)
    assert done.returncode == 0, done.stderr
    return home / "out"


def _set_aside(run: Path, step: str) -> dict[str, str]:
    frame = tables.read("quarantine", run / "quarantine" / f"{step}.parquet")
    return {f"{r['source']} {r['where']}": str(r["reason"]) for r in frame.to_dict("records")}


def test_broken_terms_are_named_with_their_line_and_the_others_stand(run: Path) -> None:
    with Graph.open(run / "store") as graph:
        found = {row["descendant"] for row in graph.rows("tree/descendants", node="DOID:850")}
    assert {"DOID:0000901", "DOID:0000902"} <= found
    reasons = _set_aside(run, "tree")
    assert set(reasons) == {"mine.obo 13", "mine.obo 16"}
    assert "tag: value" in reasons["mine.obo 13"] and "without a usable id" in reasons["mine.obo 16"]


def test_broken_notes_are_named_with_their_line(run: Path) -> None:
    assert {where.rpartition(" line ")[2] for where in _set_aside(run, "literature")} == {"2", "3"}
    mentions = tables.read("mentions", run / "mentions.parquet")
    assert "n1" in "".join(mentions["document"].astype(str))


def test_every_bad_row_is_set_aside_or_dropped_with_a_reason(run: Path) -> None:
    samples = tables.read("samples", run / "samples.parquet")
    decisions = tables.read("decisions", run / "decisions.parquet")
    dropped = decisions[decisions["verdict"] == "drop"]
    record = dict(zip(samples["sample_id"], samples["image"], strict=True))
    kept = {str(v).rpartition("/")[2] for k, v in record.items() if k not in set(dropped["sample_id"])}
    assert "good.png" in kept
    assert not kept & {"cut.png", "text.png", "nowhere.png", "outside.png", "link.png"}
    assert dropped["reason"].str.len().min() > 5
    said = " ".join(_set_aside(run, "corpus").values()) + " ".join(dropped["reason"])
    for words in ("outside", "not there", "truncated"):
        assert words in said, said
    # Nothing is lost: each of the nine rows is a sample or is set aside.
    assert len(samples) + len(_set_aside(run, "corpus")) >= 9


def test_words_of_a_caption_are_no_markup_in_the_report(run: Path) -> None:
    page = (run / "report.html").read_text(encoding="utf-8")
    assert ATTACK not in page
    assert "alert(" not in page or "&lt;script&gt;" in page


def test_a_disk_that_takes_no_more_is_one_sentence_and_the_run_goes_on_later(home: Path) -> None:
    done = met("run", "recipe.yaml", "--out", "full", "--until", "tree", cwd=home, most_bytes=100_000)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "the disk is full" in done.stderr and "run again" in done.stderr
    assert met("run", "recipe.yaml", "--out", "full", "--until", "tree", cwd=home).returncode == 0


def test_an_interrupted_run_says_how_to_go_on(home: Path) -> None:
    command = [*MET, "run", "recipe.yaml", "--out", "stopped", "--until", "filter"]
    # A shell that starts the tests in the background has them ignore the signal.
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, cwd=home, stderr=subprocess.PIPE, text=True, preexec_fn=heeding)
    deadline = time.monotonic() + 120
    while not (home / "stopped" / ".state" / "tree.json").is_file():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Stopped. Run it again to go on" in said and "Traceback" not in said
    again = met("run", "recipe.yaml", "--out", "stopped", "--until", "filter", cwd=home)
    assert again.returncode == 0 and "tree: unchanged" in again.stderr


def test_a_store_that_another_process_writes_is_said(run: Path, home: Path) -> None:
    hold = (
        "import sys, pyoxigraph; store = pyoxigraph.Store(sys.argv[1]); print('held', flush=True); sys.stdin.readline()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(run / "store")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        change = ["--set", "corpus.0.licence=MIT", "--until", "retrieve"]
        done = met("run", "recipe.yaml", "--out", "out", *change, cwd=home)
    finally:
        holder.communicate("\n", timeout=30)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "another process writes to this triple store" in done.stderr
    assert met("run", "recipe.yaml", "--out", "out", *change, cwd=home).returncode == 0, "later it works"


def test_a_missing_data_pack_is_named_with_its_line(home: Path) -> None:
    recipe = home / "packs.yaml"
    recipe.write_text(RECIPE.replace("rows.csv", "${MET_DATA}/rows.csv"))
    env = os.environ | {"MET_DATA": str(home / "nowhere")}
    done = subprocess.run(
        [*MET, "run", str(recipe)], capture_output=True, text=True, check=False, cwd=home.parent, env=env
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "packs.yaml:10" in done.stderr and "MET_DATA" in done.stderr + recipe.read_text()
