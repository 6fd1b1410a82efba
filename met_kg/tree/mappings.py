"""The tree's mappings to other code systems, as SSSOM (mapping-commons.github.io/sssom), every code checked by name.

Two sets: ``mappings.sssom.tsv`` holds what a source or a person states, and what people rejected (``predicate_modifier:
Not``); ``mappings-candidates.sssom.tsv`` holds what this build matched itself, codes that are not a node's alone, and
codes whose own name has nothing in common with any name of the node. Candidates are for a person to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final

from met_kg.literature.normalise import normal_form
from met_kg.tree.decisions import Decisions
from met_kg.tree.nodes import Node
from met_kg.tree.review import ReviewRow
from met_kg.tree.write import MATCHED_SYSTEMS, sole_codes
from met_kg.vocabulary import PREFIXES

__all__ = ["CodeMapping", "candidate_rows", "tree_mappings", "write_mappings"]

_STATED: Final = "semapv:UnspecifiedMatching"
_BY_PEOPLE: Final = "semapv:ManualMappingCuration"
#: Names less alike than this (0 to 100, words in any order) have nothing in common.
_UNLIKE: Final = 50


@dataclass(frozen=True, slots=True)
class CodeMapping:
    """One row of SSSOM."""

    subject_id: str
    subject_label: str
    predicate_id: str
    predicate_modifier: str
    object_id: str
    object_label: str
    mapping_justification: str
    confidence: str
    subject_source: str
    comment: str = ""


_COLUMNS: Final = tuple(f.name for f in fields(CodeMapping))


def tree_mappings(
    nodes: Iterable[Node], code_names: Mapping[str, tuple[str, ...]], decisions: Decisions
) -> tuple[list[CodeMapping], list[CodeMapping]]:
    """Stated and rejected mappings, and candidates, each in order of node and code."""
    ordered = sorted((n for n in nodes if not n.obsolete), key=lambda n: n.curie)
    sole = sole_codes(ordered)
    stated: list[CodeMapping] = []
    candidates: list[CodeMapping] = []
    for node in ordered:
        for code in sorted(node.xrefs):
            if code.partition(":")[0] in MATCHED_SYSTEMS:
                row, is_candidate = _mapping(node, code, (node.curie, code) in sole, code_names.get(code, ()))
                (candidates if is_candidate else stated).append(row)
    stated += _rejected(ordered, code_names, decisions)
    return sorted(stated, key=_order), candidates


def _order(row: CodeMapping) -> tuple[str, str]:
    return row.subject_id, row.object_id


def _mapping(node: Node, code: str, is_sole: bool, names: tuple[str, ...]) -> tuple[CodeMapping, bool]:
    why = node.matched.get(code, _STATED)
    alike, comment = _likeness(node, names)
    if why == _BY_PEOPLE:
        confidence, is_candidate = 1.0, False
    elif code in node.wider:
        confidence, is_candidate = 0.4, True
        comment = f"the code's own name is the label of {node.wider[code]}: probably wider than this class"
    elif why != _STATED:
        confidence, is_candidate = (0.85 if alike == 100 else 0.7), True
    elif names and alike < _UNLIKE:
        confidence, is_candidate = 0.4, True
        comment = f"the code is called '{names[0]}' by its own source"
    elif not is_sole:
        confidence, is_candidate = 0.5, True
        comment = "not the only code of its system on the class, or a code of several classes"
    else:
        confidence, is_candidate = (0.95 if alike == 100 else 0.9), False
    predicate = "skos:exactMatch" if is_sole and confidence > 0.5 else "oboInOwl:hasDbXref"
    label = names[0] if names else ""
    source = "|".join(sorted(node.sources))
    row = CodeMapping(node.curie, node.label, predicate, "", code, label, why, f"{confidence:g}", source, comment)
    return row, is_candidate


def _likeness(node: Node, names: tuple[str, ...]) -> tuple[float, str]:
    """How alike the most alike names are, 0 to 100; 0 when the code's own name is not known."""
    if not names:
        return 0.0, ""
    ours = {normal_form(text) for text in (node.label, *(s.text for s in node.synonyms.values()))}
    theirs = {normal_form(text) for text in names}
    if ours & theirs:
        return 100.0, "a name of the code is a name of the class"
    from rapidfuzz import fuzz

    return max(min(99.0, fuzz.token_set_ratio(a, b)) for a in ours for b in theirs), ""


def _rejected(
    nodes: list[Node], code_names: Mapping[str, tuple[str, ...]], decisions: Decisions
) -> Iterator[CodeMapping]:
    labels = {n.curie: n for n in nodes}
    for row in decisions.of("reject"):
        if row.kind == "mapping" and row.relation and row.id in labels:
            predicate, code = row.relation.split()
            node = labels[row.id]
            name = (code_names.get(code) or ("",))[0]
            source = "|".join(sorted(node.sources))
            yield CodeMapping(row.id, node.label, predicate, "Not", code, name, _BY_PEOPLE, "1", source, row.evidence)


def candidate_rows(candidates: Iterable[CodeMapping]) -> Iterator[ReviewRow]:
    """Candidates that say something in doubt, as rows of the review queue; codes shared by classes are only listed."""
    for m in candidates:
        if m.mapping_justification != _STATED or m.confidence == "0.4":
            relation = f"skos:exactMatch {m.object_id}"
            said = m.comment or f"matched by {m.mapping_justification.partition(':')[2]}"
            evidence = f"{m.object_label}: {said}" if m.object_label else said
            yield ReviewRow(m.subject_id, m.subject_label, "", relation, "", "mapping", m.confidence, evidence)


def write_mappings(rows: list[CodeMapping], path: Path, *, name: str, version: str) -> None:
    """Write one SSSOM set."""
    used = {r.subject_id.partition(":")[0] for r in rows} | {r.object_id.partition(":")[0] for r in rows}
    with path.open("w", encoding="utf-8") as out:
        out.write(f"# mapping_set_id: https://w3id.org/met-kg/mappings/{name}\n")
        out.write("# license: https://w3id.org/sssom/license/unspecified\n")
        out.write(f"# mapping_set_version: {version}\n# curie_map:\n")
        for prefix in sorted(used | {"skos", "oboInOwl", "semapv"}):
            out.write(f"#   {prefix}: {PREFIXES[prefix]}\n")
        out.write("\t".join(_COLUMNS) + "\n")
        for row in rows:
            out.write("\t".join(" ".join(cell.split()) for cell in astuple(row)) + "\n")
