"""Human anatomy merged from subsets of several Uberon releases.

No single current file holds the human part with its synonyms, so the subsets are laid over each other: the newest
release that knows a term gives its label, definition and whether it is obsolete; is-a and part-of edges, synonyms and
codes are united; a label that a newer release replaced is kept as a related synonym. Terms outside the human view (and
the Human Reference Atlas skeleton) and processes are dropped, and edges through them lead to the next human ancestor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from defusedxml import ElementTree

from met_kg.records import Concept, Relation, Synonym
from met_kg.sources.catalogue import Files
from met_kg.sources.findings import Findings
from met_kg.sources.lines import open_binary, read_table
from met_kg.sources.obo import read_obo
from met_kg.sources.owl import read_owl
from met_kg.sources.xrefs import add_xref
from met_kg.vocabulary import AXIS_ROOT, OBO, PART_OF, contract, expand

__all__ = ["anatomy_concepts"]

SOURCE: Final = "uberon"
_ROOT: Final = AXIS_ROOT["anatomy"]
#: "anatomical entity" of the Common Anatomy Reference Ontology, which older subsets name in its place.
_FORMER_ROOT: Final = expand(f"{OBO}CARO_0000000")

#: "processual entity": stages of life, which are no structures.
_PROCESSES: Final = "UBERON:0000000"


@dataclass(slots=True)
class _Part:
    label: str
    definition: str = ""
    synonyms: dict[str, Synonym] = field(default_factory=dict)  # by text in lower case
    former_labels: dict[str, None] = field(default_factory=dict)
    parents: dict[str, None] = field(default_factory=dict)
    wholes: dict[str, None] = field(default_factory=dict)
    xrefs: dict[str, None] = field(default_factory=dict)
    obsolete: bool = False
    replaced_by: tuple[str, ...] = ()


def anatomy_concepts(files: Files, findings: Findings) -> list[Concept]:
    """The human anatomical structures, sorted by CURIE."""
    parts: dict[str, _Part] = {}
    template = [c for path in files["template"] for c in _template(path, findings)]
    for path in files["import"]:
        imported, quarantined = read_owl(path, source=SOURCE)
        findings.quarantined += quarantined
        _lay_over(parts, imported)
    _lay_over(parts, template)
    for path in files["terms"]:  # newest first
        document = read_obo(path, source=SOURCE)
        findings.mended += document.mended
        findings.quarantined += document.quarantined
        _lay_over(parts, document.concepts)
    _settle_names(parts)
    human = _human_ids(files["human"], findings) | {c.curie for c in template}
    _codes(files, parts, findings)
    processes = _below(_PROCESSES, parts)
    kept = {curie for curie in parts if curie in human and curie not in processes}
    return [_concept(curie, parts, kept, findings) for curie in sorted(kept)]


def _below(top: str, parts: Mapping[str, _Part]) -> set[str]:
    """A term and everything that is one of it."""
    found = {top}
    while more := {c for c, p in parts.items() if c not in found and not found.isdisjoint(p.parents)}:
        found |= more
    return found


def _lay_over(parts: dict[str, _Part], concepts: Iterable[Concept]) -> None:
    """Add what an older release says to what newer ones said."""
    for concept in concepts:
        if not concept.curie.startswith("UBERON:"):
            continue
        part = parts.get(concept.curie)
        if part is None:
            part = parts[concept.curie] = _Part(concept.label, obsolete=concept.obsolete)
            part.replaced_by = concept.replaced_by
        elif concept.obsolete:
            continue
        elif concept.label.lower() != part.label.lower():
            part.former_labels[concept.label] = None
        part.definition = part.definition or concept.definition
        for synonym in concept.synonyms:
            part.synonyms.setdefault(synonym.text.lower(), synonym)
        part.parents.update((_ROOT if p == _FORMER_ROOT else p, None) for p in concept.parents)
        part.wholes.update((r.target, None) for r in concept.relations if r.property == PART_OF)
        part.xrefs.update(dict.fromkeys(concept.xrefs))


def _settle_names(parts: Mapping[str, _Part]) -> None:
    """Keep replaced labels as related synonyms; the label of another structure is no exact synonym.

    Between releases names moved from one structure to another, and the newest release decides.
    """
    owner = {p.label.lower(): curie for curie, p in parts.items() if not p.obsolete}
    for curie, part in parts.items():
        for label in part.former_labels:
            part.synonyms.setdefault(label.lower(), Synonym(label, "RELATED"))
        part.synonyms.pop(part.label.lower(), None)
        for text, synonym in part.synonyms.items():
            if synonym.scope == "EXACT" and owner.get(text, curie) != curie:
                part.synonyms[text] = replace(synonym, scope="RELATED")


def _template(path: Path, findings: Findings) -> Iterator[Concept]:
    """Terms of a ROBOT template with the columns ID, LABEL, Definition, is_a and part_of."""
    for line, cells in read_table(path, ["ID", "LABEL", "Definition", "is_a", "part_of"], findings):
        curie, label, definition, parents, wholes = cells
        curie = contract(curie)
        if curie == "ID":  # the second header row, which tells ROBOT what the columns become
            continue
        if not curie.startswith("UBERON:") or not label:
            findings.reject(path.name, line, "not a Uberon term with a label", f"{curie} {label}")
            continue
        relations = tuple(Relation(PART_OF, contract(w)) for w in wholes.split("|") if w)
        is_a = tuple(contract(p) for p in parents.split("|") if p)
        yield Concept(curie, label, definition=definition, parents=is_a, relations=relations, source=SOURCE)


def _human_ids(paths: Iterable[Path], findings: Findings) -> set[str]:
    return {contract(cell.strip("<>")) for path in paths for _, (cell,) in read_table(path, ["x"], findings)}


def _codes(files: Files, parts: Mapping[str, _Part], findings: Findings) -> None:
    """SNOMED CT and NCIt codes from the bridges, MeSH from the curated 2016 mapping."""
    for path in files["bridges"]:
        for code, curie in _bridge(path, findings):
            if curie in parts:
                add_xref(code, parts[curie].xrefs, path.name, curie, findings)
    for path in files["mesh"]:
        for line, (curie, descriptor) in read_table(path, ["uberon_id", "mesh_id"], findings):
            if curie in parts and descriptor:
                add_xref(f"MESH:{descriptor}", parts[curie].xrefs, path.name, line, findings)


def _bridge(path: Path, findings: Findings) -> Iterator[tuple[str, str]]:
    """(address of a code, Uberon CURIE) of every class that a bridge, in RDF/XML, puts under a Uberon class."""
    about, resource = f"{{{expand('rdf:')}}}about", f"{{{expand('rdf:')}}}resource"
    with open_binary(path) as stream:
        try:
            for _, element in ElementTree.iterparse(stream):
                if element.tag != f"{{{expand('owl:')}}}Class":
                    continue
                for parent in element.iterfind(f"{{{expand('rdfs:')}}}subClassOf"):
                    yield element.get(about, ""), contract(parent.get(resource, ""))
                element.clear()
        except (ElementTree.ParseError, ValueError, EOFError) as problem:
            findings.reject(path.name, "", f"the file breaks off or is no XML ({problem}); the rest is lost")


def _concept(curie: str, parts: Mapping[str, _Part], kept: set[str], findings: Findings) -> Concept:
    part = parts[curie]
    parents = [p for p in _to_kept(part.parents, parts, kept, curie, findings) if p != curie]
    if len(parents) > 1:
        parents = [p for p in parents if p != _ROOT]
    wholes = [w for w in _to_kept(part.wholes, parts, kept, curie, findings) if w != curie]
    return Concept(
        curie,
        part.label,
        "anatomy",
        part.definition,
        tuple(part.synonyms.values()),
        () if curie == _ROOT else tuple(parents),
        tuple(Relation(PART_OF, w) for w in wholes),
        tuple(part.xrefs),
        part.obsolete,
        part.replaced_by,
        SOURCE,
    )


def _to_kept(
    targets: Iterable[str], parts: Mapping[str, _Part], kept: set[str], child: str, findings: Findings
) -> list[str]:
    """The targets, those that were dropped replaced by the nearest kept is-a ancestors; each once, in order."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    open_ends = list(targets)
    while open_ends:
        target = open_ends.pop(0)
        if target in seen:
            continue
        seen.add(target)
        if target in kept and not parts[target].obsolete:
            found[target] = None
        elif target in parts:
            open_ends.extend(parts[target].parents)
        else:
            findings.count(
                "uberon", child, "edges left out: they lead to a term of no subset, or of no anatomy", target
            )
    return list(found)
