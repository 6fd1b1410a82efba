"""MeSH branches from the table of tree numbers: a parent is the tree number without its last part.

Preferred names are often inverted ("Tomography, X-Ray Computed"); the label reads forward, the inverted form is kept
as an exact synonym.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from met_kg.records import Concept, Synonym
from met_kg.sources.catalogue import Files
from met_kg.sources.findings import Findings
from met_kg.sources.lines import read_table
from met_kg.vocabulary import AXIS_ROOT, Axis

__all__ = [
    "IMAGING",
    "SIGNS",
    "anatomy_concepts",
    "condition_concepts",
    "disease_concepts",
    "imaging_concepts",
    "read_branches",
    "signs_concepts",
    "uninvert",
]

IMAGING: Final = "E01.370.350"
SIGNS: Final = "C23.888"
DISEASES: Final = (*(f"C{n:02d}" for n in range(1, 22)), "C25", "F03")
CONDITIONS: Final = ("C23.300", "C23.550", "C26")
ANATOMY: Final = tuple(f"A{n:02d}" for n in range(1, 18) if n != 13)

_DESCRIPTOR: Final = re.compile(r"D\d{6}(\d{3})?")
_TREE_NUMBER: Final = re.compile(r"[A-Z]\d\d(\.\d{3})*")


def uninvert(name: str) -> str:
    """A name in reading order.

    >>> uninvert("Tomography, Emission-Computed, Single-Photon")
    'Single-Photon Emission-Computed Tomography'
    >>> uninvert("Diagnostic Imaging")
    'Diagnostic Imaging'
    >>> uninvert("Congenital, Hereditary, and Neonatal Diseases and Abnormalities")
    'Congenital, Hereditary, and Neonatal Diseases and Abnormalities'
    """
    parts = name.split(", ")
    return name if any(part.startswith(("and ", "or ")) for part in parts) else " ".join(reversed(parts))


def imaging_concepts(files: Files, findings: Findings) -> list[Concept]:
    """Diagnostic imaging, E01.370.350, on the modality axis."""
    return read_branches(files["tree"][0], [IMAGING], "modality", "mesh-imaging", findings)


def signs_concepts(files: Files, findings: Findings) -> list[Concept]:
    """Signs and symptoms, C23.888, on the finding axis."""
    return read_branches(files["tree"][0], [SIGNS], "finding", "mesh-signs", findings)


def disease_concepts(files: Files, findings: Findings) -> list[Concept]:
    """Diseases, C01 to C21 and C25, and mental disorders, F03; what also stands among animal diseases is left out."""
    return read_branches(files["tree"][0], DISEASES, "disease", "mesh-diseases", findings, without=["C22", SIGNS])


def condition_concepts(files: Files, findings: Findings) -> list[Concept]:
    """Pathological conditions and processes, C23.300 and C23.550, and injuries, C26, that are no diseases."""
    without = ["C22", SIGNS, *DISEASES]
    return read_branches(files["tree"][0], CONDITIONS, "finding", "mesh-conditions", findings, without=without)


def anatomy_concepts(files: Files, findings: Findings) -> list[Concept]:
    """Anatomy, A01 to A17 (animal structures, A13, and fungi, bacteria and viruses apart): names and codes only."""
    return read_branches(files["tree"][0], ANATOMY, "anatomy", "mesh-anatomy", findings)


def read_branches(
    path: Path,
    branches: Sequence[str],
    axis: Axis,
    source: str,
    findings: Findings,
    without: Sequence[str] = (),
) -> list[Concept]:
    """The descriptors at and below tree numbers, with their parents inside the branches.

    The top of a branch hangs from the axis root. A descriptor that also stands at or below a number of ``without`` is
    left out, with those below it following their other parents. Concepts come in the order of their first number.
    """
    places: dict[str, str] = {}  # tree number -> descriptor
    names: dict[str, str] = {}
    unwanted: set[str] = set()
    for line, (descriptor, name, number) in read_table(path, ["mesh_id", "mesh_name", "mesh_tree_number"], findings):
        if _below(number, without):
            unwanted.add(descriptor)
        if not _below(number, branches):
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
        if places[number] in unwanted:
            continue
        above = parents.setdefault(places[number], {})
        upper = number.rpartition(".")[0]
        while upper in places and places[upper] in unwanted:
            upper = upper.rpartition(".")[0]
        if number in branches or not _below(upper, branches):
            above[AXIS_ROOT[axis]] = None
        elif upper not in places:
            findings.reject(path.name, number, f"nothing has the tree number above, {upper}", names[places[number]])
        elif places[upper] != places[number]:
            above[f"MESH:{places[upper]}"] = None
    for descriptor, above in parents.items():
        if len(above) > 1:  # a place at the top of a branch says nothing beside another one
            above.pop(AXIS_ROOT[axis], None)
        parents[descriptor] = above
    return [_concept(d, names[d], axis, tuple(above), source) for d, above in parents.items()]


def _below(number: str, branches: Sequence[str]) -> bool:
    return any(number == branch or number.startswith(branch + ".") for branch in branches)


def _concept(descriptor: str, name: str, axis: Axis, parents: tuple[str, ...], source: str) -> Concept:
    label = uninvert(name)
    synonyms = (Synonym(name),) if name != label else ()
    return Concept(f"MESH:{descriptor}", label, axis, synonyms=synonyms, parents=parents, source=source)
