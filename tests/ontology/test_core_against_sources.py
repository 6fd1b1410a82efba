"""The radiology core repeats its sources truly: identifiers, labels, hierarchy, locations' targets, symptoms."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from met_kg.records import Concept
from met_kg.sources.owl import ontology_concepts
from met_kg.sources.registry import load_source
from met_kg.vocabulary import AXIS_ROOT

pytestmark = pytest.mark.data

SOURCES = {"DOID": "disease-ontology", "UBERON": "uberon", "SYMP": "symp"}
#: Where a core term hangs when its source states no is-a parent for it.
ROOT = {"DOID": AXIS_ROOT["disease"], "UBERON": AXIS_ROOT["anatomy"], "SYMP": AXIS_ROOT["finding"]}
#: The coccyx is in Uberon but was forgotten in its list of human structures; the core brings it back.
NOT_IN_HUMAN_VIEW = {"UBERON:0001350"}


def _core(prefix: str) -> dict[str, Concept]:
    mine = {c.curie: c for c in ontology_concepts() if c.curie.startswith(f"{prefix}:")}
    return {curie: concept for curie, concept in mine.items() if curie not in NOT_IN_HUMAN_VIEW}


@pytest.fixture(scope="module")
def sources(data_root: Path) -> dict[str, dict[str, Concept]]:
    return {
        prefix: {c.curie: c for c in load_source(name, data_root).concepts if c.curie.startswith(f"{prefix}:")}
        for prefix, name in SOURCES.items()
    }


def _ancestors(curie: str, source: dict[str, Concept]) -> set[str]:
    found: set[str] = set()
    open_ends = [curie]
    while open_ends:
        here = source.get(open_ends.pop())
        for parent in here.parents if here else ():
            if parent not in found:
                found.add(parent)
                open_ends.append(parent)
    return found


@pytest.mark.parametrize("prefix", SOURCES)
def test_core_labels_are_the_source_labels(prefix: str, sources: dict[str, dict[str, Concept]]) -> None:
    core = _core(prefix)
    assert len(core) >= {"DOID": 120, "UBERON": 150, "SYMP": 25}[prefix]
    for curie, concept in core.items():
        assert concept.label == sources[prefix][curie].label, curie
        assert not sources[prefix][curie].obsolete


@pytest.mark.parametrize("prefix", SOURCES)
def test_core_parents_are_ancestors_in_the_source(prefix: str, sources: dict[str, dict[str, Concept]]) -> None:
    for curie, concept in _core(prefix).items():
        if curie in AXIS_ROOT.values():
            continue
        real = _ancestors(curie, sources[prefix])
        for parent in concept.parents:
            assert parent in real or parent == ROOT[prefix], f"{concept.label}: {parent}"


def test_core_symptoms_are_in_the_disease_symptom_table(data_root: Path) -> None:
    table = data_root / "ontologies" / "doid" / "2026-07-31" / "disease-symptom_2026-07-31.tsv"
    with table.open(encoding="utf-8") as lines:
        known = {(row["disease_id"], row["symptom_id"]) for row in csv.DictReader(lines, delimiter="\t")}
    stated = {(c.curie, r.target) for c in _core("DOID").values() for r in c.relations if r.property == "RO:0002452"}
    assert len(stated) >= 20
    assert stated <= known
