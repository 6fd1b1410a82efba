"""The Symptom Ontology, on the finding axis."""

from __future__ import annotations

from dataclasses import replace

from met_kg.records import Concept
from met_kg.sources.catalogue import Files
from met_kg.sources.findings import Findings
from met_kg.sources.obo import read_obo
from met_kg.vocabulary import AXIS_ROOT

__all__ = ["symptom_concepts"]

#: "symptom", the root of the ontology: it hangs from the axis root.
_ROOT = "SYMP:0000462"


def symptom_concepts(files: Files, findings: Findings) -> list[Concept]:
    """All symptoms, obsolete ones included."""
    found = []
    for path in files["terms"]:
        document = read_obo(path, source="symp")
        findings.mended += document.mended
        findings.quarantined += document.quarantined
        for concept in document.concepts:
            if concept.curie.startswith("SYMP:"):
                parents = (AXIS_ROOT["finding"],) if concept.curie == _ROOT else concept.parents
                found.append(replace(concept, axis="finding", parents=parents))
    return found
