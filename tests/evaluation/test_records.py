"""Release files, `datasets` folders, answer files: read, checked, counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from met_kg.errors import DataProblem, MissingData
from met_kg.evaluation.benchmark import find
from met_kg.evaluation.records import IMAGE, load_records

PMC_HEADER = "index, Figure_path ,Caption, Question,ChoiceA,ChoiceB,ChoiceC,ChoiceD,Answer ,split\n"


def test_a_table_is_read_by_position_where_the_harness_does(tmp_path: Path) -> None:
    rows = '0,f.jpg,"a, caption",What?,A:CT ,B:MRI,C:PET,D:US,B,test\n1,g.jpg,c,Which?,a,b,c,d\n'
    (tmp_path / "test_2.csv").write_text(PMC_HEADER + rows)
    bench = find("pmc-vqa")
    loaded = load_records(bench, tmp_path, images=tmp_path / "i")
    assert len(loaded.records) == 1
    assert bench.options(loaded.records[0]) == ["A:CT ", "B:MRI", "C:PET", "D:US"], "verbatim, untrimmed"
    assert loaded.records[0][IMAGE] == str(tmp_path / "figures/f.jpg")
    aside = loaded.set_aside[0]
    assert (aside.where, aside.reason) == (
        "record 2",
        "the record has no field 'Question'",
    ) and "Which?" in aside.content


def test_a_table_with_a_header_of_its_own(tmp_path: Path) -> None:
    bench = find("pmc-vqa-clean")
    (tmp_path / "test_clean.csv").write_text(
        "Figure_path,Question,Answer,Choice A,Choice B,Choice C,Choice D,Answer_label\n"
        "f.jpg,What?,CT,A:CT,B:MRI,C:PET,D:US,A\n"
    )
    records = load_records(bench, tmp_path, images=tmp_path / "i").records
    assert bench.gold_letter(records[0]) == "A"
    (tmp_path / "test_clean.csv").write_text("Figure_path,Question\nf.jpg,What?\n")
    with pytest.raises(DataProblem, match="pmc-vqa-clean has no record to ask.*no field 'Answer_label'"):
        load_records(bench, tmp_path, images=tmp_path / "i")
    with pytest.raises(MissingData, match="no test_clean.csv"):
        load_records(bench, tmp_path / "x", images=tmp_path / "i")


def test_images_inside_parquet_are_written_by_content_and_name_the_cluster(tmp_path: Path) -> None:
    import pandas as pd

    rows = [{"image": {"bytes": b"abc", "path": None}, "question": "q", "answer": "yes"}] * 2
    (tmp_path / "data").mkdir()
    pd.DataFrame(rows).to_parquet(tmp_path / "data/test-0.parquet")
    for name in ("pathvqa", "vqa-rad"):  # VQA-RAD also in the hub's shape
        records = load_records(find(name), tmp_path, images=tmp_path / "i").records
        assert len(records) == 2 and len(list((tmp_path / "i").iterdir())) == 1
        assert Path(records[0][IMAGE]).read_bytes() == b"abc" and "image" not in records[0]
        assert Path(records[0][IMAGE]).name == records[0]["image_sha256"]


def test_a_folder_that_datasets_saved(tmp_path: Path) -> None:
    import datasets

    table = datasets.Dataset.from_dict({"question": ["q", "r"], "answer": ["yes", "lung"]})
    datasets.DatasetDict({"test": table}).save_to_disk(str(tmp_path / "all"))
    table.save_to_disk(str(tmp_path / "one"))
    for name in ("all", "one"):
        records = load_records(find("pathvqa"), tmp_path / name, images=tmp_path / "i").records
        assert [r["answer"] for r in records] == ["yes", "lung"]
    datasets.DatasetDict({"train": table}).save_to_disk(str(tmp_path / "train"))
    with pytest.raises(MissingData, match="no split 'test'"):
        load_records(find("pathvqa"), tmp_path / "train", images=tmp_path / "i")


def _mmmu(number: int, subject: str, answer: str) -> dict[str, Any]:
    return {
        "id": f"test_{subject}_{number}", "question": "q", "options": "['x', 'y']", "answer": answer,
        "question_type": "multiple-choice", "image_1": {"bytes": b"one", "path": ""}, "image_2": {"bytes": b"two", "path": ""},
    }  # fmt: skip


def test_mmmu_reads_its_five_subjects_in_order_the_first_image_and_the_answer_file(tmp_path: Path) -> None:
    import pandas as pd

    subjects = ["Accounting", *reversed(find("mmmu-med-test").hub.configs)]
    for subject in subjects:
        (tmp_path / subject).mkdir()
        pd.DataFrame([_mmmu(1, subject, "?")]).to_parquet(tmp_path / subject / "test-00000.parquet")
    key = {f"test_{s}_1": {"question_type": "multiple-choice", "ground_truth": "B"} for s in subjects}
    (tmp_path / "answer.json").write_text(json.dumps(key))
    records = load_records(find("mmmu-med-test"), tmp_path, images=tmp_path / "i").records
    assert [r["id"].removeprefix("test_").removesuffix("_1") for r in records] == find("mmmu-med-test").hub.configs
    assert {r["answer"] for r in records} == {"B"}
    assert Path(records[0][IMAGE]).read_bytes() == b"one" and not any(k.startswith("image_2") for k in records[0])


def test_omnimedvqa_reads_all_files_of_the_open_part(tmp_path: Path) -> None:
    folder = tmp_path / "QA_information/Open-access"
    folder.mkdir(parents=True)
    record = {"question": "q", "gt_answer": "CT", "option_A": "CT", "image_path": "Images/x.png"}
    for name in ("b.json", "a.json"):
        (folder / name).write_text(json.dumps([record | {"question_id": name}, 7]))
    loaded = load_records(find("omnimedvqa"), tmp_path, images=tmp_path / "i")
    assert [r["question_id"] for r in loaded.records] == ["a.json", "b.json"]
    assert loaded.records[0][IMAGE] == str(tmp_path / "Images/x.png")
    assert [q.reason for q in loaded.set_aside] == ["a record is not an object"] * 2
    (folder / "a.json").write_text('[{"question": "q",\n}]')
    with pytest.raises(DataProblem, match=r"a\.json:2: not JSON"):
        load_records(find("omnimedvqa"), tmp_path, images=tmp_path / "i")


def test_an_image_outside_the_folder_is_not_opened(tmp_path: Path) -> None:
    good = {"question": "q", "answer": "yes", "image_name": "x.jpg"}
    records = [good, good | {"image_name": "../../secret.jpg"}, good | {"image_name": "/etc/passwd"}]
    (tmp_path / "test.json").write_text(json.dumps(records))
    loaded = load_records(find("vqa-rad"), tmp_path, images=tmp_path / "i")
    assert len(loaded.records) == 1 and len(loaded.set_aside) == 2
    assert "outside the benchmark's folder" in loaded.set_aside[0].reason


def test_slake_is_not_read_from_the_hub_without_its_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingData, match="imgs.zip"):
        load_records(find("slake"), None, images=tmp_path)
