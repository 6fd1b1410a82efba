"""Build the Medical Entity Tree: sources in, triples and reports out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from met_kg.errors import DataProblem
from met_kg.graph.closure import closure_triples
from met_kg.graph.store import Graph
from met_kg.records import Concept, Quarantined
from met_kg.sources.files import SourceFile
from met_kg.tree.decisions import Decisions, apply_decisions, lost_decisions
from met_kg.tree.merge import merge
from met_kg.tree.nodes import Conflict, Node
from met_kg.tree.place import place
from met_kg.tree.schema import disjoint_pairs, edit_version, schema_triples
from met_kg.tree.semantic_types import assign_semantic_types, type_names
from met_kg.tree.write import MATCHED_SYSTEMS, content_hash, missing_declarations, node_triples, ontology_header
from met_kg.vocabulary import AXES, Graphs

__all__ = ["Source", "Tree", "build_tree", "default_graph", "load_files", "load_sources"]

#: Precedence when a recipe does not say: our own ontology first, then the axis owners, then the fillers.
DEFAULT_ORDER: Final = (
    "met",
    "disease-ontology",
    "uberon",
    "symp",
    "mesh-imaging",
    "mesh-signs",
    "mesh-diseases",
    "mesh-conditions",
    "mesh-anatomy",
    "hpo-slim",
)


@dataclass(frozen=True, slots=True)
class Source:
    """One loaded source: its concepts and what a reader should know of it."""

    name: str
    version: str
    licence: str
    concepts: Sequence[Concept]
    mended: Sequence[Quarantined] = ()
    quarantined: Sequence[Quarantined] = ()
    files: Sequence[Path] = ()
    adds_nodes: bool = True


@dataclass(slots=True)
class Tree:
    """A built tree: nodes, triples of graph ``metg:tree``, what did not fit, and its identity."""

    nodes: dict[str, Node]
    triples: list[ox.Triple]
    conflicts: list[Conflict]
    version: str
    sha256: str
    sources: list[tuple[str, str, str]] = field(default_factory=list)
    code_names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def graph(self) -> Graph:
        """The tree with its closure, in memory."""
        graph = Graph.memory()
        graph.load_triples(Graphs.TREE, self.triples)
        graph.load_triples(Graphs.CLOSURE, list(closure_triples(graph)))
        return graph

    def counts(self) -> dict[str, int]:
        """Live nodes per axis."""
        found = Counter(n.axis for n in self.nodes.values() if not n.obsolete and n.axis)
        return {axis: found[axis] for axis in AXES}


def load_sources(names: Sequence[str], root: Path | None) -> list[Source]:
    """Load named sources of the registry, in order of precedence (the project's own ontology first)."""
    from met_kg.sources.registry import load_source

    ordered = sorted(names, key=lambda n: DEFAULT_ORDER.index(n) if n in DEFAULT_ORDER else len(DEFAULT_ORDER))
    loaded = []
    for name in ordered:
        found = load_source(name, root)
        loaded.append(
            Source(
                name,
                found.version or edit_version(),
                found.licence,
                found.concepts,
                found.mended,
                found.quarantined,
                found.files,
                found.adds_nodes,
            )
        )
    return loaded


def load_files(files: Iterable[SourceFile]) -> list[Source]:
    """Load a user's own files, in the order given."""
    from met_kg.paths import expand_path
    from met_kg.sources.load import load_file

    loaded = []
    for file in files:
        found = load_file(expand_path(file.path), file)
        loaded.append(
            Source(
                file.name,
                found.version,
                file.licence,
                found.concepts,
                found.mended,
                found.quarantined,
                found.files,
                found.adds_nodes,
            )
        )
    return loaded


def build_tree(sources: Sequence[Source], decisions: Decisions | None = None) -> Tree:
    """Merge and place the concepts of sources given in order of precedence, as people decided where they did.

    Raises
    ------
    DataProblem
        when an axis has no root: the project's own ontology is not among the sources.
    """
    align_only = {s.name for s in sources if not s.adds_nodes}
    nodes, conflicts = merge([s.concepts for s in sources], align_only=align_only)
    if "MET:0000001" not in nodes:
        raise DataProblem("the project's own ontology is not among the sources", hint="add 'met' to tree.sources")
    decisions = decisions or Decisions()
    conflicts += apply_decisions(nodes, decisions)
    not_by_name = {row.id for row in decisions.of("reject") if row.kind == "placed-by-name"}
    conflicts += place(nodes, disjoint_pairs(), not_by_name)
    conflicts += lost_decisions(nodes, decisions)
    assign_semantic_types(nodes)
    version = edit_version()
    body = [*schema_triples(), *type_names(), *node_triples(nodes.values())]
    digest = content_hash(body)
    about = [(s.name, s.version, s.licence) for s in sources]
    triples = [*ontology_header(version, digest, about), *body]
    triples += missing_declarations(triples)
    return Tree(nodes, triples, conflicts, version, digest, about, _code_names(sources))


def _code_names(sources: Sequence[Source]) -> dict[str, tuple[str, ...]]:
    """What sources call the codes of systems that nodes are mapped to, the label first."""
    found: dict[str, tuple[str, ...]] = {}
    for source in sources:
        for concept in source.concepts:
            if concept.curie.partition(":")[0] in MATCHED_SYSTEMS:
                names = (concept.label, *(s.text for s in concept.synonyms if s.scope == "EXACT"))
                found[concept.curie] = tuple(dict.fromkeys((*found.get(concept.curie, ()), *names)))
    return found


@lru_cache(maxsize=1)
def default_graph() -> Graph:
    """The tree of the project's own ontology alone, with its closure, in memory: what works without any data pack."""
    return build_tree(load_sources(["met"], None)).graph()
