"""Named sources: ``load_source("uberon", root)`` gives its concepts with what was mended and what was set aside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from met_kg.errors import UnknownName
from met_kg.paths import data_root, ontology_dir
from met_kg.records import Concept, Quarantined
from met_kg.sources import disease_ontology, hpo, mesh, symp, uberon
from met_kg.sources.catalogue import Files, entry, locate
from met_kg.sources.findings import Findings
from met_kg.sources.owl import EDIT_FILE, ontology_concepts

__all__ = ["SOURCES", "Loaded", "load_source", "source_files"]

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


def _check(name: str) -> None:
    if name not in SOURCES:
        raise UnknownName("source", name, SOURCES)
