"""Every form of an export, opened by the library that it is made for."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from met_kg import tables
from met_kg.cli.items import verify
from met_kg.corpus.readers import Place
from met_kg.corpus.readers.webdataset import Options, read
from met_kg.corpus.spec import CorpusSpec
from met_kg.errors import UsageProblem
from met_kg.records import Quarantined
from met_kg.synthesis.export import export
from met_kg.synthesis.export.options import ExportOptions, Form
from met_kg.training.examples import read_examples

ALL_FORMS: list[Form] = list(get_args(Form))
TRAVELS = {"source", "licence", "origin", "image_sha256", "split"}
OF_ITEMS = {"weight", "level", "axis", "difficulty", "rationale", "chain", "proof", "key_node", "distractor_relations"}


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The library, offline, with a cache of its own."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    yield datasets
    datasets.enable_progress_bars()


def lines(*paths: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths for line in path.open(encoding="utf-8")]


def kept(run: Path, name: str) -> pd.DataFrame:
    return tables.read(name, run / f"{name}.parquet")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_run_gives_the_same_bytes(finished_run: Path, exported: Path, tmp_path: Path) -> None:
    export(finished_run, tmp_path / "again", ExportOptions(forms=ALL_FORMS, shard_samples=10))
    first, second = (
        {p.relative_to(root).as_posix(): digest(p) for p in sorted(root.rglob("*")) if p.is_file()}
        for root in (exported, tmp_path / "again")
    )
    assert first == second and len(first) > 60
    assert not any(str(finished_run).encode() in p.read_bytes() for p in exported.rglob("*") if p.is_file())


def test_conversations(finished_run: Path, exported: Path) -> None:
    captions, items = kept(finished_run, "captions"), kept(finished_run, "vqa")
    for split in ("train", "test"):
        chats = lines(exported / f"{split}.jsonl")
        assert len(chats) == (captions.split == split).sum() + (items.split == split).sum()
        assert all(chat["metadata"].keys() >= TRAVELS | OF_ITEMS for chat in chats)
    without = [c for c in lines(exported / "train.jsonl") if "image" not in c]
    assert without and all("<image>" not in c["conversations"][0]["value"] for c in without)
    examples, problems = read_examples(exported / "train.jsonl")
    assert len(examples) + len(problems) == len(lines(exported / "train.jsonl")) and len(problems) == len(without)
    assert {e.kind for e in examples} == {"caption", "vqa"} and {e.licence for e in examples} >= {"CC0-1.0", ""}


def test_plain_lines_hold_the_tables_with_all_that_travels(finished_run: Path, exported: Path) -> None:
    items = lines(*sorted((exported / "jsonl").glob("items-*.jsonl")))
    table = kept(finished_run, "vqa").set_index("item_id")
    assert {i["id"] for i in items} == set(table.index)
    for item in items:
        row = table.loc[item["id"]]
        assert item.keys() >= TRAVELS | OF_ITEMS
        assert item["options"] == list(row.options) and item["proof"] == json.loads(row.proof)
        assert item["split"] == row.split and item["weight"] == row.weight == 1.0
        assert item["messages"][1] == {"role": "assistant", "content": row.answer}
        assert digest(exported / item["image"]) == item["image_sha256"] == Path(item["image"]).stem
    captions = lines(*sorted((exported / "jsonl").glob("captions-*.jsonl")))
    assert all(isinstance(c["facts"], list) and c["source_text"] and c["generator"] for c in captions)
    assert len({c["id"] for c in captions}) == len(captions) == len(kept(finished_run, "captions"))
    assert any("Fièvre" in c["source_text"] for c in captions)


def test_datasets_opens_the_parquet_by_the_card(
    finished_run: Path, exported: Path, datasets: Any, tmp_path: Path
) -> None:
    vqa, captions = kept(finished_run, "vqa"), kept(finished_run, "captions")
    for name, table in (("items", vqa), ("captions", captions)):
        found = datasets.load_dataset(str(exported), name, cache_dir=str(tmp_path))
        assert {split: part.num_rows for split, part in found.items()} == dict(Counter(table.split))
        assert isinstance(found["train"].features["image"], datasets.Image)
        assert TRAVELS - {"split"} <= found["train"].features.keys()
        for row in found["train"]:
            if row["image"] is None:
                assert row["image_sha256"] == "" and name == "captions"
            else:
                assert row["image"].size in ((8, 8), (40, 30)) and row["licence"] in ("CC0-1.0", "CC BY 4.0", "")
    assert datasets.load_dataset(str(exported), cache_dir=str(tmp_path))["test"].num_rows == (vqa.split == "test").sum()


def test_an_image_is_stored_once_for_many_rows_and_as_it_was(finished_run: Path, exported: Path) -> None:
    paths = sorted((exported / "parquet" / "items").glob("train-*"))
    assert [p.name for p in paths] == [f"train-{n:05}-of-00002.parquet" for n in range(2)]
    by_hash = {digest(p): p.read_bytes() for p in (finished_run / "images").iterdir()}
    rows = [row for path in paths for row in pq.read_table(path).to_pylist()]
    assert all(r["image"]["bytes"] == by_hash[r["image_sha256"]] for r in rows)
    large = digest(finished_run / "images" / "4.jpg")
    assert sum(r["image_sha256"] == large for r in rows) > 4
    whole = b"".join(p.read_bytes() for p in paths)
    middle = len(by_hash[large]) // 2
    assert whole.count(by_hash[large][middle : middle + 64]) == 1


def test_datasets_opens_the_imagefolder(finished_run: Path, exported: Path, datasets: Any, tmp_path: Path) -> None:
    found = datasets.load_dataset("imagefolder", data_dir=str(exported / "imagefolder"), cache_dir=str(tmp_path))
    vqa = kept(finished_run, "vqa")
    assert set(found) == {"train", "test"}
    rows = [row for split in found.values() for row in split]
    assert {r["id"] for r in rows if r["kind"] == "item"} == set(vqa.item_id)
    assert all(r["image"].size in ((8, 8), (40, 30)) for r in rows)
    assert all(json.loads(r["proof"])["ask"].startswith("ASK") for r in rows if r["kind"] == "item")
    assert all(r["messages"][0]["role"] == "user" and r["weight"] == 1.0 for r in rows)


def test_webdataset_reads_the_shards(finished_run: Path, exported: Path) -> None:
    webdataset = pytest.importorskip("webdataset", reason="webdataset is not installed: pip install 'met-kg[dev]'")
    shards = sorted((exported / "webdataset").glob("*.tar"))
    assert [p.name for p in shards] == ["test-000000.tar", "train-000000.tar", "train-000001.tar"]
    samples = list(webdataset.WebDataset([str(p) for p in shards], shardshuffle=False).decode("pil"))
    vqa, captions = kept(finished_run, "vqa"), kept(finished_run, "captions")
    assert {s["__key__"] for s in samples} == set(vqa.sample_id) | set(captions.sample_id)
    assert sum(len(s["json"]["items"]) for s in samples) == len(vqa)
    assert sum(len(s["json"]["captions"]) for s in samples) == len(captions)
    pictures = [s.get("png", s.get("jpg")) for s in samples]
    assert Counter(p.size if p else None for p in pictures) == {(8, 8): 22, (40, 30): 1, None: 1}
    for sample in samples:
        assert sample["json"].keys() >= TRAVELS and sample["json"]["sample_id"] == sample["__key__"]
        assert all(item.keys() >= OF_ITEMS and item["proof"]["tree"] for item in sample["json"]["items"])
    for shard in shards:
        with tarfile.open(shard) as tar:
            members = tar.getmembers()
        assert {(m.mtime, m.uid, m.gid, m.uname, m.mode, m.isreg()) for m in members} == {(0, 0, 0, "", 0o644, True)}


def test_our_own_reader_takes_the_shards_back(exported: Path, tmp_path: Path) -> None:
    columns = {"id": "sample_id", "licence": "licence", "origin": "origin", "split": "split", "group_id": "group_id"}
    spec = CorpusSpec(name="back", reader="webdataset", path=str(exported / "webdataset"), columns=columns)
    found = list(read(spec, Options(), Place(base=tmp_path, images_dir=tmp_path / "images", seed=0)))
    rows = [row for row in found if not isinstance(row, Quarantined)]
    assert len(rows) == 23 and len(found) == 24  # the sample without an image has its texts in JSON alone
    samples = kept(exported, "samples").set_index("sha256")
    assert all(samples.loc[row["sha256"]].origin == row["origin"] for row in rows)


def test_referenced_images_are_named_and_never_opened(finished_run: Path, tmp_path: Path) -> None:
    forms = [name for name in ALL_FORMS if name != "imagefolder"]
    samples = kept(finished_run, "samples")
    for name in ("captions.parquet", "vqa.parquet", "graph"):
        (tmp_path / "run").mkdir(exist_ok=True)
        (tmp_path / "run" / name).symlink_to(finished_run / name)
    samples.loc[samples.image != "", "image"] = "${MET_DATA}/nowhere/x.png"
    tables.write("samples", samples, tmp_path / "run" / "samples.parquet")
    out = tmp_path / "out"
    counts = export(tmp_path / "run", out, ExportOptions(forms=forms, images="reference"))
    assert counts["samples"] == 24 and not (out / "images").exists()
    assert not [p for p in out.rglob("*") if p.suffix in (".png", ".jpg")]
    items = lines(out / "jsonl" / "items-train.jsonl")
    assert all(i["image"] == f"images/{i['image_sha256']}.png" for i in items)
    assert "image" not in pq.read_schema(next((out / "parquet" / "items").glob("train-*"))).names
    with tarfile.open(out / "webdataset" / "train-000000.tar") as tar:
        assert {name.partition(".")[2] for name in tar.getnames()} == {"json"}
    with pytest.raises(UsageProblem, match="'imagefolder' is made of images"):
        export(tmp_path / "run", tmp_path / "none", ExportOptions(forms=["imagefolder"], images="reference"))
    assert not (tmp_path / "none").exists()


def test_unsafe_names_stay_in_the_run(finished_run: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "graph").symlink_to(finished_run / "graph")
    (run / "images").symlink_to(finished_run / "images")
    samples, captions, vqa = (kept(finished_run, name) for name in ("samples", "captions", "vqa"))
    first, second, third = samples.sample_id[[0, 1, 3]]
    for table in (samples, captions, vqa):
        table.loc[table.sample_id == first, "sample_id"] = "../../escaped"
        table.loc[table.sample_id == second, "split"] = "../train"
    samples.loc[samples.sample_id == third, "sha256"] = "../../x"
    for name, table in (("samples", samples), ("captions", captions), ("vqa", vqa)):
        tables.write(name, table, run / f"{name}.parquet")
    counts = export(run, tmp_path / "deep" / "out", ExportOptions(forms=ALL_FORMS))
    assert [counts[f"samples left out for their {kind}"] for kind in ("id", "split", "image", "licence")] == [
        1,
        1,
        1,
        0,
    ]
    assert {p.name for p in (tmp_path / "deep").iterdir()} == {"out"}
    left_out = (tmp_path / "deep" / "out" / "left-out.tsv").read_text()
    assert "no safe name" in left_out and "'../train'" in left_out and "has no sha256" in left_out


def test_the_card_is_what_the_hub_reads(exported: Path) -> None:
    from huggingface_hub import DatasetCard

    text = (exported / "README.md").read_text(encoding="utf-8")
    card = DatasetCard(text)
    assert card.data.license == ["cc-by-4.0", "cc0-1.0", "unknown"] and card.data.language == ["en"]
    assert card.data.size_categories == ["n<1K"] and "visual-question-answering" in card.data.task_categories
    configs = yaml.safe_load(text.split("---")[1])["configs"]
    assert [c["config_name"] for c in configs] == ["items", "captions"]
    assert all(any(exported.glob(f["path"])) for c in configs for f in c["data_files"])
    vqa = kept(exported, "vqa")
    assert f"| items | {(vqa.split == 'train').sum()} | 0 | {(vqa.split == 'test').sum()} | {len(vqa)} |" in text
    assert "Not a medical device" in text and "met-kg" in text and "## Left out" not in text
    stated = pd.read_csv(exported / "statistics.tsv", sep="\t")
    assert stated["items"].sum() == len(vqa)
    assert list(stated.columns) == ["type", "format", "axis", "level", "difficulty", "split", "items"]


def test_free_structure_that_shows_late_is_read_by_the_card(finished_run: Path, datasets: Any, tmp_path: Path) -> None:
    """The library looks at the first ten megabytes of a JSON file, and at five samples of a shard."""
    run = tmp_path / "run"
    run.mkdir()
    for name in ("graph", "images", "samples.parquet", "captions.parquet"):
        (run / name).symlink_to(finished_run / name)
    vqa = kept(finished_run, "vqa").sort_values(["split", "sample_id"], ignore_index=True)
    half = len(vqa) // 2
    span, fact = [{"sentence": "S.", "facts": [{"text": "S", "start": 0, "end": 1}]}], ["a", "b", "c"]
    early, late = json.dumps([]), json.dumps([*span, {"sentence": "T.", "facts": [fact]}])
    vqa["chain"] = [early if n < half else late for n in range(len(vqa))]
    vqa["rationale"] = "x" * 100_000
    tables.write("vqa", vqa, run / "vqa.parquet")
    for name in ("jsonl", "webdataset"):
        out = tmp_path / name
        export(run, out, ExportOptions(forms=[name]))
        found = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
        rows = [row for part in found.values() for row in part]
        items = rows if name == "jsonl" else [item for row in rows for item in row["json"]["items"]]
        assert {json.dumps(item["chain"]) for item in items} == {early, late}, name


@pytest.mark.parametrize("name", ALL_FORMS)
def test_each_form_alone_is_opened_by_the_card_and_proves_itself(
    finished_run: Path, datasets: Any, tmp_path: Path, name: str
) -> None:
    from click.testing import CliRunner

    out = tmp_path / "out"
    export(finished_run, out, ExportOptions(forms=[name]))
    found = datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))
    assert set(found) == {"train", "test"} and found["test"].num_rows
    done = CliRunner().invoke(verify, [str(out)])
    assert done.exit_code == 0, done.output


def test_licences_by_name_and_version(finished_run: Path, tmp_path: Path) -> None:
    samples = kept(finished_run, "samples")

    def left(*allowed: str) -> int:
        out = tmp_path / "-".join(allowed).replace(" ", "_")
        options = ExportOptions(licence_allow=list(allowed), forms=["llava"], images="reference")
        found = export(finished_run, out, options)
        assert found["samples"] + found["samples left out for their licence"] == len(samples)
        licences = set(kept(out, "samples").licence)
        assert all(chat["metadata"]["licence"] in licences for chat in lines(out / "train.jsonl"))
        return found["samples left out for their licence"]

    assert left("CC0", "https://creativecommons.org/licenses/by/4.0") == 1
    assert left("cc-by 3.0", "cc0") == (samples.licence == "CC BY 4.0").sum() + 1
    assert left("CC BY", "CC0", "unstated") == 0


@pytest.mark.parametrize("empty", [("captions",), ("vqa",), ("captions", "vqa")])
def test_a_run_without_captions_or_items_is_exported_too(
    finished_run: Path, datasets: Any, tmp_path: Path, empty: tuple[str, ...]
) -> None:
    run, out = tmp_path / "run", tmp_path / "out"
    run.mkdir()
    for name in ("graph", "images", "samples.parquet", "captions.parquet", "vqa.parquet"):
        if name.removesuffix(".parquet") in empty:
            tables.write(name.removesuffix(".parquet"), tables.empty(name.removesuffix(".parquet")), run / name)
        else:
            (run / name).symlink_to(finished_run / name)
    counts = export(run, out, ExportOptions(forms=ALL_FORMS))
    assert all(counts[name.replace("vqa", "items")] == 0 for name in empty)
    configs = yaml.safe_load((out / "README.md").read_text().split("---")[1])["configs"]
    kinds = [kind for kind, table in (("items", "vqa"), ("captions", "captions")) if table not in empty]
    assert [c["config_name"] for c in configs] == kinds
    if kinds:
        assert datasets.load_dataset(str(out), cache_dir=str(tmp_path / "cache"))["train"].num_rows
    mlc = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed: pip install 'met-kg[dev]'")
    assert not mlc.Dataset(out / "croissant.json").metadata.ctx.issues.errors
