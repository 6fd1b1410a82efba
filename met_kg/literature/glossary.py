"""Key terms that a textbook defines: the first candidates for entities that no ontology has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from met_kg.literature.formats.lines import Line, read_lines
from met_kg.records import Quarantined

__all__ = ["KeyTerm", "read_key_terms"]


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """A term with the meaning the book gives it, and where."""

    term: str
    meaning: str
    document: str


def read_key_terms(path: Path) -> Iterator[KeyTerm]:
    """Glossary entries of a textbook in section JSONL; lines that do not parse are left to the document reader."""
    for line in read_lines(path):
        if isinstance(line, Quarantined) or not isinstance(line, Line):
            continue
        try:
            record = json.loads(line.text)
        except ValueError:
            continue
        for entry in record.get("glossary") or ():
            term, meaning = str(entry.get("term", "")).strip(), str(entry.get("meaning", "")).strip()
            if term and meaning:
                yield KeyTerm(term, meaning, f"{record.get('module_id', '')}#{record.get('section_id', '')}")
