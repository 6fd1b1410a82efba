"""Textbook sections as JSON lines: ``module_id``, ``section_id``, ``section_path``, ``title`` and ``paragraphs``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from met_kg.literature.document import Document
from met_kg.literature.formats.lines import Line
from met_kg.records import Quarantined

__all__ = ["read"]


def read(lines: Iterator[Line | Quarantined], source: str, licence: str) -> Iterator[Document | Quarantined]:
    """One document a section, its paragraphs parted by a blank line; a section without paragraphs is set aside."""
    seen: Counter[str] = Counter()
    for line in lines:
        if isinstance(line, Quarantined):
            yield line
            continue
        if not line.text.strip():
            continue
        where = f"line {line.number}"
        try:
            record = json.loads(line.text)
            paragraphs = record["paragraphs"]
            identifier = f"{record['module_id']}#{record.get('section_id') or 'body'}"
            path = [str(part) for part in record.get("section_path") or []]
            if not isinstance(paragraphs, list) or not all(isinstance(p, str) for p in paragraphs):
                raise TypeError("'paragraphs' is not a list of texts")
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            reason = f"the line is no textbook section: {type(problem).__name__} {problem}"
            yield Quarantined(source, where, reason, line.text[:200].strip())
            continue
        if not any(p.strip() for p in paragraphs):
            yield Quarantined(source, where, "the section has no paragraphs", identifier)
            continue
        seen[identifier] += 1
        if seen[identifier] > 1:
            identifier = f"{identifier}.{seen[identifier]}"
        title = str(record.get("title") or "")
        yield Document(identifier, "\n\n".join(paragraphs), title, source, licence, " > ".join(path))
