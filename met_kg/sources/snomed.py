"""SNOMED CT in Release Format 2, snapshot files (SNOMED International, "SNOMED CT Release File Specification").

Concepts, descriptions, relationships and the language reference set, by the names of their columns. The axis comes from
the semantic tag of the fully specified name. A licence is needed for the data; nothing of it comes with the project.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from met_kg.errors import MissingData
from met_kg.records import Concept, Relation, Synonym
from met_kg.sources.findings import Findings
from met_kg.sources.lines import read_table
from met_kg.vocabulary import Axis

__all__ = ["TAG_AXES", "SnomedOptions", "is_sctid", "read_snomed"]

#: Semantic tag of a fully specified name -> axis.
TAG_AXES: Final[dict[str, Axis]] = {
    "disorder": "disease",
    "morphologic abnormality": "finding",
    "finding": "finding",
    "body structure": "anatomy",
    "procedure": "modality",
}
_FSN: Final = "900000000000003001"
_SYNONYM: Final = "900000000000013009"
_PREFERRED: Final = "900000000000548007"
_IS_A: Final = "116680003"
_RELATIONS: Final = {"363698007": "RO:0004026", "123005000": "BFO:0000050", "774081006": "BFO:0000050"}
_TAG: Final = re.compile(r"^(.*) \(([^()]+)\)$")
#: Verhoeff's dihedral scheme, which SCTIDs end in.
_TIMES: Final = (
    *("0123456789", "1234067895", "2340178956", "3401289567", "4012395678"),
    *("5987604321", "6598710432", "7659821043", "8765932104", "9876543210"),
)
_TURNS: Final = (
    *("0123456789", "1576283094", "5803796142", "8916043527"),
    *("9453126870", "4286573901", "2793806415", "7046913258"),
)


class SnomedOptions(BaseModel):
    """What of a release is read."""

    model_config = ConfigDict(extra="forbid")

    language_refset: str = Field(default="900000000000509007", description="US English; GB is 900000000000508004")
    axes: dict[str, Axis] = Field(default=TAG_AXES, description="semantic tag -> axis")
    below: list[str] = Field(
        default=[], description="concepts to read with all that is below them, e.g. 363679005 Imaging; empty: all"
    )
    obsolete: bool = Field(default=False, description="whether inactive concepts are given, as obsolete")


@dataclass(slots=True)
class _Entry:
    active: bool
    name: str = ""
    tag: str = ""
    label: str = ""
    synonyms: dict[str, None] = field(default_factory=dict)
    parents: dict[str, None] = field(default_factory=dict)
    relations: dict[Relation, None] = field(default_factory=dict)


def is_sctid(text: str) -> bool:
    """Whether a text is a SNOMED CT identifier, its check digit included.

    >>> is_sctid("22298006"), is_sctid("22298007")
    (True, False)
    """
    if not re.fullmatch(r"[1-9]\d{5,17}", text):
        return False
    check = 0
    for place, digit in enumerate(reversed(text)):
        check = int(_TIMES[check][int(_TURNS[place % 8][int(digit)])])
    return check == 0


def read_snomed(folder: Path, options: SnomedOptions, *, source: str, findings: Findings) -> Iterator[Concept]:
    """The active concepts of a snapshot that stand on an axis, in the order of the concept file.

    The label is the preferred synonym of the language reference set; other acceptable synonyms and the fully specified
    name, without its semantic tag, are exact synonyms.

    Raises
    ------
    MissingData
        when one of the four files is not below the folder.
    DataProblem
        when a file lacks a column.
    """
    entries = _concepts(_file(folder, "sct2_Concept_Snapshot"), options, findings)
    preferred = _language(_file(folder, "der2_cRefset_LanguageSnapshot"), options, findings)
    _names(_file(folder, "sct2_Description_Snapshot"), entries, preferred, findings)
    _relationships(_file(folder, "sct2_Relationship_Snapshot"), entries, findings)
    wanted = _below(entries, options.below)
    for sctid, entry in entries.items():
        axis = options.axes.get(entry.tag)
        if axis is None or (wanted is not None and sctid not in wanted):
            continue
        label = entry.label or entry.name
        names = dict.fromkeys((*entry.synonyms, entry.name))
        yield Concept(
            f"SNOMEDCT:{sctid}",
            label,
            axis,
            synonyms=tuple(Synonym(text) for text in names if text.lower() != label.lower()),
            parents=tuple(f"SNOMEDCT:{p}" for p in entry.parents if p in entries),
            relations=tuple(r for r in entry.relations if r.target.partition(":")[2] in entries),
            obsolete=not entry.active,
            source=source,
        )


def _file(folder: Path, start: str) -> Path:
    found = sorted(p for p in folder.rglob(f"{start}*.txt*") if p.is_file())
    if not found:
        raise MissingData(f"the SNOMED CT release has no {start}*.txt", where=str(folder), hint="give its folder")
    return found[0]


def _concepts(path: Path, options: SnomedOptions, findings: Findings) -> dict[str, _Entry]:
    entries: dict[str, _Entry] = {}
    for line, (sctid, active) in read_table(path, ["id", "active"], findings):
        if not is_sctid(sctid):
            findings.reject(path.name, line, "not a SNOMED CT identifier: its check digit is wrong", sctid)
        elif active == "1" or options.obsolete:
            entries[sctid] = _Entry(active == "1")
    return entries


def _language(path: Path, options: SnomedOptions, findings: Findings) -> dict[str, bool]:
    """Description -> whether it is preferred, for those acceptable in the reference set."""
    columns = ["active", "refsetId", "referencedComponentId", "acceptabilityId"]
    return {
        description: acceptability == _PREFERRED
        for _, (active, refset, description, acceptability) in read_table(path, columns, findings)
        if active == "1" and refset == options.language_refset
    }


def _names(path: Path, entries: dict[str, _Entry], preferred: dict[str, bool], findings: Findings) -> None:
    columns = ["id", "active", "conceptId", "typeId", "term"]
    for line, (sctid, active, concept, kind, term) in read_table(path, columns, findings):
        entry = entries.get(concept)
        if active != "1" or entry is None:
            continue
        if kind == _FSN:
            if tagged := _TAG.match(term):
                entry.name, entry.tag = tagged[1], tagged[2]
            else:
                findings.reject(path.name, line, "fully specified name without a semantic tag", term)
        elif kind == _SYNONYM and sctid in preferred:
            if preferred[sctid]:
                entry.label = term
            entry.synonyms[term] = None


def _relationships(path: Path, entries: dict[str, _Entry], findings: Findings) -> None:
    columns = ["active", "sourceId", "destinationId", "typeId"]
    for _, (active, subject, target, kind) in read_table(path, columns, findings):
        entry = entries.get(subject)
        if active != "1" or entry is None:
            continue
        if kind == _IS_A:
            entry.parents[target] = None
        elif prop := _RELATIONS.get(kind):
            entry.relations[Relation(prop, f"SNOMEDCT:{target}")] = None


def _below(entries: dict[str, _Entry], tops: list[str]) -> set[str] | None:
    """The concepts at and below some; None for all."""
    if not tops:
        return None
    children: dict[str, list[str]] = {}
    for sctid, entry in entries.items():
        for parent in entry.parents:
            children.setdefault(parent, []).append(sctid)
    found: set[str] = set()
    open_ends = list(tops)
    while open_ends:
        here = open_ends.pop()
        if here not in found:
            found.add(here)
            open_ends.extend(children.get(here, ()))
    return found
