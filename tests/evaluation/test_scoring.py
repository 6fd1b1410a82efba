"""Scoring as users meet it: bad lines, the command, what stands beside a number, real VQA-RAD."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from met_kg.cli.evaluate import score as score_command
from met_kg.errors import DataProblem, UnknownName
from met_kg.evaluation.aggregate import DECISIONS
from met_kg.evaluation.baselines import baselines
from met_kg.evaluation.benchmark import find, names
from met_kg.evaluation.contamination import contamination, image_hashes
from met_kg.evaluation.corrected import DIFFERENCES
from met_kg.evaluation.records import IMAGE, load_records
from met_kg.evaluation.score import read_lines, score

GOOD = {"record": {"question": "q", "answer": "yes"}, "model_output": "yes"}


def run(file: Path | str, *more: str, data: bytes | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(score_command, ["--benchmark", "vqa-rad", "--predictions", str(file), *more], input=data)
    return done.exit_code, done.output


def test_the_contracts_names_are_known() -> None:
    wanted = {"vqa-rad", "slake", "pathvqa", "pmc-vqa", "pmc-vqa-clean", "omnimedvqa", "mmmu-med-val", "mmmu-med-test"}
    assert wanted <= set(names())
    with pytest.raises(UnknownName, match="vqa-rad"):
        find("vqarad")


def test_bad_lines_keep_their_place_and_count_as_wrong(tmp_path: Path) -> None:
    lines = [
        json.dumps(GOOD).encode(),
        b"{broken",
        json.dumps({"record": {"question": "q"}, "model_output": "yes"}).encode(),
        b'{"record": 3}',
        b"",
        b'\xff\xfe{"record": {}}',
        b"[" * 100_000,
        json.dumps({"record": {"question": "q", "answer": "yes"}, "model_output": None}).encode(),
        b'{"id": ' + b"9" * 5000 + b"}",
        json.dumps(GOOD | {"model_output": "yes\u2028yes\x85"}, ensure_ascii=False).encode(),
    ]
    file = tmp_path / "p.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    code, output = run(file, "--out", str(tmp_path / "out"))
    assert code == 1 and "Traceback" not in output
    items = [json.loads(x) for x in (tmp_path / "out/items.jsonl").read_bytes().split(b"\n") if x]
    assert [i["index"] for i in items] == list(range(len(lines)))
    assert [i["correct"] for i in items] == [True, *[False] * 8, True]
    errors = {i["index"]: i["error"] for i in items if "error" in i}
    assert sorted(errors) == list(range(1, 9))
    assert "line 2 is not JSON" in errors[1] and "line 3: the record has no field 'answer'" in errors[2]
    assert "line 4 has no 'record'" in errors[3] and "line 5 is not JSON" in errors[4]
    assert "line 6 is not UTF-8" in errors[5] and "no text 'model_output'" in errors[7]
    metrics = json.loads((tmp_path / "out/metrics.json").read_text())
    assert metrics["total metrics"] == {"total": 10, "right": 2, "acc": 0.2} and metrics["errors"] == 8
    assert metrics["protocol"] == "medevalkit"


def test_a_byte_order_mark_windows_newlines_and_half_characters_do_no_harm(tmp_path: Path) -> None:
    odd = {"record": {"question": "q", "answer": "lung"}, "model_output": "\ud83d"}
    file = tmp_path / "p.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n" + json.dumps(odd).encode())
    code, _ = run(file, "--out", str(tmp_path / "out"))
    items = [json.loads(x) for x in (tmp_path / "out/items.jsonl").read_text().splitlines()]
    assert code == 0 and [i["correct"] for i in items] == [True, False] and items[1]["extracted"] == "\ud83d"


def test_predictions_come_from_standard_input_too() -> None:
    code, output = run("-", "--protocol", "corrected", data=json.dumps(GOOD).encode())
    assert code == 0 and "accuracy 1.0000 (1 of 1)" in output


def test_scoring_is_the_same_bytes_twice_and_in_another_process(tmp_path: Path) -> None:
    lines = [{"record": {"question": "q", "answer": "a lung"}, "model_output": s} for s in ("a lung", "lung", "")]
    file = tmp_path / "p.jsonl"
    file.write_text("\n".join(json.dumps(x) for x in lines))
    run(file, "--out", str(tmp_path / "a"))
    command = [sys.executable, "-m", "met_kg.cli", "score", "--benchmark", "vqa-rad", "--predictions", str(file)]
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    code = "from met_kg.cli import main; main()"
    subprocess.run([sys.executable, "-c", code, *command[3:], "--out", str(tmp_path / "b")], check=True, env=env)
    for name in ("items.jsonl", "metrics.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_every_metrics_file_names_its_protocol_its_differences_and_its_versions() -> None:
    harness = score("vqa-rad", [GOOD]).metrics
    repaired = score("vqa-rad", [GOOD], protocol="corrected").metrics
    assert harness["differences"] == list(DECISIONS)
    assert repaired["differences"] == [*DECISIONS, *DIFFERENCES]
    assert harness["protocol"] == "medevalkit" and repaired["protocol"] == "corrected"
    assert "9b12e3b" in harness["settings"]["harness"] and harness["settings"]["seed"] == 42
    assert {"nltk", "rouge"} <= set(harness["settings"]["versions"])
    assert "none" in harness["judge"]


def test_the_documentation_lists_every_difference() -> None:
    text = " ".join((Path(__file__).parents[2] / "docs/evaluation.md").read_text(encoding="utf-8").split())
    missing = [d for d in (*DECISIONS, *DIFFERENCES) if d not in text]
    assert not missing


@pytest.mark.parametrize(
    ("value", "items", "reachable"),
    [
        (70.39, 2094, True), (70.39, 1061, False), (70.39, 416, False), (70.39, 836, False), (70.39, 1258, False),
        (77.16, 451, True), (63.75, 33430, True), (63.75, 2000, True), (83.36, 88996, True),
        (73.77, 150, False), (73.77, 1752, False), (73.77, 1712, True), (73.77, 122, True), (96.67, 150, True),
    ],
)  # fmt: skip
def test_what_the_papers_numbers_are_compatible_with(value: float, items: int, reachable: bool) -> None:
    """Section 8: whether a number is that of whole items right in one pass; docs/evaluation.md says so."""
    right = round(value * items / 100)
    assert any(f"{100 * r / items:.2f}" == f"{value:.2f}" for r in range(right - 1, right + 2)) is reachable


def test_a_benchmark_of_ones_own_is_a_yaml_file(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    shipped = (Path(find.__wrapped__.__code__.co_filename).parent / "benchmarks/vqa-rad.yaml").read_text()
    own.write_text(shipped)
    assert score(str(own), [GOOD]).metrics["benchmark"] == "mine"
    own.write_text(shipped + "nonsense: 1\n")
    find.cache_clear()
    with pytest.raises(DataProblem, match="nonsense"):
        find(str(own))
    own.write_text("[1, 2")
    with pytest.raises(DataProblem, match="no description of a benchmark"):
        find(str(own))


def test_records_lines_are_read_in_order_without_the_odd_separators() -> None:
    assert [x["model_output"] for x in read_lines(json.dumps(GOOD).encode() + b"\n\n")[:1]] == ["yes"]
    assert len(read_lines(json.dumps(GOOD | {"model_output": "a\u2028b"}, ensure_ascii=False).encode())) == 1
    assert read_lines(b"") == []


def test_baselines_are_scored_like_a_model() -> None:
    bench = find("vqa-rad")
    records = [{"question": "q", "answer": a} for a in ("no", "no", "yes", "lung")]
    found = baselines(bench, records, protocol="medevalkit")
    assert found["chance"] == 0.375
    assert found["constants"] == {"no": 0.5, "yes": 0.25}
    assert (found["majority"], found["majority_answer"], found["majority_from"]) == (0.5, "no", "test (oracle)")
    train = baselines(bench, records, protocol="medevalkit", train=[{"question": "q", "answer": "Lung"}])
    assert (train["majority"], train["majority_answer"], train["majority_from"]) == (0.25, "lung", "train")


def test_baselines_of_choices_are_constant_letters() -> None:
    bench = find("omnimedvqa")
    record = {"question": "q", "option_A": "CT", "option_B": "MRI", "question_type": "t", "modality_type": "m"}
    records = [record | {"gt_answer": "MRI"}, record | {"gt_answer": "MRI"}, record | {"gt_answer": "CT"}]
    found = baselines(bench, records, protocol="corrected")
    assert found["constants"] == {"A": pytest.approx(1 / 3), "B": pytest.approx(2 / 3)}
    assert found["majority_answer"] == "B" and found["chance"] == 0.5


def test_contaminated_images_are_counted_by_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "copy of a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"2")
    hashes = image_hashes([tmp_path / n for n in ("a", "copy of a", "b", "absent")])
    assert hashes[0] == hashes[1] != hashes[2] and hashes[3] == ""
    found = contamination([{"correct": c} for c in (True, False, True, True)], hashes, {hashes[0], ""})
    assert found["image in training"] == {"total": 2, "right": 1, "acc": 0.5}
    assert found["image not in training"] == {"total": 2, "right": 2, "acc": 1.0}


@pytest.mark.data
def test_vqa_rad_gold_answers_are_right(data_root: Path, tmp_path: Path) -> None:
    bench = find("vqa-rad")
    loaded = load_records(bench, data_root / "vqa/vqa-rad", images=tmp_path)
    records = loaded.records
    assert len(records) == bench.expected == 451 and not loaded.set_aside
    assert all(Path(r[IMAGE]).is_file() for r in records)
    lines = [{"record": r, "model_output": str(r["answer"])} for r in records]
    for protocol in ("medevalkit", "corrected"):
        scored = score(bench, lines, protocol=protocol)  # type: ignore[arg-type]
        assert scored.metrics["total metrics"] == {"total": 451, "right": 451, "acc": 1.0}
        assert scored.metrics["close"]["total"] == 251 and scored.metrics["open"]["total"] == 200
        assert scored.metrics["errors"] == 0 and scored.metrics["notes"] == {}


@pytest.mark.data
def test_vqa_rad_baselines(data_root: Path, tmp_path: Path) -> None:
    bench = find("vqa-rad")
    folder = data_root / "vqa/vqa-rad"
    records = load_records(bench, folder, images=tmp_path).records
    train = json.loads((folder / "train.json").read_text(encoding="utf-8"))
    for protocol in ("medevalkit", "corrected"):
        found = baselines(bench, records, protocol=protocol, train=train)  # type: ignore[arg-type]
        assert found["constants"] == {"no": 133 / 451, "yes": 118 / 451}
        assert found["chance"] == 251 / 2 / 451
        assert (found["majority_answer"], found["majority_from"]) == ("no", "train")


@pytest.mark.data
def test_slake_gold_answers_show_what_the_harness_cannot_score(data_root: Path) -> None:
    records = json.loads((data_root / "vqa/slake-text/validate.json").read_text(encoding="utf-8"))
    lines = [{"record": r, "model_output": r["answer"]} for r in records]
    harness = score("slake", lines).metrics
    repaired = score("slake", lines, protocol="corrected").metrics
    assert harness["total metrics"]["total"] == 2099 and set(harness["language"]) == {"en", "zh"}
    assert repaired["total metrics"]["right"] >= harness["total metrics"]["right"] > 2000
