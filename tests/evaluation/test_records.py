"""Release files, `datasets` folders, answer files: read, checked, counted."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from met_kg.errors import DataProblem, MissingData
from met_kg.evaluation.benchmark import Hub, find
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
    assert (aside.where, aside.reason) == ("test_2.csv:3", "the row has 8 columns, the table 10")
    assert "Which?" in aside.content


def test_a_table_with_a_header_of_its_own(tmp_path: Path) -> None:
    bench = find("pmc-vqa-clean")
    (tmp_path / "test_clean.csv").write_text(
        "Figure_path,Question,Answer,Choice A,Choice B,Choice C,Choice D,Answer_label\n"
        "f.jpg,What?,CT,A:CT,B:MRI,C:PET,D:US,A\n"
    )
    records = load_records(bench, tmp_path, images=tmp_path / "i").records
    assert bench.gold_letter(records[0]) == "A"
    (tmp_path / "test_clean.csv").write_text("Figure_path,Question\nf.jpg,What?\n")
    with pytest.raises(
        DataProblem, match=r"pmc-vqa-clean has no record to ask.*no field 'Answer_label' \(test_clean.csv:2\)"
    ):
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
    records.append(good | {"image_name": "../../x.jpg", "image_sha256": "as if it came from a table"})
    (tmp_path / "test.json").write_text(json.dumps(records))
    loaded = load_records(find("vqa-rad"), tmp_path, images=tmp_path / "i")
    assert len(loaded.records) == 1 and len(loaded.set_aside) == 3
    assert "outside the benchmark's folder" in loaded.set_aside[0].reason


SLAKE = {"img_name": "xmlab1/source.jpg", "question": "q", "answer": "CT", "answer_type": "CLOSED", "q_lang": "en"}


def test_slake_images_lie_in_a_folder_or_in_the_zip_they_came_in(tmp_path: Path) -> None:
    bench = find("slake")
    records = [SLAKE, SLAKE | {"q_lang": "zh"}, SLAKE | {"img_name": "absent.jpg"}, SLAKE | {"img_name": "../x.jpg"}]
    (tmp_path / "test.json").write_text(json.dumps(records), encoding="utf-8-sig")
    with zipfile.ZipFile(tmp_path / "imgs.zip", "w") as archive:
        archive.writestr("imgs/xmlab1/source.jpg", b"a picture")
        archive.writestr("../x.jpg", b"out of the archive")
    loaded = load_records(bench, tmp_path, images=tmp_path / "out")
    assert [Path(r[IMAGE]).read_bytes() for r in loaded.records] == [b"a picture"] * 2
    assert len(list((tmp_path / "out").iterdir())) == 1 and Path(loaded.records[0][IMAGE]).suffix == ".jpg"
    assert [(q.where, q.reason) for q in loaded.set_aside] == [
        ("test.json record 3", "its image 'absent.jpg' is not in imgs.zip"),
        ("test.json record 4", "its image '../x.jpg' is not in imgs.zip"),
    ]
    (tmp_path / "imgs/xmlab1").mkdir(parents=True)
    loaded = load_records(bench, tmp_path, images=tmp_path / "out2")
    assert loaded.records[0][IMAGE] == str(tmp_path / "imgs/xmlab1/source.jpg"), "a folder goes before the zip"
    assert not loaded.set_aside, "whether a named file is there is seen when it is asked about"


def test_pmc_vqa_images_lie_in_figures_or_in_its_zip(tmp_path: Path) -> None:
    (tmp_path / "test_2.csv").write_text(PMC_HEADER + "0,f.jpg,c,What?,A:CT,B:MRI,C:PET,D:US,B,test\n")
    with zipfile.ZipFile(tmp_path / "images_2.zip", "w") as archive:
        archive.writestr("figures/f.jpg", b"a figure")
    record = load_records(find("pmc-vqa"), tmp_path, images=tmp_path / "out").records[0]
    assert Path(record[IMAGE]).read_bytes() == b"a figure" and record["Figure_path"] == "f.jpg"
    # The harness looks for a missing file below images/, too, at a path that cannot be: nothing else is looked at here.
    (tmp_path / "images_2.zip").unlink()
    (tmp_path / "images").mkdir()
    (tmp_path / "images/f.jpg").write_bytes(b"elsewhere")
    record = load_records(find("pmc-vqa"), tmp_path, images=tmp_path / "out").records[0]
    assert record[IMAGE] == str(tmp_path / "figures/f.jpg")


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/test-0.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataProblem, match=r"test-0\.parquet: not a Parquet file"):
        load_records(find("pathvqa"), tmp_path, images=tmp_path / "i")
    (tmp_path / "test_2.csv").write_bytes(PMC_HEADER.encode() + b"0,f.jpg,\xff\n")
    with pytest.raises(DataProblem, match=r"test_2\.csv:\d: not a table"):
        load_records(find("pmc-vqa"), tmp_path, images=tmp_path / "i")
    (tmp_path / "imgs.zip").write_bytes(b"PK no")
    (tmp_path / "test.json").write_text(json.dumps([SLAKE]))
    with pytest.raises(DataProblem, match=r"imgs\.zip: the zip archive cannot be opened"):
        load_records(find("slake"), tmp_path, images=tmp_path / "i")


def test_an_image_inside_a_table_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd

    monkeypatch.setattr("met_kg.evaluation.release.MAX_BYTES", 10)
    rows = [{"image": {"bytes": b"x" * n, "path": None}, "question": "q", "answer": "yes"} for n in (10, 11)]
    (tmp_path / "data").mkdir()
    pd.DataFrame(rows).to_parquet(tmp_path / "data/test-0.parquet")
    loaded = load_records(find("pathvqa"), tmp_path, images=tmp_path / "i")
    assert len(loaded.records) == 1 and len(list((tmp_path / "i").iterdir())) == 1
    assert loaded.set_aside[0].where == "test-0.parquet row 2"
    assert loaded.set_aside[0].reason == "its image has 11 bytes, more than 10"


def test_mmmu_saved_by_datasets_one_folder_a_subject(tmp_path: Path) -> None:
    import datasets

    for subject in reversed(find("mmmu-med-val").hub.configs):
        row = _mmmu(1, subject, "A") | {"id": f"validation_{subject}_1", "image_1": b""}
        table = datasets.Dataset.from_list([{k: v for k, v in row.items() if not k.startswith("image")}])
        datasets.DatasetDict({"validation": table}).save_to_disk(str(tmp_path / subject))
    records = load_records(find("mmmu-med-val"), tmp_path, images=tmp_path / "i").records
    assert [r["id"].split("_", 1)[1][:-2] for r in records] == find("mmmu-med-val").hub.configs


def test_a_saved_copy_may_name_images_that_lie_beside_it(tmp_path: Path) -> None:
    import datasets

    datasets.Dataset.from_list([SLAKE]).save_to_disk(str(tmp_path / "slake"))
    record = load_records(find("slake"), tmp_path / "slake", images=tmp_path / "i").records[0]
    assert record[IMAGE] == str(tmp_path / "slake/imgs/xmlab1/source.jpg")


def test_a_hub_id_goes_through_the_datasets_library(tmp_path: Path) -> None:
    """A folder with the hub's files stands for the hub, which is out of reach here: the same call reads both."""
    import datasets

    from met_kg.evaluation.release import read_hub

    (tmp_path / "copy/data").mkdir(parents=True)
    features = datasets.Features(
        {"image": datasets.Image(), "question": datasets.Value("string"), "answer": datasets.Value("string")}
    )
    picture = io.BytesIO()
    Image.new("L", (8, 8)).save(picture, "PNG")
    rows = {"image": [{"bytes": picture.getvalue(), "path": None}], "question": ["q"], "answer": ["yes"]}
    datasets.Dataset.from_dict(rows, features=features).to_parquet(str(tmp_path / "copy/data/test-0.parquet"))
    bench = find("vqa-rad").model_copy(update={"hub": Hub(id=str(tmp_path / "copy"), split="test")})
    found = list(read_hub(bench, tmp_path / "i"))
    assert [r.record["answer"] for r in found] == ["yes"]
    assert Path(found[0].record[IMAGE]).read_bytes() == picture.getvalue(), "the bytes as they are, not decoded"
    assert found[0].where.endswith("copy test row 1")


def test_files_of_a_hub_repository_are_fetched_and_read_as_a_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Out of the hub library's own cache, as an earlier download leaves it."""
    import huggingface_hub.constants

    repository = tmp_path / "hub/datasets--BoKelvin--SLAKE"
    (repository / "snapshots/abc").mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text("abc")
    (repository / "snapshots/abc/test.json").write_text(json.dumps([SLAKE]))
    with zipfile.ZipFile(repository / "snapshots/abc/imgs.zip", "w") as archive:
        archive.writestr("imgs/xmlab1/source.jpg", b"a picture")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.delenv("MET_DATA", raising=False)
    records = load_records(find("slake"), None, images=tmp_path / "i").records
    assert Path(records[0][IMAGE]).read_bytes() == b"a picture"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "nothing"))
    with pytest.raises(
        MissingData, match=r"slake cannot be had from the hub \(test.json and imgs.zip of BoKelvin/SLAKE"
    ):
        load_records(find("slake"), None, images=tmp_path / "i")
    with pytest.raises(MissingData, match="download OmniMedVQA.zip of foreverbeliever/OmniMedVQA, unpack it"):
        load_records(find("omnimedvqa"), None, images=tmp_path / "i")
