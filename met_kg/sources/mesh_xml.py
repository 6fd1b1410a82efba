"""MeSH descriptors in NLM's own XML (desc2026.xml; DTD nlmdescriptorrecordset), with entry terms and scope notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from pydantic import BaseModel, ConfigDict, Field

from met_kg.errors import DataProblem
from met_kg.records import Concept, Synonym
from met_kg.sources.findings import Findings
from met_kg.sources.lines import open_binary
from met_kg.sources.mesh import DISEASES, IMAGING, SIGNS, uninvert
from met_kg.vocabulary import AXIS_ROOT, Axis, Scope

__all__ = ["MeshOptions", "read_descriptors"]

#: How a further concept of a descriptor stands to the preferred one.
_SCOPES: Final[dict[str, Scope]] = {"NRW": "NARROW", "BRD": "BROAD", "REL": "RELATED"}
_SHORT: Final = frozenset({"ABB", "ABX", "ACR", "ACX"})


class MeshOptions(BaseModel):
    """What of the descriptors is read."""

    model_config = ConfigDict(extra="forbid")

    branches: dict[str, Axis] = Field(
        default={IMAGING: "modality", SIGNS: "finding", **dict.fromkeys(DISEASES, "disease")},
        description="tree number -> axis of what stands at and below it; the longest number that fits counts",
    )


def read_descriptors(path: Path, options: MeshOptions, *, source: str, findings: Findings) -> Iterator[Concept]:
    """The descriptors on the branches asked for, in file order.

    Two passes over the file: tree numbers first, for a parent may come after its child. The top of a branch hangs from
    its axis root. Entry terms of the preferred concept are exact synonyms, others as their concept's relation says.

    Raises
    ------
    MissingData
        when the file is not there.
    DataProblem
        when nothing of it can be read, or it holds entities that could harm.
    """
    owner = {
        number: _text(record, "DescriptorUI")
        for record in _records(path, findings)
        for number in _numbers(record)
        if _axis(number, options)
    }
    if not owner:
        raise DataProblem("holds no descriptor on the branches asked for", where=str(path))
    for record in _records(path, Findings()):
        axes = [axis for number in _numbers(record) if (axis := _axis(number, options))]
        if axes:
            yield _concept(record, axes[0], options, owner, source)


def _records(path: Path, findings: Findings) -> Iterator[Any]:
    with open_binary(path) as stream:
        root = None
        try:
            for event, element in ElementTree.iterparse(stream, events=("start", "end")):
                root = element if root is None else root
                if event == "end" and element.tag == "DescriptorRecord":
                    if _text(element, "DescriptorUI") and _text(element, "DescriptorName/String"):
                        yield element
                    else:
                        findings.reject(path.name, "", "a descriptor without identifier or name is left out")
                    root.clear()  # what was read is not kept
        except DefusedXmlException as problem:
            raise DataProblem(f"declares entities, which could harm ({problem})", where=str(path)) from problem
        except (ParseError, EOFError, OSError) as problem:
            findings.reject(path.name, "", f"the file breaks off or is no XML ({problem}); the rest is lost")


def _text(record: Any, where: str) -> str:
    return " ".join((record.findtext(where) or "").split())


def _numbers(record: Any) -> list[str]:
    return sorted((e.text or "").strip() for e in record.iterfind("TreeNumberList/TreeNumber"))


def _axis(number: str, options: MeshOptions) -> Axis | None:
    while number:
        if number in options.branches:
            return options.branches[number]
        number = number.rpartition(".")[0]
    return None


def _concept(record: Any, axis: Axis, options: MeshOptions, owner: dict[str, str], source: str) -> Concept:
    identifier, name = _text(record, "DescriptorUI"), _text(record, "DescriptorName/String")
    label = uninvert(name)
    synonyms: dict[str, Synonym] = {}
    if name != label:
        synonyms[name.lower()] = Synonym(name)
    definition = ""
    for concept in record.iterfind("ConceptList/Concept"):
        is_preferred = concept.get("PreferredConceptYN") == "Y"
        if is_preferred:
            definition = _text(concept, "ScopeNote")
        scope = "EXACT" if is_preferred else _scope(record, concept)
        for term in concept.iterfind("TermList/Term"):
            text = _text(term, "String")
            kind = "abbreviation" if term.get("LexicalTag") in _SHORT else ""
            for written in dict.fromkeys((uninvert(text), text)):
                if written and written.lower() != label.lower():
                    synonyms.setdefault(written.lower(), Synonym(written, scope, kind))
    return Concept(
        f"MESH:{identifier}",
        label,
        axis,
        definition,
        tuple(synonyms.values()),
        tuple(_parents(record, identifier, axis, options, owner)),
        source=source,
    )


def _scope(record: Any, concept: Any) -> Scope:
    """What the preferred concept's relations say of another one; concepts that nothing is said of are related."""
    identifier = _text(concept, "ConceptUI")
    for relation in record.iterfind("ConceptList/Concept/ConceptRelationList/ConceptRelation"):
        if identifier in (_text(relation, "Concept1UI"), _text(relation, "Concept2UI")):
            return _SCOPES.get(relation.get("RelationName", ""), "RELATED")
    return "RELATED"


def _parents(record: Any, identifier: str, axis: Axis, options: MeshOptions, owner: dict[str, str]) -> list[str]:
    above: dict[str, None] = {}
    for number in _numbers(record):
        if _axis(number, options) != axis:
            continue
        upper = number.rpartition(".")[0]
        parent = owner.get(upper)
        if number in options.branches or parent is None:
            above.setdefault(AXIS_ROOT[axis])
        elif parent != identifier:
            above[f"MESH:{parent}"] = None
    if len(above) > 1:  # a place at the top of a branch says nothing beside another one
        above.pop(AXIS_ROOT[axis], None)
    return list(above)
