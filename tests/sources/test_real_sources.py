"""The sources as they are in the data packs: everything loads, counts are those of the packs, nothing dangles."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from met_kg.sources.catalogue import catalogue
from met_kg.sources.fetch import verify
from met_kg.sources.obo import read_obo
from met_kg.sources.registry import SOURCES, Loaded, load_source
from met_kg.vocabulary import expand

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def loaded(data_root: Path) -> dict[str, Loaded]:
    return {name: load_source(name, data_root) for name in SOURCES}


#: File -> (terms, live terms) as counted by a plain search for "id:" and "is_obsolete: true" in [Term] stanzas.
def _counted(path: Path) -> tuple[int, int]:
    from met_kg.sources.lines import open_binary

    with open_binary(path) as stream:
        stanzas = stream.read().decode("utf-8").split("\n[Term]\n")[1:]
    stanzas = [s.split("\n[Typedef]")[0] for s in stanzas]
    stanzas = [s for s in stanzas if "\nname: " in s]
    return len(stanzas), sum("\nis_obsolete: true" not in s for s in stanzas)


def test_every_obo_file_of_the_packs_loads_completely(data_root: Path) -> None:
    paths = sorted((data_root / "ontologies").rglob("*.obo*"))
    assert len(paths) == 25
    for path in paths:
        document = read_obo(path, source="x")
        live = sum(not c.obsolete for c in document.concepts)
        assert (len(document.concepts), live) == _counted(path), path.name


def test_concepts_per_source(loaded: dict[str, Loaded]) -> None:
    live = {name: sum(not c.obsolete for c in found.concepts) for name, found in loaded.items()}
    assert live["disease-ontology"] == 12_246 + 1  # the table has no row for the root
    assert live["uberon"] == 11_078 - 17  # a "processual entity" and the stages of life below it are no structures
    assert live["hpo-slim"] > 520 and live["mesh-diseases"] > 3_900 and live["mesh-conditions"] > 280
    assert live["symp"] == 895
    assert live["mesh-imaging"] == 166
    assert live["mesh-signs"] == 350
    assert sum(len(c.parents) for c in loaded["disease-ontology"].concepts) == 12_296


def test_names_codes_and_relations_reach_what_the_packs_hold(loaded: dict[str, Loaded]) -> None:
    diseases = loaded["disease-ontology"].concepts
    assert sum(bool(c.synonyms) for c in diseases) > 6_200
    assert sum(bool(c.definition) for c in diseases) > 9_900
    with_code = Counter(s for c in diseases for s in {x.partition(":")[0] for x in c.xrefs})
    assert with_code["UMLS"] >= 6_512 and with_code["MESH"] >= 4_013 and with_code["SNOMEDCT"] >= 4_962
    relations = Counter(r.property for c in diseases for r in c.relations)
    assert relations["RO:0002452"] > 2_200 and relations["RO:0004026"] > 1_500
    assert all(len(set(c.relations)) == len(c.relations) for c in diseases)
    parts = loaded["uberon"].concepts
    assert (
        sum(len(c.relations) for c in parts) > 9_800
        and sum(bool(c.definition) for c in parts if not c.obsolete) == 8_797 - 16
    )


@pytest.mark.parametrize(
    ("source", "label", "name"),
    [
        ("uberon", "hand", "manus"),
        ("uberon", "gallbladder", "gall bladder"),
        ("uberon", "lung", "pulmo"),
        ("disease-ontology", "COVID-19", "SARS-CoV-2 infection"),
        ("mesh-imaging", "X-Ray Computed Tomography", "Tomography, X-Ray Computed"),
    ],
)
def test_known_names(loaded: dict[str, Loaded], source: str, label: str, name: str) -> None:
    (concept,) = [c for c in loaded[source].concepts if c.label == label]
    assert name in {s.text for s in concept.synonyms}


def test_nothing_dangles_and_every_identifier_expands(loaded: dict[str, Loaded]) -> None:
    live = {c.curie for found in loaded.values() for c in found.concepts if not c.obsolete}
    for name, found in loaded.items():
        for concept in found.concepts:
            assert all(expand(x) for x in (concept.curie, *concept.xrefs))
            if concept.obsolete:
                continue
            assert set(concept.parents) <= live, (name, concept.curie)
            assert {r.target for r in concept.relations} <= live, (name, concept.curie)
            assert concept.curie not in concept.parents


def test_loading_twice_gives_the_same(data_root: Path, loaded: dict[str, Loaded]) -> None:
    assert load_source("uberon", data_root) == loaded["uberon"]


def test_the_catalogue_knows_the_packs(data_root: Path) -> None:
    sums = dict(reversed(line.split()) for line in (data_root / "SHA256SUMS").read_text().splitlines())
    pinned = [e for e in catalogue().values() if e.version != "current"]
    assert [c for c in verify(pinned, data_root) if c.state != "ok"] == []
    for source in pinned:
        for file in source.files:
            assert file.path in sums
            assert file.path.endswith(".gz") or file.sha256 == sums[file.path]
