"""The Croissant metadata of an export, read by the library of those who wrote the format."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from met_kg import tables
from met_kg.synthesis.export import export
from met_kg.synthesis.export.options import About, ExportOptions, Form

mlc = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed: pip install 'met-kg[croissant]'")

ABOUT = About(
    title="Chest images", version="1.2.0", published=date(2026, 1, 2), creator="The makers", citation="@misc{x}"
)


def plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


@pytest.fixture(scope="module", params=["jsonl", "parquet"])
def described(request: pytest.FixtureRequest, finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    form: Form = request.param
    out = tmp_path_factory.mktemp("croissant") / form
    export(finished_run, out, ExportOptions(forms=[form], about=ABOUT, shard_samples=9))
    return out


def test_it_validates_without_a_warning_and_its_records_are_those_of_the_tables(described: Path) -> None:
    dataset = mlc.Dataset(described / "croissant.json")
    issues = dataset.metadata.ctx.issues
    assert not issues.errors and not issues.warnings, issues.report()
    samples, captions, vqa = (tables.read(n, described / f"{n}.parquet") for n in ("samples", "captions", "vqa"))
    assert [r["splits/name"] for r in dataset.records("splits")] == ["train", "test"]
    found = {plain(r["samples/sample_id"]): r for r in dataset.records("samples")}
    assert set(found) == set(samples.sample_id)
    items = list(dataset.records("items"))
    name = "items/id" if described.name == "parquet" else "items/item_id"
    by_id = {plain(r[name]): r for r in items}
    assert len(items) == len(by_id) == len(vqa)
    licence = samples.set_index("sample_id").licence
    for row in vqa.to_dict("records"):
        record = by_id[row["item_id"]]
        assert plain(record["items/licence"]) == licence[row["sample_id"]]
        assert [plain(o) for o in record["items/options"]] == list(row["options"])
        assert record["items/weight"] == 1.0 and record["items/visual"] == row["visual"]
        assert plain(record["items/proof"]) == row["proof"]
    texts = [plain(r["captions/text"]) for r in dataset.records("captions")]
    assert sorted(texts) == sorted(captions.text)


def test_images_come_with_the_records_or_as_records(described: Path) -> None:
    dataset = mlc.Dataset(described / "croissant.json")
    if described.name == "parquet":
        items = list(dataset.records("items"))
        assert {r["items/image"].size for r in items} == {(8, 8), (40, 30)}
        turns = items[0]["items/messages"]
        assert [plain(t["items/messages/role"]) for t in turns] == ["user", "assistant"]
        return
    images = {plain(r["images/name"]): r["images/content"].size for r in dataset.records("images")}
    named = {Path(p).name for p in tables.read("samples", described / "samples.parquet").image} - {""}
    assert set(images) == named and set(images.values()) == {(8, 8), (40, 30)}


def test_every_file_is_named_with_its_hash(described: Path) -> None:
    stated = json.loads((described / "croissant.json").read_text(encoding="utf-8"))
    files = {f["contentUrl"]: f for f in stated["distribution"] if f["@type"] == "cr:FileObject"}
    there = {p.relative_to(described).as_posix() for p in described.rglob("*") if p.is_file()}
    assert set(files) == {p for p in there if not p.startswith("images/")} - {"README.md", "croissant.json"}
    for name, file in files.items():
        data = (described / name).read_bytes()
        assert file["sha256"] == hashlib.sha256(data).hexdigest() and file["contentSize"] == f"{len(data)} B"
    for path in (described / "images").glob("*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem


def test_what_it_says_of_rights_and_risks(described: Path) -> None:
    stated = json.loads((described / "croissant.json").read_text(encoding="utf-8"))
    assert stated["conformsTo"] == "http://mlcommons.org/croissant/1.0" and stated["datePublished"] == "2026-01-02"
    assert "https://creativecommons.org/licenses/by/4.0/" in stated["license"]
    assert "Not a medical device" in stated["rai:dataSocialImpact"] and "Not a medical device" in stated["description"]
    assert all(stated[f"rai:{name}"] for name in ("dataLimitations", "dataBiases", "personalSensitiveInformation"))
    metadata = mlc.Dataset(described / "croissant.json").metadata
    assert metadata.data_limitations == stated["rai:dataLimitations"] and metadata.name == "Chest images"
