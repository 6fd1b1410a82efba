"""OBO flat files, read tolerantly: a broken line is mended or set aside with its number, the rest loads.

Strict parsers stop at the first unescaped address or blank in a cross-reference. Here every line stands for itself;
what was overlooked is in :attr:`OboDocument.mended`, what could not be used in :attr:`OboDocument.quarantined`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from met_kg.records import Concept, Quarantined, Relation, Synonym
from met_kg.sources import obo_syntax as syntax
from met_kg.sources.findings import Findings
from met_kg.sources.lines import read_lines
from met_kg.sources.xrefs import add_xref
from met_kg.vocabulary import OBO, PREFIXES, Scope, contract, is_iri

__all__ = ["OboDocument", "read_obo"]

#: Properties that files name by shorthand without saying what they mean; a Typedef in the file comes first.
_SHORTHAND: Final = {"part_of": "BFO:0000050", "has_part": "BFO:0000051"}
#: Tags of OBO 1.0 that carry the scope in their name.
_SCOPED_TAGS: Final[dict[str, Scope]] = {
    "synonym": "RELATED",
    "exact_synonym": "EXACT",
    "narrow_synonym": "NARROW",
    "broad_synonym": "BROAD",
    "related_synonym": "RELATED",
}
_HEADER: Final = re.compile(r"\[(\w+)(\])?\s*(?:!.*)?$")
_CLAUSE: Final = re.compile(r"([A-Za-z][\w-]*):(?:\s+|$)(.*)$")
_LOOSE_CLAUSE: Final = re.compile(r"([A-Za-z][\w-]*)\s*:\s*(.*)$")
_CURIE: Final = re.compile(r"([A-Za-z_][\w.-]*):(\S+)$")


@dataclass(frozen=True, slots=True)
class OboDocument:
    """What one OBO file says."""

    path: Path
    header: dict[str, str]  # first value of each header tag: "data-version", "ontology", ...
    concepts: list[Concept]
    mended: list[Quarantined]
    quarantined: list[Quarantined]


@dataclass(slots=True)
class _Term:
    """A term in the making: clauses of one or several stanzas with the same id."""

    curie: str
    line: int
    label: str = ""
    definition: str = ""
    synonyms: dict[Synonym, None] = field(default_factory=dict)
    parents: dict[str, None] = field(default_factory=dict)
    relations: dict[tuple[str, str], int] = field(default_factory=dict)  # (property as written, target) -> line
    logical: dict[str | tuple[str, str], None] = field(default_factory=dict)  # genera, differentiae as in relations
    xrefs: dict[str, None] = field(default_factory=dict)
    obsolete: bool = False
    replaced_by: dict[str, None] = field(default_factory=dict)


def read_obo(path: Path, *, source: str) -> OboDocument:
    """Read an OBO file, plain or gzipped.

    Parameters
    ----------
    source
        name that the concepts carry as their source.

    Returns
    -------
    OboDocument
        concepts in file order, without axis. Identifiers with a prefix outside the vocabulary become IRIs (an
        ``idspace`` of the header, else the OBO Foundry's rule). Relations keep every property that has an identifier;
        the differentia and genus of an ``intersection_of`` hold of the term and are kept like asserted ones.

    Raises
    ------
    MissingData
        when there is no such file.
    """
    findings = Findings()
    reader = _Reader(path, findings)
    reader.read()
    concepts = [reader.concept(term, source) for term in reader.terms.values() if reader.usable(term)]
    findings.close()
    return OboDocument(path, reader.header, concepts, findings.mended, findings.quarantined)


class _Reader:
    def __init__(self, path: Path, findings: Findings) -> None:
        self.path, self.file, self.findings = path, path.name, findings
        self.header: dict[str, str] = {}
        self.idspaces: dict[str, str] = {}
        self.terms: dict[str, _Term] = {}
        self.properties: dict[str, str] = {}  # shorthand -> CURIE

    def read(self) -> None:
        """Go through the clauses, a stanza at a time."""
        kind, current, typedef = "Header", None, ""
        start = 0
        for number, tag, value in self._clauses():
            if tag == "[":
                self._check_stanza(kind, current is not None or bool(typedef), start)
                kind, current, typedef, start = value, None, "", number
            elif kind == "Header":
                self._header_clause(number, tag, value)
            elif kind == "Typedef":
                if tag == "id":
                    typedef = syntax.identifier(value)
                elif tag == "xref" and typedef:
                    self._property(typedef, syntax.identifier(value))
            elif kind != "Term":
                continue
            elif tag == "id":
                current = self._begin(number, value, current)
            elif current is not None:
                self._term_clause(current, number, tag, value)
        self._check_stanza(kind, current is not None or bool(typedef), start)

    def _clauses(self) -> Iterator[tuple[int, str, str]]:
        """(line, tag, value); a stanza header has the tag "["."""
        for number, line in read_lines(self.path, self.findings):
            text = line.strip()
            if not text or text.startswith("!"):
                continue
            if text.startswith("["):
                header = _HEADER.match(text)
                if header is None:
                    self.findings.reject(self.file, number, "not a stanza header; its lines are left out", line)
                    yield number, "[", "?"
                    continue
                if not header[2]:
                    self.findings.mend(self.file, number, "bracket of the stanza header is not closed", line)
                yield number, "[", header[1]
                continue
            clause = _CLAUSE.match(text)
            if clause is None:
                clause = _LOOSE_CLAUSE.match(text)
                if clause is None or clause[1] == "http":
                    self.findings.reject(self.file, number, "not a 'tag: value' line", line)
                    continue
                self.findings.mend(self.file, number, "no blank after the tag, or one before its colon", line)
            yield number, clause[1], clause[2].rstrip()

    def _check_stanza(self, kind: str, has_id: bool, start: int) -> None:
        if kind in ("Term", "Typedef") and not has_id:
            self.findings.reject(self.file, start, f"[{kind}] without a usable id; its lines are left out")

    def _header_clause(self, number: int, tag: str, value: str) -> None:
        self.header.setdefault(tag, value)
        if tag == "idspace":
            parts = value.split()
            if len(parts) >= 2 and is_iri(parts[1]):
                self.idspaces[parts[0]] = parts[1]

    def _property(self, shorthand: str, xref: str) -> None:
        curie = self._curie(xref)
        if curie and curie.partition(":")[0] in ("RO", "BFO", "met"):
            self.properties.setdefault(shorthand, curie)

    def _curie(self, text: str) -> str:
        """A CURIE of the vocabulary, or an IRI for other prefixes, or "" for what is no identifier."""
        if is_iri(text):
            return contract(text)
        match = _CURIE.match(text)
        if match is None:
            return ""
        prefix, local = match.groups()
        if prefix in PREFIXES:
            return text
        return self.idspaces[prefix] + local if prefix in self.idspaces else f"{OBO}{prefix}_{local}"

    def _begin(self, number: int, value: str, current: _Term | None) -> _Term | None:
        if current is not None:
            self.findings.mend(self.file, number, f"second id in the stanza of {current.curie}: read as a new term")
        curie = self._curie(syntax.identifier(value))
        if not curie:
            self.findings.reject(self.file, number, "not an identifier; the term is left out", value)
            return None
        known = self.terms.get(curie)
        if known is None:
            known = self.terms[curie] = _Term(curie, number)
        else:
            self.findings.mend(self.file, number, f"{curie} was defined in line {known.line}; the two are joined")
        return known

    def _term_clause(self, term: _Term, number: int, tag: str, value: str) -> None:
        problem = ""
        if tag == "name":
            text, problem = syntax.name(value)
            if not term.label:
                term.label = text
            elif text and text != term.label:
                term.synonyms[Synonym(text)] = None
                problem = f"second name of {term.curie}: kept as an exact synonym"
        elif tag == "def":
            text, problem = syntax.quoted(value)
            term.definition = term.definition or " ".join(text.split())
        elif tag in _SCOPED_TAGS:
            found, problem = syntax.synonym(value, _SCOPED_TAGS[tag])
            if found.text:
                term.synonyms[found] = None
            else:
                self.findings.reject(self.file, number, "synonym without text", value)
        elif tag in ("xref", "xref_analog"):
            problem = syntax.after_identifier(value)
            add_xref(syntax.identifier(value), term.xrefs, self.file, number, self.findings)
        elif tag == "is_a":
            self._parent(term, number, value)
        elif tag == "relationship":
            self._relation(term, number, value)
        elif tag == "intersection_of":
            is_genus = len(value.partition(" !")[0].partition(" {")[0].split()) == 1
            part = self._parent(term, number, value) if is_genus else self._relation(term, number, value)
            if part:
                term.logical[part] = None
        elif tag == "is_obsolete":
            term.obsolete = term.obsolete or value.lower().startswith("true")
        elif tag == "replaced_by":
            if target := self._curie(syntax.identifier(value)):
                term.replaced_by[target] = None
            else:
                self.findings.reject(self.file, number, "replaced_by without an identifier", value)
        if problem:
            self.findings.mend(self.file, number, problem, value)

    def _parent(self, term: _Term, number: int, value: str) -> str | None:
        target = self._curie(syntax.identifier(value))
        if not target:
            self.findings.reject(self.file, number, f"parent of {term.curie} is not an identifier", value)
        elif target == term.curie:
            self.findings.mend(self.file, number, f"{term.curie} is its own parent; the line is left out", value)
        else:
            term.parents[target] = None
            if problem := syntax.after_identifier(value):
                self.findings.mend(self.file, number, problem, value)
            return target
        return None

    def _relation(self, term: _Term, number: int, value: str) -> tuple[str, str] | None:
        parts = value.split(None, 2)
        target = self._curie(syntax.identifier(parts[1])) if len(parts) > 1 else ""
        if not target:
            self.findings.reject(self.file, number, f"relation of {term.curie} has no target", value)
        elif target == term.curie:
            self.findings.mend(self.file, number, f"{term.curie} is related to itself; the line is left out", value)
        else:
            found = (syntax.unescape(parts[0])[0], target)
            term.relations.setdefault(found, number)
            return found
        return None

    def usable(self, term: _Term) -> bool:
        """Whether the term has a name; one without is set aside."""
        if not term.label:
            self.findings.reject(self.file, term.line, f"{term.curie} has no name")
        return bool(term.label)

    def concept(self, term: _Term, source: str) -> Concept:
        """The finished record."""
        relations: dict[Relation, None] = {}
        for (written, target), number in term.relations.items():
            if prop := self._property_of(written):
                relations[Relation(prop, target)] = None
            else:
                self.findings.count(self.file, number, f"relations left out: '{written}' has no identifier", target)
        lower = term.label.lower()
        return Concept(
            term.curie,
            term.label,
            definition=term.definition,
            synonyms=tuple(s for s in term.synonyms if s.text.lower() != lower),
            parents=tuple(term.parents),
            relations=tuple(relations),
            xrefs=tuple(term.xrefs),
            obsolete=term.obsolete,
            replaced_by=tuple(term.replaced_by),
            source=source,
            logical=self._logical(term),
        )

    def _property_of(self, written: str) -> str:
        return self.properties.get(written) or _SHORTHAND.get(written) or self._curie(written)

    def _logical(self, term: _Term) -> tuple[str, ...]:
        """The logical definition; empty when a part of it cannot be said, for the rest would define something wider."""
        parts = [p if isinstance(p, str) else " ".join((self._property_of(p[0]), p[1])) for p in term.logical]
        return tuple(sorted(parts)) if len(parts) > 1 and not any(p.startswith(" ") for p in parts) else ()
