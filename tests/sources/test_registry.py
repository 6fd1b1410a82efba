"""Named sources and a user's own files."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from met_kg.errors import MissingData, UnknownName, UsageProblem
from met_kg.records import Relation
from met_kg.sources.files import SourceFile
from met_kg.sources.load import load_file
from met_kg.sources.registry import SOURCES, load_source, source_files

OBO = """format-version: 1.2
data-version: 7

[Term]
id: MYO:1
name: my disease
relationship: RO:0004026 UBERON:0002048
relationship: RO:0002202 UBERON:0000118
junk
"""
TURTLE = """@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<http://example.org/a> a owl:Class ; rdfs:label "alpha"@en .
"""


def test_the_own_ontology_needs_no_mirror() -> None:
    loaded = load_source("met", None)
    assert {c.axis for c in loaded.concepts} >= {"disease", "anatomy", "modality", "finding"}
    assert loaded.licence == "CC0-1.0" and [f.name for f in loaded.files] == ["met-edit.ofn"]


def test_unknown_and_missing_sources(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean uberon"):
        load_source("uberron", tmp_path)
    for name in SOURCES[1:]:
        with pytest.raises(MissingData, match=f"met sources fetch {name}"):
            load_source(name, tmp_path)
        with pytest.raises(MissingData, match=f"source '{name}' needs"):
            source_files(name, tmp_path)


@pytest.mark.parametrize("name", ["mine.obo", "mine.obo.gz"])
def test_a_users_obo_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(OBO.encode()) if name.endswith(".gz") else OBO.encode())
    loaded = load_file(path, SourceFile(name="mine", path=str(path), axis="disease", licence="CC-BY-4.0"))
    (concept,) = loaded.concepts
    assert (concept.axis, concept.source) == ("disease", "mine")
    assert concept.relations == (Relation("RO:0004026", "UBERON:0002048"),)
    assert (loaded.version, loaded.licence, loaded.files) == ("7", "CC-BY-4.0", [path])
    reasons = sorted(q.reason for q in loaded.quarantined)
    assert reasons == ["not a 'tag: value' line", "relations left out: the tree has no RO:0002202"]


def test_a_users_turtle_file(tmp_path: Path) -> None:
    (tmp_path / "mine.ttl").write_text(TURTLE)
    loaded = load_file(tmp_path / "mine.ttl", SourceFile(name="mine", path="mine.ttl", axis="finding"))
    assert [(c.curie, c.label, c.axis) for c in loaded.concepts] == [("http://example.org/a", "alpha", "finding")]


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"mine\.obo"):
        load_file(tmp_path / "mine.obo", SourceFile(name="mine", path="mine.obo", axis="finding"))
    (tmp_path / "mine.docx").write_text("x")
    with pytest.raises(UsageProblem, match=r"format of .*mine\.docx"):
        load_file(tmp_path / "mine.docx", SourceFile(name="mine", path="mine.docx", axis="finding"))
