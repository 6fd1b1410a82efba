"""Named sources: ``load_source("uberon", root)`` gives its concepts with what was mended and what was set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from met_kg.errors import MissingData, UnknownName, UsageProblem
from met_kg.paths import data_root, ontology_dir
from met_kg.records import Concept, Quarantined
from met_kg.sources import disease_ontology, hpo, mesh, symp, uberon
from met_kg.sources.catalogue import Files, entry, locate
from met_kg.sources.findings import Findings
from met_kg.sources.obo import read_obo
from met_kg.sources.owl import EDIT_FILE, ontology_concepts, read_owl
from met_kg.vocabulary import Axis

__all__ = ["SOURCES", "TREE_RELATIONS", "Loaded", "load_file", "load_source", "source_files"]

#: The project's own ontology: it ships with the package and needs no file of the mirror.
OWN: Final = "met"
_RECIPES: Final[dict[str, Callable[[Files, Findings], list[Concept]]]] = {
    "disease-ontology": disease_ontology.disease_concepts,
    "uberon": uberon.anatomy_concepts,
    "symp": symp.symptom_concepts,
    "mesh-imaging": mesh.imaging_concepts,
    "mesh-signs": mesh.signs_concepts,
    "mesh-diseases": mesh.disease_concepts,
    "mesh-conditions": mesh.condition_concepts,
    "mesh-anatomy": mesh.anatomy_concepts,
    "hpo-slim": hpo.phenotype_concepts,
}
SOURCES: Final = (OWN, *_RECIPES)

#: Object properties that the tree declares; relations of a user's file with any other are counted and left out.
TREE_RELATIONS: Final = frozenset(["BFO:0000050", "RO:0004026", "RO:0002452", "met:hasLocation", "met:imagedBy"])


@dataclass(frozen=True, slots=True)
class Loaded:
    """One source, read."""

    concepts: list[Concept]
    mended: list[Quarantined] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    licence: str = ""
    version: str = ""
    adds_nodes: bool = True


def source_files(name: str, root: Path | None = None) -> list[Path]:
    """The files that a named source is read from, under ``root`` (default: the mirror folder ``MET_DATA``).

    Raises
    ------
    UnknownName, MissingData
    """
    if name == OWN:
        return [ontology_dir() / EDIT_FILE]
    _check(name)
    located = locate(name, root or data_root())
    return [path for role in sorted(located) for path in located[role]]


def load_source(name: str, root: Path | None = None) -> Loaded:
    """Read a named source from the mirror folder.

    Raises
    ------
    UnknownName
        when no source has that name.
    MissingData
        when one of its files is not there.
    """
    if name == OWN:
        return Loaded(ontology_concepts(), files=source_files(OWN), licence="CC0-1.0")
    _check(name)
    about = entry(name)
    findings = Findings()
    concepts = _RECIPES[name](locate(name, root or data_root()), findings)
    findings.close()
    return Loaded(
        concepts,
        findings.mended,
        findings.quarantined,
        source_files(name, root),
        about.licence,
        about.version,
        about.adds_nodes,
    )


def load_file(path: Path, name: str, axis: Axis, licence: str = "") -> Loaded:
    """Read a user's own ontology file (OBO, or OWL in any syntax, gzipped or not) onto one axis of the tree.

    Raises
    ------
    MissingData
        when there is no such file.
    DataProblem
        when it is no ontology.
    UsageProblem
        when the file's name has an ending of no known format.
    """
    if not path.is_file():
        raise MissingData(f"source '{name}' needs {path}, which is not there")
    kind = Path(path.name.removesuffix(".gz")).suffix.lower()
    findings = Findings()
    version = ""
    if kind == ".obo":
        document = read_obo(path, source=name)
        concepts, version = document.concepts, document.header.get("data-version", "")
        findings.mended += document.mended
        findings.quarantined += document.quarantined
    elif kind in _OWL_ENDINGS:
        concepts, quarantined = read_owl(path, source=name)
        findings.quarantined += quarantined
    else:
        raise UsageProblem(f"cannot tell the format of {path}", hint=f"name it .obo or {', '.join(_OWL_ENDINGS)}")
    kept = list(_on_axis(concepts, axis, path.name, findings))
    findings.close()
    return Loaded(kept, findings.mended, findings.quarantined, [path], licence, version)


_OWL_ENDINGS: Final = (".owl", ".rdf", ".ttl", ".nt", ".ofn", ".omn", ".owx", ".xml")


def _on_axis(concepts: Iterable[Concept], axis: Axis, file: str, findings: Findings) -> Iterable[Concept]:
    for concept in concepts:
        for relation in concept.relations:
            if relation.property not in TREE_RELATIONS:
                reason = f"relations left out: the tree has no {relation.property}"
                findings.count(file, concept.curie, reason, relation.target)
        kept = tuple(r for r in concept.relations if r.property in TREE_RELATIONS)
        yield replace(concept, axis=axis, relations=kept)


def _check(name: str) -> None:
    if name not in SOURCES:
        raise UnknownName("source", name, SOURCES)
