from __future__ import annotations

import io
import json
import socket
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from reading import noise, pixels, read

from met_kg.errors import DataProblem, MissingData, UnknownName

datasets.disable_progress_bars()
COLUMNS = {"caption": "text", "finding": "label", "meta": ["tags"], "id": "name"}


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise(seed).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Whoever asks the network fails the test."""
    asked: list[object] = []

    def refuse(*arguments: object, **more: object) -> None:
        asked.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield asked
    assert asked == []


def made(count: int = 3, start: int = 0) -> Dataset:
    features = Features(
        {
            "image": datasets.Image(),
            "text": Value("string"),
            "label": ClassLabel(names=["normal", "pneumonia"]),
            "tags": List(Value("string")),
            "name": Value("string"),
        }
    )
    seeds = range(start, start + count)
    columns = {
        "image": [{"bytes": png(i), "path": None} for i in seeds],
        "text": [f"Chest X-ray {i}." for i in seeds],
        "label": [i % 2 for i in seeds],
        "tags": [["a", "b"]] * count,
        "name": [f"n{i}" for i in seeds],
    }
    return Dataset.from_dict(columns, features=features)


def test_a_saved_dataset_gives_its_bytes_and_the_names_of_labels(tmp_path: Path) -> None:
    made().save_to_disk(tmp_path / "in")
    rows, aside = read("hf-dataset", "in", tmp_path, columns=COLUMNS, licence="CC-BY-4.0")
    assert aside == {}
    assert [r["caption"] for r in rows] == ["Chest X-ray 0.", "Chest X-ray 1.", "Chest X-ray 2."]
    assert [r["finding"] for r in rows] == ["normal", "pneumonia", "normal"]
    assert {r["meta"] for r in rows} == {'{"tags": "a; b"}'}
    assert (tmp_path / "run" / rows[0]["image"]).read_bytes() == png(0)
    assert all(len(r["phash"]) == 16 and r["width"] == 64 for r in rows)


def test_splits_are_chosen_and_kept_when_asked(tmp_path: Path) -> None:
    DatasetDict({"train": made(2), "dev": made(1, 5)}).save_to_disk(tmp_path / "in")
    rows, _ = read("hf-dataset", "in", tmp_path, columns=COLUMNS)
    assert len(rows) == 3 and {r["split"] for r in rows} == {""}
    rows, _ = read("hf-dataset", "in", tmp_path, columns=COLUMNS, options={"keep_splits": True})
    assert [r["split"] for r in rows] == ["train", "train", "validation"]
    rows, _ = read("hf-dataset", "in", tmp_path, columns=COLUMNS, options={"splits": ["dev"]})
    assert [r["caption"] for r in rows] == ["Chest X-ray 5."]
    with pytest.raises(UnknownName, match="split of in is called 'tes'"):
        read("hf-dataset", "in", tmp_path, columns=COLUMNS, options={"splits": ["tes"]})


def test_parquet_files_and_image_folders_are_streamed(tmp_path: Path) -> None:
    (tmp_path / "pq").mkdir()
    made(2).to_parquet(tmp_path / "pq" / "train-00000-of-00001.parquet")
    made(1, 4).to_parquet(tmp_path / "pq" / "test-00000-of-00001.parquet")
    rows, aside = read("hf-dataset", "pq", tmp_path, columns=COLUMNS, options={"keep_splits": True})
    assert aside == {} and {(r["caption"], r["split"]) for r in rows} == {
        ("Chest X-ray 0.", "train"), ("Chest X-ray 1.", "train"), ("Chest X-ray 4.", "test")
    }  # fmt: skip
    (tmp_path / "folder").mkdir()
    for i in range(2):
        (tmp_path / "folder" / f"{i}.png").write_bytes(png(i))
    lines = [{"file_name": f"{i}.png", "text": f"Picture {i}."} for i in range(2)]
    (tmp_path / "folder" / "metadata.jsonl").write_text("\n".join(map(json.dumps, lines)))
    rows, aside = read("hf-dataset", "folder", tmp_path, columns={"caption": "text"})
    assert aside == {} and {(r["caption"], Path(r["image"]).name) for r in rows} == {
        ("Picture 0.", "0.png"), ("Picture 1.", "1.png")
    }  # fmt: skip


def test_plain_bytes_and_arrays_are_images_too(tmp_path: Path) -> None:
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8)
    (tmp_path / "in").mkdir()
    table = pa.table({"picture": [png(1), b"no image"], "text": ["One.", "Two."]})
    pq.write_table(table, tmp_path / "in" / "a.parquet")
    rows, _ = read("hf-dataset", "in", tmp_path, columns={"image": "picture", "caption": "text"})
    assert rows[0]["width"] == 64 and "not an image" in rows[1]["meta"]
    kind = Features({"picture": datasets.Array2D((6, 8), "uint8"), "text": Value("string")})
    Dataset.from_dict({"picture": [grey], "text": ["Array."]}, features=kind).save_to_disk(tmp_path / "arrays")
    rows, _ = read("hf-dataset", "arrays", tmp_path, columns={"image": "picture", "caption": "text"})
    assert np.array_equal(pixels(rows[0], tmp_path), grey)


def test_images_elsewhere_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png(1))
    (tmp_path / "in").mkdir()
    paths = [
        str(tmp_path / "secret.png"),
        "../secret.png",
        "https://example.org/a.png",
        "zip://a.png::b.zip",
        "no.png",
        "",
    ]
    made(1).select_columns(["image", "text"]).to_parquet(tmp_path / "in" / "a.parquet")
    like = pq.read_schema(tmp_path / "in" / "a.parquet")
    images = pa.array([{"bytes": None, "path": p} for p in paths], type=like.field("image").type)
    pq.write_table(pa.table([images, ["x"] * len(paths)], schema=like), tmp_path / "in" / "a.parquet")
    rows, aside = read("hf-dataset", "in", tmp_path, columns={"caption": "text"})
    assert rows == []
    assert [r.split("' ")[-1] for r in aside.values()] == [
        "lies outside the dataset's folder",
        "lies outside the dataset's folder",
        "is an address; nothing is fetched",
        "is an address; nothing is fetched",
        "is not there",
        "the record has no image",
    ]


def test_what_is_no_dataset_is_said(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="dataset of corpus 'mine' is not there"):
        read("hf-dataset", "none", tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataProblem, match="cannot be read as a dataset"):
        read("hf-dataset", "empty", tmp_path)
    made(1).save_to_disk(tmp_path / "in")
    with pytest.raises(UnknownName, match="column of in is called 'txt'"):
        read("hf-dataset", "in", tmp_path, columns={"caption": "txt"})
    state = tmp_path / "in" / "state.json"
    state.write_text(state.read_text().replace("data-00000", "../in/data-00000"))
    with pytest.raises(DataProblem, match="names a data file elsewhere"):
        read("hf-dataset", "in", tmp_path, columns=COLUMNS)


def test_a_script_beside_the_data_is_not_run(tmp_path: Path) -> None:
    made(1).save_to_disk(tmp_path / "in")
    (tmp_path / "in" / "in.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "folder.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (tmp_path / "folder" / "0.png").write_bytes(png(1))
    assert len(read("hf-dataset", "in", tmp_path, columns=COLUMNS)[0]) == 1
    assert len(read("hf-dataset", "folder", tmp_path)[0]) == 1
    assert not (tmp_path / "ran").exists()
