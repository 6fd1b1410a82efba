from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydantic import ValidationError

from met_kg.corpus.read import read_corpus
from met_kg.corpus.readers import Row
from met_kg.corpus.spec import CorpusSpec
from met_kg.errors import DataProblem, MissingData, UnknownName
from met_kg.records import Quarantined
from tests.in_memory import samples_of

COLUMNS: dict[str, str | list[str]] = {
    "image": "file",
    "caption": ["{view} view[ of {part}].", "note"],
    "licence": "licence",
    "group_id": "patient",
    "sex": "sex",
    "meta": ["extra"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data" / "images").mkdir(parents=True)
    rng = np.random.default_rng(3)
    for name in "abc":
        values = np.kron(rng.integers(0, 255, (8, 8)), np.ones((10, 10))).astype(np.uint8)
        Image.fromarray(values).save(tmp_path / "data" / "images" / f"{name}.png")
    return tmp_path


def records() -> list[dict[str, str]]:
    base = {"view": "PA", "part": "", "note": "", "licence": "", "patient": "p1", "sex": "F", "extra": "7"}
    return [
        {**base, "file": "images/a.png", "note": "Clear\ufffd lungs.", "licence": "CC0-1.0"},
        {**base, "file": "images/b.png", "part": "chest"},
        {**base, "file": "images/missing.png", "note": "gone"},
        {**base, "file": "../outside.png"},
        {**base, "file": ""},
        {**base, "file": "images/a.png", "patient": "p2"},
    ]


def write_records(path: Path, rows: list[dict[str, str]]) -> Path:
    data = pd.DataFrame(rows)
    if path.suffix == ".parquet":
        data.to_parquet(path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    elif ".jsonl" in path.name:
        text = "".join(json.dumps(r) + "\n" for r in rows).encode()
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    else:
        data.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def spec(path: str, **more: object) -> CorpusSpec:
    values = {"name": "mine", "reader": "table", "path": path, "columns": COLUMNS, "licence": "CC-BY-4.0", **more}
    return CorpusSpec.model_validate(values)


def read(spec_: CorpusSpec, base: Path) -> tuple[list[Row], list[Quarantined]]:
    found = list(read_corpus(spec_, images_dir=base / "run" / "images", base=base, seed=1))
    return [f for f in found if not isinstance(f, Quarantined)], [f for f in found if isinstance(f, Quarantined)]


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.json", "t.jsonl", "t.jsonl.gz", "t.parquet"])
def test_all_formats_give_the_same_samples(folder: Path, name: str) -> None:
    write_records(folder / "data" / name, records())
    rows, aside = read(spec(f"data/{name}"), folder)
    assert [r["caption"] for r in rows] == ["PA view. Clear\ufffd lungs.", "PA view of chest.", "PA view."]
    assert [r["licence"] for r in rows] == ["CC0-1.0", "CC-BY-4.0", "CC-BY-4.0"]
    assert [r["group_id"] for r in rows] == ["mine/p1", "mine/p1", "mine/p2"]
    assert json.loads(rows[0]["meta"]) == {"damaged_characters": 1, "extra": "7"}
    assert rows[0]["image"] == (folder / "data" / "images" / "a.png").resolve().as_posix()
    assert [q.reason for q in aside] == [
        "image 'images/missing.png' is not there",
        "image '../outside.png' lies outside the image folder",
        "the row names no image",
    ]
    assert all(q.where for q in aside)


def test_the_name_of_a_file_tells_its_panel(folder: Path) -> None:
    caption = "Hazy lungs at first (a). Later they were clear (b)."
    names = ("fig1-a", "fig1b", "fig1-c", "mesa")
    for name in names:
        Image.effect_noise((64, 64), len(name) * 9).save(folder / "data" / "images" / f"{name}.png")
    rows = [{**records()[0], "file": f"images/{name}.png", "note": caption} for name in names]
    write_records(folder / "data" / "t.csv", rows)
    found = read(spec("data/t.csv", columns={**COLUMNS, "caption": "note"}), folder)[0]
    metas = [json.loads(r["meta"]) for r in found]
    assert [meta.get("panel") for meta in metas] == ["A", "B", None, None]
    assert [caption[p["start"] : p["end"]] for p in metas[0]["panels"]] == [
        "Hazy lungs at first",
        "Later they were clear",
    ]


def test_an_image_that_two_rows_claim_has_two_identities(folder: Path) -> None:
    write_records(folder / "data" / "t.csv", records())
    rows, _ = read(spec("data/t.csv"), folder)
    assert rows[0]["sha256"] == rows[2]["sha256"] and rows[0]["sample_id"] != rows[2]["sample_id"]


def test_identity_does_not_depend_on_the_order_of_rows(folder: Path) -> None:
    write_records(folder / "data" / "t.csv", records()[:2])
    write_records(folder / "data" / "u.csv", records()[1::-1])
    ids = [sorted(r["sample_id"] for r in read(spec(f"data/{n}.csv"), folder)[0]) for n in "tu"]
    assert ids[0] == ids[1]


def test_a_broken_row_does_not_stop_the_rest(folder: Path) -> None:
    good = json.dumps(records()[0])
    (folder / "data" / "t.jsonl").write_text(f"{good}\n{{broken\n[1]\n{json.dumps(records()[1])}\n")
    rows, aside = read(spec("data/t.jsonl"), folder)
    assert len(rows) == 2
    assert [(q.where, q.reason[:20]) for q in aside] == [
        ("line 2", "the line is not JSON"),
        ("line 3", "the record is not a "),
    ]
    header = ",".join(records()[0])
    (folder / "data" / "t.csv").write_text(f"{header}\n" + ",".join(["x"] * 20) + "\n")
    _, aside = read(spec("data/t.csv"), folder)
    assert aside[0].reason == "the row has more fields than the header" and aside[0].where == "line 2"


def test_data_pack_paths_stay_unexpanded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_records(folder / "data" / "t.csv", records()[:1])
    monkeypatch.setenv("MET_DATA", str(folder))
    rows, _ = read(spec("${MET_DATA}/data/t.csv"), Path("/nowhere"))
    assert rows[0]["image"] == "${MET_DATA}/data/images/a.png" and rows[0]["width"] == 80


def test_wrong_mappings_are_said_at_once(folder: Path) -> None:
    write_records(folder / "data" / "t.csv", records()[:1])
    with pytest.raises(ValidationError, match="no sample column is called colour"):
        spec("data/t.csv", columns={"colour": "x"})
    with pytest.raises(ValidationError, match="did you mean table"):
        spec("data/t.csv", reader="tables")
    with pytest.raises(ValidationError, match=r"options\.remove: .*not a regular expression"):
        spec("data/t.csv", options={"remove": ["("]})
    with pytest.raises(UnknownName, match=r"no column of t\.csv is called 'fil' \(did you mean file"):
        read(spec("data/t.csv", columns={"image": "fil", "caption": "note"}), folder)
    with pytest.raises(MissingData, match="table of corpus 'mine' is not there"):
        read(spec("data/none.csv"), folder)
    with pytest.raises(DataProblem, match="neither image nor caption"):
        read(spec("data/t.csv", columns={"sex": "sex"}), folder)


def test_text_without_images(folder: Path) -> None:
    write_records(folder / "data" / "t.csv", [{"text": "Chest CT."}, {"text": ""}])
    rows, aside = read(spec("data/t.csv", columns={"caption": "text"}), folder)
    assert rows[0]["image"] == "" and rows[0]["sha256"] == ""
    assert len(rows) == 1 and len(aside) == 1


def test_one_picture_never_lies_on_two_sides(folder: Path) -> None:
    rows = [{**records()[0], "patient": f"p{i}", "file": f"images/{'abc'[i % 3]}.png"} for i in range(30)]
    write_records(folder / "data" / "t.csv", rows)
    samples, _ = samples_of([spec("data/t.csv")], folder, 5)
    assert (samples.groupby("sha256")["split"].nunique() == 1).all()
    assert set(samples["split"]) <= {"train", "validation", "test"}


def test_given_splits_hold_and_the_strictest_wins(folder: Path) -> None:
    rows = [
        {**records()[0], "patient": "p1", "file": "images/a.png", "fold": "train"},
        {**records()[0], "patient": "p1", "file": "images/b.png", "fold": "test"},
        {**records()[0], "patient": "p2", "file": "images/c.png", "fold": "validation"},
        {**records()[0], "patient": "p3", "file": "images/c.png", "fold": "dev"},
    ]
    write_records(folder / "data" / "t.csv", rows)
    given = spec("data/t.csv", columns={**COLUMNS, "split": "fold"})
    samples, aside = samples_of([given], folder, 5)
    assert samples["split"].tolist() == ["test", "test", "validation"]
    assert aside[0].reason == "split 'dev' is none of train, validation, test"


def test_shares_are_met_and_seeded(folder: Path) -> None:
    rows = [{"text": f"caption {i}", "patient": f"p{i}"} for i in range(2000)]
    write_records(folder / "data" / "t.csv", rows)
    mine = spec(
        "data/t.csv",
        columns={"caption": "text", "group_id": "patient"},
        options={"split": {"train": 0.6, "validation": 0.3, "test": 0.1}},
    )
    one, two, other = (samples_of([mine], folder, seed)[0]["split"] for seed in (5, 5, 6))
    assert one.equals(two) and not one.equals(other)
    shares = one.value_counts(normalize=True)
    assert abs(shares["train"] - 0.6) < 0.04 and abs(shares["test"] - 0.1) < 0.03
    with pytest.raises(DataProblem, match="two corpora"):
        samples_of([mine, mine], folder, 5)


@pytest.mark.data
def test_the_real_chest_images(data_root: Path, tmp_path: Path) -> None:
    covid = CorpusSpec(
        name="covid-chestxray",
        reader="table",
        path="${MET_DATA}/image-text/covid-chestxray/metadata.csv",
        columns={"image": "image", "caption": "clinical_notes", "licence": "license", "group_id": "patientid"},
        options={"limit": 60},
    )
    samples, aside = samples_of([covid], tmp_path, 13)
    assert len(samples) == 60 and aside == []
    assert samples["phash"].str.len().eq(16).all()
    assert samples.iloc[0]["caption"] == "diffuse infiltrates in the bilateral lower lungs"
