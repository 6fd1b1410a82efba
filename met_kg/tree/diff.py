"""What changed between two versions of an ontology, in KGCL-like lines.

The comparison is of axioms, so it does not see serialisation, prefixes or the order of a file. An edge removed and one
added on the same class is a move; a class that became deprecated is obsoleted, with its replacement.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from met_kg.tree.formats import read_axioms
from met_kg.vocabulary import contract, expand

__all__ = ["Change", "diff_files"]

_ANNOTATION: Final = re.compile(r"^AnnotationAssertion\((?:Annotation\(.*?\) )*<([^>]*)> <([^>]*)> (.*)\)$")
_SUBCLASS: Final = re.compile(r"^SubClassOf\((?:Annotation\(.*?\) )*<([^>]*)> <([^>]*)>\)$")
_SOME: Final = re.compile(
    r"^SubClassOf\((?:Annotation\(.*?\) )*<([^>]*)> ObjectSomeValuesFrom\(<([^>]*)> <([^>]*)>\)\)$"
)
_DECLARED: Final = re.compile(r"^Declaration\(Class\(<([^>]*)>\)\)$")
_NAMES: Final = {
    "rdfs:label": "label",
    "IAO:0000115": "definition",
    "oboInOwl:hasExactSynonym": "exact synonym",
    "oboInOwl:hasNarrowSynonym": "narrow synonym",
    "oboInOwl:hasBroadSynonym": "broad synonym",
    "oboInOwl:hasRelatedSynonym": "related synonym",
    "oboInOwl:hasDbXref": "cross-reference",
    "skos:exactMatch": "exact match",
    "met:treeParent": "tree parent",
}


@dataclass(frozen=True, order=True, slots=True)
class Change:
    """One change of one entity."""

    entity: str
    kind: str
    text: str


def diff_files(old: Path, new: Path) -> list[Change]:
    """Changes from one ontology file to another, sorted by entity."""
    before, after = set(read_axioms(old)), set(read_axioms(new))
    removed, added = before - after, after - before
    labels = _labels(before) | _labels(after)
    changes: list[Change] = []
    for axiom in sorted(removed | added):
        sign = "added" if axiom in added else "removed"
        changes += _plain(axiom, sign, labels)
    changes += _edges(removed, added, labels)
    changes += _obsoleted(removed, added, after, labels)
    return sorted(set(changes))


def _labels(axioms: set[str]) -> dict[str, str]:
    found = {}
    for axiom in axioms:
        match = _ANNOTATION.match(axiom)
        if match and contract(match[1]) == "rdfs:label":
            found[contract(match[2])] = _text(match[3])
    return found


def _text(value: str) -> str:
    """The lexical form of a literal, or the CURIE of an IRI."""
    if value.startswith("<"):
        return contract(value.strip("<>"))
    match = re.match(r'^"((?:[^"\\]|\\.)*)"', value)
    return match[1].replace('\\"', '"').replace("\\\\", "\\") if match else value


def _shown(node: str, labels: dict[str, str]) -> str:
    return f"{node} '{labels[node]}'" if node in labels else node


def _plain(axiom: str, sign: str, labels: dict[str, str]) -> list[Change]:
    if match := _DECLARED.match(axiom):
        node = contract(match[1])
        return [Change(node, f"class {sign}", f"class {_shown(node, labels)} {sign}")]
    if match := _ANNOTATION.match(axiom):
        prop, node, value = contract(match[1]), contract(match[2]), _text(match[3])
        if prop in ("owl:deprecated", "IAO:0100001"):
            return []
        name = _NAMES.get(prop, prop)
        return [Change(node, f"{name} {sign}", f"{name} '{value}' {sign} on {_shown(node, labels)}")]
    if match := _SOME.match(axiom):
        node, prop, target = (contract(match[i]) for i in (1, 2, 3))
        text = f"relation {_shown(prop, labels)} some {_shown(target, labels)} {sign} on {_shown(node, labels)}"
        return [Change(node, f"relation {sign}", text)]
    if _SUBCLASS.match(axiom):
        return []
    first = re.search(r"<([^>]*)>", axiom)
    node = contract(first[1]) if first else ""
    return [Change(node, f"axiom {sign}", f"axiom {sign}: {axiom}")]


def _edges(removed: set[str], added: set[str], labels: dict[str, str]) -> list[Change]:
    lost: dict[str, list[str]] = defaultdict(list)
    won: dict[str, list[str]] = defaultdict(list)
    for axioms, into in ((removed, lost), (added, won)):
        for axiom in sorted(axioms):
            if match := _SUBCLASS.match(axiom):
                into[contract(match[1])].append(contract(match[2]))
    changes = []
    for node in sorted(lost.keys() | won.keys()):
        gone, come = lost.get(node, []), won.get(node, [])
        if len(gone) == len(come) == 1:
            text = f"{_shown(node, labels)} moved from {_shown(gone[0], labels)} to {_shown(come[0], labels)}"
            changes.append(Change(node, "moved", text))
            continue
        for parents, sign in ((gone, "removed"), (come, "added")):
            for parent in parents:
                text = f"parent {_shown(parent, labels)} {sign} on {_shown(node, labels)}"
                changes.append(Change(node, f"parent {sign}", text))
    return changes


def _obsoleted(removed: set[str], added: set[str], after: set[str], labels: dict[str, str]) -> list[Change]:
    replaced = {}
    for axiom in after:
        match = _ANNOTATION.match(axiom)
        if match and match[1] == expand("IAO:0100001"):
            replaced[contract(match[2])] = _text(match[3])
    changes = []
    for axioms, verb in ((added, "obsoleted"), (removed, "revived")):
        for axiom in sorted(axioms):
            match = _ANNOTATION.match(axiom)
            if match and match[1] == expand("owl:deprecated"):
                node = contract(match[2])
                by = replaced.get(node) if verb == "obsoleted" else None
                text = f"{_shown(node, labels)} {verb}" + (f", replaced by {_shown(by, labels)}" if by else "")
                changes.append(Change(node, verb, text))
    return changes
