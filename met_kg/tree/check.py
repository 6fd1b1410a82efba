"""Is the tree sound? Every ``sparql/verify`` query must be empty; every ``sparql/report`` row has a severity.

Severities stand in ``sparql/report/profile.tsv`` (rule, scope, level): the scope is a CURIE prefix or ``*``, and the
first matching line counts. Consistency and unsatisfiable classes are HermiT's, run by owlready2 where a Java runtime
is installed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from met_kg.errors import DataProblem
from met_kg.graph.queries import find, names
from met_kg.graph.store import Graph
from met_kg.paths import sparql_dir

__all__ = ["Finding", "check_graph", "check_reasoning"]

Level = Literal["ERROR", "WARN", "INFO"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of a check."""

    level: Level
    rule: str
    entity: str
    property: str
    value: str


def _profile() -> list[tuple[str, str, str]]:
    lines = (sparql_dir() / "report" / "profile.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [(rule, scope, level) for rule, scope, level in (line.split("\t") for line in lines if line.strip())]


def _level(rule: str, entity: str, profile: list[tuple[str, str, str]]) -> Level:
    for name, scope, level in profile:
        if name == rule and scope in ("*", entity.partition(":")[0]):
            if level not in ("ERROR", "WARN", "INFO"):
                raise DataProblem(f"level '{level}' of rule {rule} is unknown", where="sparql/report/profile.tsv")
            return level  # type: ignore[return-value]
    return "WARN"


def check_graph(graph: Graph) -> Iterator[Finding]:
    """All findings of the verify and report queries over a store that holds tree and closure."""
    profile = _profile()
    for name in names():
        folder, _, rule = name.partition("/")
        if folder not in ("verify", "report"):
            continue
        for row in graph.run(find(name), {}):
            entity = str(row["entity"])
            level: Level = "ERROR" if folder == "verify" else _level(rule, entity, profile)
            yield Finding(level, rule, entity, str(row["property"]), str(row["value"] or ""))


def check_reasoning(owl: Path) -> list[Finding] | None:
    """Unsatisfiable classes and inconsistency by HermiT; None where there is no Java runtime."""
    if shutil.which("java") is None:
        return None
    import owlready2

    world = owlready2.World()
    ontology = world.get_ontology(owl.resolve().as_uri()).load(only_local=True)
    try:
        with ontology:
            owlready2.sync_reasoner_hermit(world, infer_property_values=False, debug=0)
    except owlready2.OwlReadyInconsistentOntologyError:
        return [Finding("ERROR", "inconsistent", str(owl), "owl:Thing", "the ontology has no model")]
    return [
        Finding("ERROR", "unsatisfiable", found.iri, "owl:equivalentClass", "owl:Nothing")
        for found in sorted(world.inconsistent_classes(), key=lambda c: str(c.iri))
        if found is not owlready2.Nothing
    ]
