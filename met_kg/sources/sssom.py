"""Mappings in SSSOM (mapping-commons.github.io/sssom): codes for classes that other sources describe.

Exact matches become cross-references of the subject. Rows that are negated, or say less than an exact match, are left
out and counted. A prefix means what the set's own ``curie_map`` says; identifiers outside the vocabulary are set aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from met_kg.errors import DataProblem
from met_kg.records import Concept
from met_kg.sources.findings import Findings
from met_kg.sources.lines import read_lines
from met_kg.sources.xrefs import normalise
from met_kg.vocabulary import contract, is_curie, is_iri

__all__ = ["read_sssom"]

_EXACT: Final = frozenset({"skos:exactMatch", "owl:equivalentClass"})
_NEEDED: Final = ("subject_id", "predicate_id", "object_id")


def read_sssom(path: Path, *, source: str, findings: Findings) -> Iterator[Concept]:
    """One record for each subject, in order of first appearance: the codes it is an exact match of, and no name.

    Raises
    ------
    MissingData
        when the file is not there.
    DataProblem
        when a column that SSSOM requires is missing.
    """
    lines = read_lines(path, findings)
    heading: list[str] = []
    header: list[str] | None = None
    prefixes: dict[str, str] = {}
    codes: dict[str, dict[str, None]] = {}
    for number, line in lines:
        if header is None:
            if line.startswith("#"):
                heading.append(re.sub(r"^# ?", "", line))
                continue
            header = line.split("\t")
            if missing := [name for name in _NEEDED if name not in header]:
                raise DataProblem(f"has no column '{missing[0]}', which SSSOM requires", where=f"{path}:{number}")
            prefixes = _curie_map(heading, path, findings)
            continue
        if not line.strip():
            continue
        cells = dict(zip(header, line.split("\t"), strict=False))
        predicate = _full(cells.get("predicate_id", ""), prefixes)
        if cells.get("predicate_modifier") == "Not":
            findings.count(path.name, number, "mappings left out: they say that two things are not the same", line)
        elif predicate not in _EXACT:
            findings.count(
                path.name, number, f"mappings left out: {predicate or 'no predicate'} is no exact match", line
            )
        else:
            _add(cells, prefixes, path, number, codes, findings)
    if header is None:
        raise DataProblem("is empty", where=str(path))
    for subject, found in codes.items():
        yield Concept(subject, "", xrefs=tuple(found), source=source)


def _add(
    cells: dict[str, str],
    prefixes: dict[str, str],
    path: Path,
    number: int,
    codes: dict[str, dict[str, None]],
    findings: Findings,
) -> None:
    subject = _full(cells.get("subject_id", ""), prefixes)
    code, problem = normalise(_full(cells.get("object_id", ""), prefixes))
    if not is_curie(subject):
        findings.reject(path.name, number, f"subject '{subject}' is no identifier of the vocabulary", subject)
    elif problem:
        findings.count(path.name, number, f"mappings left out: {problem}", cells.get("object_id", ""))
    else:
        codes.setdefault(subject, {})[code] = None


def _curie_map(heading: list[str], path: Path, findings: Findings) -> dict[str, str]:
    try:
        said = yaml.safe_load("\n".join(heading)) or {}
    except yaml.YAMLError as problem:
        findings.reject(path.name, 1, f"the heading is not YAML and is left out ({type(problem).__name__})")
        return {}
    found = said.get("curie_map") if isinstance(said, dict) else None
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _full(identifier: str, prefixes: dict[str, str]) -> str:
    """An identifier in the project's own prefixes, where the set's prefixes lead to one of them."""
    identifier = identifier.strip()
    prefix, colon, local = identifier.partition(":")
    if colon and prefix in prefixes:
        found = contract(prefixes[prefix] + local)
        return identifier if is_iri(found) else found
    return contract(identifier) if is_iri(identifier) else identifier
