from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from run_folder import write_run

from met_kg import tables
from met_kg.cli.items import slice_items, verify
from met_kg.errors import DataProblem, MissingData, UsageProblem
from met_kg.graph.store import Graph
from met_kg.synthesis.export import export
from met_kg.synthesis.export.options import ExportOptions


@pytest.fixture
def run(mini_graph: Graph, tmp_path: Path) -> Path:
    """A run over the mini tree as the pipeline leaves it: tables, images, graphs and store."""
    return write_run(mini_graph, tmp_path / "run")


def _hashes(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_an_export_stands_on_its_own(run: Path, tmp_path: Path) -> None:
    counts = export(run, tmp_path / "a")
    export(run, tmp_path / "b")
    assert _hashes(tmp_path / "a") == _hashes(tmp_path / "b")
    assert counts["samples"] == counts["images"] == 24
    chats = [json.loads(line) for p in ("train", "test") for line in (tmp_path / "a" / f"{p}.jsonl").open()]
    assert len(chats) == counts["captions"] + counts["items"]
    for chat in chats:
        assert (tmp_path / "a" / chat["image"]).is_file()
        assert [turn["from"] for turn in chat["conversations"]] == ["human", "gpt"]
        assert chat["conversations"][0]["value"].startswith("<image>\n")
    paths = sorted((tmp_path / "a" / "jsonl").glob("items-*.jsonl"))
    items = [json.loads(line) for path in paths for line in path.open()]
    assert all(i["licence"] and i["proof"]["ask"].startswith("ASK {") and i["proof"]["provenance"] for i in items)
    assert "Not a medical device" in (tmp_path / "a" / "README.md").read_text()
    result = CliRunner().invoke(verify, [str(tmp_path / "a")])
    assert result.exit_code == 0, result.output
    assert f"{len(items)} of {len(items)} items hold" in result.output


def test_licences_and_bad_images_are_left_out_and_counted(run: Path, tmp_path: Path) -> None:
    (run / "images" / "1.png").write_bytes(b"changed")
    (run / "images" / "3.png").unlink()
    counts = export(run, tmp_path / "out", ExportOptions(licence_allow=["cc0-1.0"]))
    assert counts["samples left out for their licence"] == 12
    assert counts["samples left out for their image"] == 2
    assert counts["samples"] == 10
    card = (tmp_path / "out" / "README.md").read_text()
    left_out = (tmp_path / "out" / "left-out.tsv").read_text().splitlines()[1:]
    assert len(left_out) == 14 and sum("licence 'CC BY 4.0' is not among those allowed" in x for x in left_out) == 12
    assert "has changed since the run read it" in card and str(tmp_path) not in card
    kept = set(tables.read("samples", tmp_path / "out" / "samples.parquet")["sample_id"])
    graph = gzip.decompress((tmp_path / "out" / "graph" / "samples.nt.gz").read_bytes()).decode()
    assert {line.split("/sample/")[1].split(">")[0] for line in graph.splitlines()} == kept


def test_verify_names_what_fails_and_exits_with_one(run: Path, tmp_path: Path) -> None:
    export(run, tmp_path / "out")
    vqa = tables.read("vqa", tmp_path / "out" / "vqa.parquet")
    vqa.loc[vqa["format"] == "yes-no", "answer"] = "perhaps"
    tables.write("vqa", vqa, tmp_path / "out" / "vqa.parquet")
    result = CliRunner().invoke(verify, [str(tmp_path / "out")])
    assert result.exit_code == 1
    assert result.output.count("the answer is 'perhaps'") == (vqa["format"] == "yes-no").sum() > 0
    (tmp_path / "out" / "graph" / "tree.nt.gz").write_bytes(b"no gzip")
    broken = CliRunner().invoke(verify, [str(tmp_path / "out")])
    assert isinstance(broken.exception, DataProblem)
    (tmp_path / "out" / "graph" / "tree.nt.gz").unlink()
    assert isinstance(CliRunner().invoke(verify, [str(tmp_path / "out")]).exception, MissingData)


def test_slices(run: Path, tmp_path: Path) -> None:
    def cut(name: str, *more: str) -> list[dict[str, object]]:
        out = tmp_path / name.replace("/", "-")
        result = CliRunner().invoke(slice_items, [name, "--run", str(run), "--out", str(out), *more])
        assert result.exit_code == 0, result.output or result.exception
        assert CliRunner().invoke(verify, [str(out)]).exit_code == 0
        return tables.read("vqa", out / "vqa.parquet").to_dict("records")

    vqa = tables.read("vqa", run / "vqa.parquet")
    pneumonias = {"DOID:552", "DOID:874", "DOID:10533", "DOID:11339", "DOID:0080600"}
    found = {r["key_node"] for r in cut("slices/items-on-node", "-p", "node=DOID:552")}
    assert found == pneumonias & set(vqa["key_node"]) and len(found) > 1
    assert len(cut("by-difficulty")) == (vqa["difficulty"] == "hard").sum()
    radiographs = cut("by-modality", "-p", "modality=MET:0000010")
    assert {r["key_node"] for r in radiographs if r["type"] == "modality" and r["answer"] != "no"} == {"MET:0000010"}
    arguments = ["--run", str(run), "--out", str(tmp_path / "none")]
    empty = CliRunner().invoke(slice_items, ["items-on-node", *arguments, "-p", "node=DOID:114"])
    assert isinstance(empty.exception, DataProblem)
    wrong = CliRunner().invoke(slice_items, ["tree/siblings", *arguments, "-p", "node=DOID:552"])
    assert isinstance(wrong.exception, UsageProblem)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("command", [verify, slice_items])
def test_help_ends_with_an_example(command: object) -> None:
    assert "Example:  met " in CliRunner().invoke(command, ["--help"]).output.splitlines()[-1]  # type: ignore[arg-type]
