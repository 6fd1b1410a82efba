"""ROBOT templates (robot.obolibrary.org/template) and plain tables of terms, comma or tab separated.

The second row may say what each column becomes. The template strings read are those for what a node can hold: ``ID``,
``LABEL``, ``A`` annotations (definition, synonyms, cross-references), ``SC %``, ``SC 'part of' some %``, ``SPLIT=``. A
column with another string is left out and counted. Without a template row the columns go by their names.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from met_kg.errors import DataProblem
from met_kg.records import Concept, Relation, Synonym
from met_kg.sources.findings import Findings
from met_kg.sources.lines import read_lines
from met_kg.sources.xrefs import add_xref
from met_kg.vocabulary import Axis, Scope, contract, is_curie, is_iri

__all__ = ["read_template"]

_SCOPES: Final[dict[str, Scope]] = {
    "hasexactsynonym": "EXACT",
    "hasnarrowsynonym": "NARROW",
    "hasbroadsynonym": "BROAD",
    "hasrelatedsynonym": "RELATED",
}
#: Annotation, by the end of its name in lower case -> what the cell becomes.
_ANNOTATIONS: Final = {
    "label": "label",
    "iao_0000115": "definition",
    "iao:0000115": "definition",
    "definition": "definition",
    "hasdbxref": "xref",
    "database_cross_reference": "xref",
    "exactmatch": "xref",
    **{name: name for name in _SCOPES},
}
#: Names of columns of a table without a template row.
_PLAIN: Final = {
    "id": "id",
    "label": "label",
    "name": "label",
    "definition": "definition",
    "parent": "parent",
    "parents": "parent",
    "is_a": "parent",
    "synonym": "hasexactsynonym",
    "synonyms": "hasexactsynonym",
    "xref": "xref",
    "xrefs": "xref",
    "part_of": "BFO:0000050",
}
_PROPERTIES: Final = {
    "part of": "BFO:0000050",
    "part_of": "BFO:0000050",
    "bfo:0000050": "BFO:0000050",
    "disease has location": "RO:0004026",
    "has location": "met:hasLocation",
    "has symptom": "RO:0002452",
    "imaged by": "met:imagedBy",
}
_RESTRICTION: Final = re.compile(r"SC\s+'?([^']+?)'?\s+some\s+%", re.IGNORECASE)


@dataclass(slots=True)
class _Column:
    """What a column becomes, and by what its cells are split."""

    role: str
    split: str = ""


@dataclass(slots=True)
class _Term:
    label: str = ""
    definition: str = ""
    synonyms: dict[Synonym, None] = field(default_factory=dict)
    parents: dict[str, None] = field(default_factory=dict)
    relations: dict[Relation, None] = field(default_factory=dict)
    xrefs: dict[str, None] = field(default_factory=dict)


def read_template(path: Path, *, source: str, axis: Axis | None, findings: Findings) -> Iterator[Concept]:
    """The terms of a table in file order. Parents may be given by identifier or by the label of a term of the table.

    Raises
    ------
    MissingData
        when the file is not there.
    DataProblem
        when no column holds identifiers, or none labels.
    """
    rows = _rows(path, findings)
    number, header = next(rows, (1, []))
    second = next(rows, None)
    if second is not None and any(cell.strip() == "ID" for cell in second[1]):
        columns = [_template(cell, name, path, findings) for cell, name in zip(second[1], header, strict=False)]
        second = None
    else:
        columns = [_Column(_PLAIN.get(name.strip().lower().lstrip("?"), ""), "|") for name in header]
    roles = {column.role for column in columns}
    for needed in ("id", "label"):
        if needed not in roles:
            raise DataProblem(f"no column holds the {needed}", where=f"{path}:{number}", hint="call one ID, one LABEL")
    terms: dict[str, _Term] = {}
    for line, cells in [*([second] if second else []), *rows]:
        _read_row(cells, columns, terms, path, line, findings)
    by_label = {term.label.lower(): curie for curie, term in terms.items()}
    for curie, term in terms.items():
        yield Concept(
            curie,
            term.label,
            axis,
            term.definition,
            tuple(term.synonyms),
            tuple(p for p in (_target(p, by_label, path, curie, findings) for p in term.parents) if p and p != curie),
            tuple(
                Relation(r.property, target)
                for r in term.relations
                if (target := _target(r.target, by_label, path, curie, findings))
            ),
            tuple(term.xrefs),
            source=source,
        )


def _rows(path: Path, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    separator = ""
    for number, line in read_lines(path, findings):
        separator = separator or ("\t" if "\t" in line else ",")
        if line.strip():
            yield number, next(csv.reader([line], delimiter=separator), [])


def _template(text: str, name: str, path: Path, findings: Findings) -> _Column:
    split = re.search(r"\bSPLIT=(\S)", text)
    text = re.sub(r"\s*\bSPLIT=\S+", "", text).strip()
    by = split.group(1) if split else ""
    if text in ("ID", "LABEL"):
        return _Column(text.lower(), by)
    if text in ("SC %", "SC"):
        return _Column("parent", by)
    if found := _RESTRICTION.fullmatch(text):
        if prop := _PROPERTIES.get(found.group(1).strip().lower()):
            return _Column(prop, by)
    elif text.startswith(("A ", "AI ", "AL ")):
        annotation = text.partition(" ")[2].partition("@")[0].strip().strip("'").replace(" ", "_").lower()
        role = _ANNOTATIONS.get(annotation) or _ANNOTATIONS.get(annotation.rpartition(":")[2])
        role = role or _ANNOTATIONS.get(annotation.replace("has_", "has").replace("_synonym", "synonym"))
        if role:
            return _Column(role, by)
    if text:
        findings.reject(path.name, 2, f"column '{name}' left out: its template string is not one of those read", text)
    return _Column("")


def _read_row(
    cells: list[str], columns: list[_Column], terms: dict[str, _Term], path: Path, line: int, findings: Findings
) -> None:
    found = [
        (column.role, value) for column, cell in zip(columns, cells, strict=False) for value in _split(cell, column)
    ]
    curie = next((_curie(value) for role, value in found if role == "id"), "")
    label = next((value for role, value in found if role == "label"), "")
    if not is_curie(curie) and not is_iri(curie):
        findings.reject(path.name, line, "no identifier in the row", "\t".join(cells))
        return
    if not label:
        findings.reject(path.name, line, f"{curie} has no label", "\t".join(cells))
        return
    if curie in terms and terms[curie].label != label:
        findings.mend(path.name, line, f"second label of {curie}: kept as an exact synonym", label)
        terms[curie].synonyms[Synonym(label)] = None
    term = terms.setdefault(curie, _Term(label))
    for role, value in found:
        if role == "definition":
            term.definition = term.definition or value
        elif role == "parent":
            term.parents[_curie(value)] = None
        elif role == "xref":
            add_xref(value, term.xrefs, path.name, line, findings)
        elif role in _SCOPES:
            term.synonyms[Synonym(value, _SCOPES[role])] = None
        elif ":" in role:
            term.relations[Relation(role, _curie(value))] = None


def _split(cell: str, column: _Column) -> Iterator[str]:
    if column.role:
        for part in cell.split(column.split) if column.split else [cell]:
            if part.strip():
                yield part.strip()


def _curie(text: str) -> str:
    return contract(text) if is_iri(text) else text


def _target(text: str, by_label: dict[str, str], path: Path, curie: str, findings: Findings) -> str:
    found = text if is_curie(text) or is_iri(text) else by_label.get(text.strip("'").lower(), "")
    if not found:
        findings.reject(path.name, curie, "neither an identifier nor the label of a term of the table", text)
    return found
