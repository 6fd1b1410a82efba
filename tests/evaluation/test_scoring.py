"""Scoring as users meet it: bad lines, baselines, intervals, the command, real VQA-RAD."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from met_kg.cli.evaluate import score as score_command
from met_kg.errors import DataProblem, MissingData, UnknownName
from met_kg.evaluation.baselines import baselines
from met_kg.evaluation.benchmark import find, names
from met_kg.evaluation.records import IMAGE, load_records
from met_kg.evaluation.rollup import roll_up
from met_kg.evaluation.score import score
from met_kg.evaluation.statistics import clustered_interval, mcnemar, paired_difference
from met_kg.graph.store import Graph


def test_the_contracts_names_are_known() -> None:
    wanted = {"vqa-rad", "slake", "pathvqa", "pmc-vqa", "pmc-vqa-clean", "omnimedvqa", "mmmu-med-val", "mmmu-med-test"}
    assert wanted <= set(names())
    with pytest.raises(UnknownName, match="vqa-rad"):
        find("vqarad")


def test_bad_lines_keep_their_place_and_count_as_wrong(tmp_path: Path) -> None:
    good = {"record": {"question": "q", "answer": "yes"}, "model_output": "yes"}
    lines = [
        json.dumps(good),
        "{broken",
        json.dumps({"record": {"question": "q"}, "model_output": "yes"}),
        '{"record": 3}',
    ]
    file = tmp_path / "p.jsonl"
    file.write_text("\n".join(lines) + "\n")
    done = CliRunner().invoke(
        score_command, ["--benchmark", "vqa-rad", "--predictions", str(file), "--out", str(tmp_path / "out")]
    )
    assert done.exit_code == 1
    items = [json.loads(x) for x in (tmp_path / "out/items.jsonl").read_text().splitlines()]
    assert [i["index"] for i in items] == [0, 1, 2, 3]
    assert [i["correct"] for i in items] == [True, False, False, False]
    assert "line 2 is not JSON" in items[1]["error"] and "no field 'answer'" in items[2]["error"]
    metrics = json.loads((tmp_path / "out/metrics.json").read_text())
    assert metrics["total metrics"] == {"total": 4, "right": 1, "acc": 0.25} and metrics["errors"] == 3
    assert metrics["protocol"] == "medevalkit"


def test_predictions_come_from_standard_input_too() -> None:
    line = json.dumps({"record": {"question": "q", "answer": "yes"}, "model_output": "yes"})
    done = CliRunner().invoke(
        score_command, ["--benchmark", "vqa-rad", "--predictions", "-", "--protocol", "corrected"], input=line
    )
    assert done.exit_code == 0 and "accuracy 1.0000 (1 of 1)" in done.output


def test_intervals_widen_when_questions_share_an_image() -> None:
    values = [True, False] * 50
    alone = clustered_interval(values, [str(i) for i in range(100)])
    shared = clustered_interval([True] * 50 + [False] * 50, [str(i // 10) for i in range(100)])
    assert alone is not None and shared is not None
    assert shared[1] - shared[0] > 1.5 * (alone[1] - alone[0])
    assert clustered_interval([], []) is None


def test_paired_statistics() -> None:
    first, second = [True] * 10 + [False] * 10, [True] * 20
    found = paired_difference(first, second, [str(i) for i in range(20)])
    assert found["difference"] == 0.5 and 0 < found["low"] < found["high"]
    assert mcnemar(first, second) == pytest.approx(2 / 2**10)
    assert mcnemar(first, first) == 1.0


def test_roll_up_counts_an_item_once_a_branch(mini_graph: Graph) -> None:
    found = roll_up(mini_graph, [["DOID:552", "DOID:850"], ["UBERON:0002048"], []], [True, False, True])
    assert found["axes"]["disease"] == {"total": 1, "right": 1, "acc": 1.0}
    assert found["axes"]["anatomy"]["acc"] == 0.0 and found["unlinked"] == 1
    assert [b["branch"] for b in found["branches"]] == ["UBERON:0000465", "DOID:1579"]


def test_release_files_are_read_and_checked(tmp_path: Path) -> None:
    bench = find("pmc-vqa-clean")
    (tmp_path / "test_clean.csv").write_text(
        "Figure_path,Question,Answer,Choice A,Choice B,Choice C,Choice D,Answer_label\n"
        "f.jpg,What?,CT,A:CT,B:MRI,C:PET,D:US,A\n"
    )
    records = load_records(bench, tmp_path, images=tmp_path / "i")
    assert records[0][IMAGE] == str(tmp_path / "figures/f.jpg")
    assert bench.options(records[0]) == ["A:CT", "B:MRI", "C:PET", "D:US"]
    (tmp_path / "test_clean.csv").write_text("Figure_path,Question\nf.jpg,What?\n")
    with pytest.raises(DataProblem, match="pmc-vqa-clean record 1.*Answer_label"):
        load_records(bench, tmp_path, images=tmp_path / "i")
    with pytest.raises(MissingData, match="no test_clean.csv"):
        load_records(bench, tmp_path / "x", images=tmp_path / "i")


def test_images_inside_parquet_are_written_by_content(tmp_path: Path) -> None:
    import pandas as pd

    rows = [{"image": {"bytes": b"abc", "path": None}, "question": "q", "answer": "yes"}] * 2
    (tmp_path / "data").mkdir()
    pd.DataFrame(rows).to_parquet(tmp_path / "data/test-0.parquet")
    records = load_records(find("pathvqa"), tmp_path, images=tmp_path / "i")
    assert len(records) == 2 and len(list((tmp_path / "i").iterdir())) == 1
    assert Path(records[0][IMAGE]).read_bytes() == b"abc" and "image" not in records[0]


@pytest.mark.data
def test_vqa_rad_gold_answers_and_baselines(data_root: Path, tmp_path: Path) -> None:
    bench = find("vqa-rad")
    records = load_records(bench, data_root / "vqa/vqa-rad", images=tmp_path)
    assert len(records) == bench.expected == 451
    assert all(Path(r[IMAGE]).is_file() for r in records)
    lines = [{"record": r, "model_output": str(r["answer"])} for r in records]
    for protocol in ("medevalkit", "corrected"):
        total = score(bench, lines, protocol=protocol).metrics["total metrics"]  # type: ignore[arg-type]
        assert total["right"] >= 449, "a gold answer said back is right, but for answers that hold a marker"
    found = baselines(bench, records, protocol="medevalkit")
    assert found["majority_answer"] in ("yes", "no")
    assert 0.2 < found["majority"] < 0.4 and 0.2 < found["chance"] < 0.4
