"""The report: complete, escaped, deterministic, small, and readable of a run that stopped early."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from report_page import Page, assert_stands_alone
from report_run import ASK, make_run

from met_kg.errors import DataProblem, MissingData
from met_kg.report import summary_lines, write_report
from met_kg.report.thumbnails import Thumbnails


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete small run; tests that change it copy it first."""
    return make_run(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    """Its report."""
    write_report(run, run.parent / "report.html")
    return (run.parent / "report.html").read_text(encoding="utf-8")


def test_it_is_well_formed_and_asks_for_nothing_outside(page: str) -> None:
    assert_stands_alone(page)


def test_untrusted_text_is_shown_and_never_run(page: str) -> None:
    assert "<script" not in page
    for section in ("corpus", "filter", "items", "quality", "evaluation", "quarantine"):
        assert "<script>alert('x')</script>" in Page(page).said(section), section


def test_every_section_tells_its_figures(page: str) -> None:
    said = Page(page).said
    assert "41 nodes on four axes, up to 5 levels deep" in said("tree")
    assert "disease 14" in said("tree") and "2026-01-01" in said("tree")
    assert "2 mentions of 1 node in 2 documents" in said("literature")
    assert "lobar pneumonia pneumonia DOID:552 0.8" in said("literature")
    assert "12 image-text pairs in 6 groups" in said("corpus")
    assert "48 links from 12 samples to 4 nodes" in said("anchors")
    assert "Of 12 samples, 9 are kept, 3 dropped" in said("filter")
    assert "after stage 1, rules 10 83.3 % after stage 2, alignment 9 75.0 %" in said("filter")
    assert "1 blank 10 0 0 2 the picture is all of one grey" in said("filter")
    assert "disease 14 4 4 0 10 0" in said("coverage") and "heart disease DOID:114 10 cousin" in said("coverage")
    assert "calibrated 0.875 0.125" in said("filter") and "No threshold reaches the precision of 95 %" in said("filter")
    assert "3 enriched captions and 3 questions about 1 node" in said("items")
    assert "3 of 4 drafts became questions" in said("quality") and "doubled-word drop 1" in said("quality")
    assert "disease multiple-choice 200 120 120 25.0 % 75.0 % 26.5 % longest +3.0 drop" in said("quality")
    assert "symptom not visual multiple-choice 90 90 90" in said("quality")
    assert "blank 25.0 % 20.0 % – 30.0 % +25.0" in said("quality") and "1 were dropped, 2 not judged" in said("quality")
    assert "loss of the first steps 1.250, of the last 0.125" in said("training") and "q_proj, v_proj" in said(
        "training"
    )
    assert re.search(r"own-items corrected 20 9 45\.0 % \d+\.\d % – \d+\.\d % 40\.0 % 25\.0 %", said("evaluation"))
    assert "open 4 8 50.0 %" in said("evaluation") and "lung disease 9 20 45.0 %" in said("evaluation")
    assert "gold A: pneumonia model B" in said("evaluation") and "“a”, counted on train" in said("evaluation")
    assert "samples.parquet" in said("provenance") and "Seed 13" in said("provenance")


def test_options_carry_the_key_and_the_relation_of_each_distractor(page: str) -> None:
    said = Page(page).said("items")
    assert "A asthma sibling · DOID:2841 B pneumonia key · DOID:552 C pulmonary fibrosis cousin · DOID:3770" in said
    assert ASK in said
    assert "Enriched at level knowledge" in said


def test_benchmark_images_are_found_in_the_release_that_the_recipe_names(run: Path, tmp_path: Path) -> None:
    other = shutil.copytree(run, tmp_path / "run")
    folder = (other / "eval" / "own-items").rename(other / "eval" / "vqa-rad")
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    (folder / "metrics.json").write_text(json.dumps(metrics | {"benchmark": "vqa-rad"}), encoding="utf-8")
    asked = {"record": {"question": "Is it big?", "answer": "no", "image_name": "x.jpg"}, "model_output": "yes"}
    (folder / "predictions.jsonl").write_text("\n".join([json.dumps(asked)] * 20), encoding="utf-8")
    (tmp_path / "release" / "images").mkdir(parents=True)
    Image.new("RGB", (50, 40), "red").save(tmp_path / "release" / "images" / "x.jpg")
    (other / "recipe.yaml").write_text(f"eval: {{sources: {{vqa-rad: {tmp_path / 'release'}}}}}\n", encoding="utf-8")
    write_report(other, tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text("utf-8")
    assert "Is it big? gold no model yes" in Page(text).said("evaluation")
    assert re.search(r'width="50" height="40" alt="test image of the question: Is it big\?"', text)


def test_the_notices_stand_on_top(page: str, run: Path, tmp_path: Path) -> None:
    head = Page(page).said("")
    assert "Not a medical device." in head and "no tree can tell" in head
    assert "stand-in model is not a medical model" in head
    other = shutil.copytree(run, tmp_path / "run")
    shutil.rmtree(other / "base")
    write_report(other, tmp_path / "r.html")
    assert "stand-in" not in Page((tmp_path / "r.html").read_text("utf-8")).said("")


def test_a_broken_image_is_a_box_with_the_reason(page: str) -> None:
    assert re.search(r'<div class="nopicture">the file is not an image', page)


def test_same_run_same_bytes_wherever_it_lies(run: Path, tmp_path: Path) -> None:
    other = shutil.copytree(run, tmp_path / "elsewhere" / "copy")
    manifest = json.loads((other / "manifest.json").read_text("utf-8"))
    manifest["timestamps"] = {"corpus": {"started": 99.0, "seconds": 777.25}}
    manifest["steps"]["report"]["outputs"] = {"report.html": "11" * 32}
    (other / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    write_report(run, tmp_path / "a.html")
    write_report(other, tmp_path / "b.html")
    first, second = (tmp_path / "a.html").read_bytes(), (tmp_path / "b.html").read_bytes()
    assert first == second
    assert b"777.25" not in second and str(tmp_path).encode() not in second and b"/home/someone" not in second


def test_a_run_that_stopped_early_says_what_is_missing(run: Path, tmp_path: Path) -> None:
    part = tmp_path / "part"
    shutil.copytree(run / "store", part / "store")
    shutil.copytree(run / "tree", part / "tree")
    write_report(part, tmp_path / "r.html")
    parsed = Page((tmp_path / "r.html").read_text("utf-8"))
    assert "41 nodes" in parsed.said("tree")
    missing = {"literature": "literature", "corpus": "corpus", "anchors": "retrieve", "filter": "filter"}
    missing |= {"items": "synthesize", "quality": "quality", "training": "train", "evaluation": "eval"}
    for section, step in missing.items():
        assert f"the step “{step}” has not been done" in parsed.said(section)
    assert "There is no manifest.json yet" in parsed.said("provenance")


def test_no_run_and_damaged_runs_are_refused_in_one_sentence(run: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="holds no run"):
        write_report(tmp_path, tmp_path / "r.html")
    other = shutil.copytree(run, tmp_path / "run")
    (other / "adapter" / "training_log.jsonl").write_text('{"step": 1, "loss": 2}\n{"step":', encoding="utf-8")
    with pytest.raises(DataProblem, match=r"training_log\.jsonl:2: the line is not JSON"):
        write_report(other, tmp_path / "r.html")


def test_pictures_stay_small_and_within_the_budget(tmp_path: Path) -> None:
    noise = Image.effect_noise((1600, 1200), 80)
    noise.save(tmp_path / "a.png")
    noise.rotate(90).save(tmp_path / "b.png")
    made = Thumbnails(tmp_path, budget=40_000)
    first = made.of("a.png", 240)
    assert (first.width, first.height) == (240, 180) and first.uri.startswith("data:image/jpeg;base64,")
    assert made.of("a.png", 240) is first
    assert made.of("b.png", 400).problem == "left out to keep this file small"
    assert made.of("none.png").problem == "the image is not there any more"
    assert made.of("").problem == "text only"
    assert made.inlined == 1


def test_summary_names_counts_and_files_that_are_there(run: Path) -> None:
    lines = summary_lines(run)
    assert "Run 'small' made:" in lines
    assert any(line.split() == ["corpus", "samples", "12"] for line in lines)
    shown = "\n".join(lines)
    assert str(run / "vqa.parquet") in shown and "met.owl" not in shown
