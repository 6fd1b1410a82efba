"""MeSH branches from the table of tree numbers: a parent is the tree number without its last part.

Preferred names are often inverted ("Tomography, X-Ray Computed"); the label reads forward, the inverted form is kept
as an exact synonym.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from met_kg.records import Concept, Synonym
from met_kg.sources.catalogue import Files
from met_kg.sources.findings import Findings
from met_kg.sources.lines import read_table
from met_kg.vocabulary import AXIS_ROOT, Axis

__all__ = ["IMAGING", "SIGNS", "imaging_concepts", "read_branch", "signs_concepts", "uninvert"]

IMAGING: Final = "E01.370.350"
SIGNS: Final = "C23.888"

_DESCRIPTOR: Final = re.compile(r"D\d{6}(\d{3})?")
_TREE_NUMBER: Final = re.compile(r"[A-Z]\d\d(\.\d{3})*")


def uninvert(name: str) -> str:
    """A name in reading order.

    >>> uninvert("Tomography, Emission-Computed, Single-Photon")
    'Single-Photon Emission-Computed Tomography'
    >>> uninvert("Diagnostic Imaging")
    'Diagnostic Imaging'
    """
    return " ".join(reversed(name.split(", ")))


def imaging_concepts(files: Files, findings: Findings) -> list[Concept]:
    """Diagnostic imaging, E01.370.350, on the modality axis."""
    return read_branch(files["tree"][0], IMAGING, "modality", "mesh-imaging", findings)


def signs_concepts(files: Files, findings: Findings) -> list[Concept]:
    """Signs and symptoms, C23.888, on the finding axis."""
    return read_branch(files["tree"][0], SIGNS, "finding", "mesh-signs", findings)


def read_branch(path: Path, branch: str, axis: Axis, source: str, findings: Findings) -> list[Concept]:
    """The descriptors at and below a tree number, with their parents inside the branch.

    The top of the branch hangs from the axis root. Concepts come in the order of their first tree number.
    """
    places: dict[str, str] = {}  # tree number -> descriptor
    names: dict[str, str] = {}
    for line, (descriptor, name, number) in read_table(path, ["mesh_id", "mesh_name", "mesh_tree_number"], findings):
        if number != branch and not number.startswith(branch + "."):
            continue
        if not _DESCRIPTOR.fullmatch(descriptor) or not _TREE_NUMBER.fullmatch(number) or not name:
            findings.reject(path.name, line, "not a descriptor with name and tree number", f"{descriptor} {number}")
            continue
        if places.setdefault(number, descriptor) != descriptor:
            findings.reject(path.name, line, f"tree number {number} belongs to {places[number]}", descriptor)
            continue
        names.setdefault(descriptor, name)
    parents: dict[str, dict[str, None]] = {}
    for number in sorted(places):
        above = parents.setdefault(places[number], {})
        if number == branch:
            above[AXIS_ROOT[axis]] = None
            continue
        upper = number.rpartition(".")[0]
        if upper not in places:
            findings.reject(path.name, number, f"nothing has the tree number above, {upper}", names[places[number]])
        elif places[upper] != places[number]:
            above[f"MESH:{places[upper]}"] = None
    return [_concept(d, names[d], axis, tuple(above), source) for d, above in parents.items()]


def _concept(descriptor: str, name: str, axis: Axis, parents: tuple[str, ...], source: str) -> Concept:
    label = uninvert(name)
    synonyms = (Synonym(name),) if name != label else ()
    return Concept(f"MESH:{descriptor}", label, axis, synonyms=synonyms, parents=parents, source=source)
