"""The part of the Human Phenotype Ontology that the Disease Ontology imports, on the finding axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from met_kg.records import Concept, Synonym
from met_kg.sources.catalogue import Files
from met_kg.sources.findings import Findings
from met_kg.sources.lines import read_table
from met_kg.sources.owl import read_owl
from met_kg.vocabulary import AXIS_ROOT, contract

__all__ = ["phenotype_concepts"]

SOURCE: Final = "hpo-slim"
#: "Phenotypic abnormality", the top of what the import holds: it hangs from the axis root.
_ROOT: Final = "HP:0000118"


def phenotype_concepts(files: Files, findings: Findings) -> list[Concept]:
    """Abnormalities of the import, sorted by CURIE, with layperson names; onset and course are no findings."""
    spoken = _layperson(files["layperson"][0], findings)
    found = []
    for path in files["import"]:
        concepts, quarantined = read_owl(path, source=SOURCE)
        findings.quarantined += quarantined
        above = {c.curie: c.parents for c in concepts}
        for concept in concepts:
            if not _is_abnormality(concept.curie, above):
                findings.count(path.name, concept.curie, "not below 'Phenotypic abnormality', left out", concept.label)
                continue
            parents = (AXIS_ROOT["finding"],) if concept.curie == _ROOT else concept.parents
            names = {s.text.lower() for s in concept.synonyms} | {concept.label.lower()}
            said = tuple(s for s in spoken.get(concept.curie, ()) if s.text.lower() not in names)
            synonyms = (*concept.synonyms, *said)
            found.append(replace(concept, axis="finding", parents=parents, synonyms=synonyms))
    return found


def _is_abnormality(curie: str, above: Mapping[str, tuple[str, ...]]) -> bool:
    return curie == _ROOT or any(_is_abnormality(parent, above) for parent in above.get(curie, ()))


def _layperson(path: Path, findings: Findings) -> dict[str, list[Synonym]]:
    """Names that people without medical training use: related, for they are looser than the term."""
    found: dict[str, list[Synonym]] = {}
    for line, (term, name) in read_table(path, ["term", "layperson"], findings):
        curie = contract(term.strip("<>"))
        if not curie.startswith("HP:") or not name:
            findings.reject(path.name, line, "not a phenotype with a name", f"{term} {name}")
            continue
        found.setdefault(curie, []).append(Synonym(name, "RELATED", "layperson"))
    return found
