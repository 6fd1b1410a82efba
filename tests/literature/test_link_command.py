from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from met_kg.cli.link import link
from met_kg.errors import UnknownName
from met_kg.graph.store import Graph


@pytest.fixture
def run_folder(mini_graph: Graph, tmp_path: Path) -> Path:
    """A run whose store holds the small tree."""
    with Graph.open(tmp_path / "run" / "store", read_only=False) as graph:
        graph.store.bulk_extend(mini_graph.store)
    return tmp_path / "run"


def test_table_of_mentions_with_codes(run_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.tsv"
    text = "1|t|No pneumonia on chest X-ray\n1|a|Pneumonia\tis  rare.\nbroken\n"
    result = CliRunner().invoke(
        link, ["-", "--tree", str(run_folder), "--as", "MESH,DOID", "--out", str(out)], input=text
    )
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(out.read_text()), delimiter="\t"))
    assert out.read_text().startswith("document\tstart\tend\ttext\taxis\tnode\tlabel\tscore\tassertion\tas\tsteps\n")
    first = rows[0]
    assert (first["start"], first["end"], first["text"], first["assertion"]) == ("3", "12", "pneumonia", "negated")
    assert first["as"] == "MESH:D011014|DOID:552"
    assert {r["node"] for r in rows} == {"DOID:552", "MET:0000011", "UBERON:0001443"}
    assert "line 3" in result.stderr


def test_unknown_code_system_is_said(run_folder: Path) -> None:
    result = CliRunner().invoke(link, ["-", "--tree", str(run_folder), "--as", "MSH"], input="x")
    assert isinstance(result.exception, UnknownName)
    assert "MESH" in str(result.exception)
