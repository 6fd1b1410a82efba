"""The two steps that make the tree: ontologies and decisions into OWL, then literature into evidence and proposals."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from met_kg import tables
from met_kg.paths import data_root, expand_path
from met_kg.pipeline.engine import Context
from met_kg.pipeline.recipe import Documents, Recipe
from met_kg.records import Quarantined

if TYPE_CHECKING:
    from met_kg.literature.document import Document
    from met_kg.models.chat import CachedChat

__all__ = ["build", "inputs", "keep", "read_literature"]


def build(ctx: Context) -> None:
    """Sources and decisions -> the tree, its closure and mappings, and what a person should look at."""
    from met_kg.graph.closure import closure_triples
    from met_kg.graph.ntriples import write_ntriples
    from met_kg.tree.build import build_tree, load_files, load_sources
    from met_kg.tree.decisions import read_decisions
    from met_kg.tree.mappings import candidate_rows, tree_mappings, write_mappings
    from met_kg.tree.review import conflict_rows, write_review
    from met_kg.tree.write import write_owl

    sources = load_sources(ctx.recipe.tree.sources, data_root())
    sources += load_files(ctx.recipe.tree.files)
    for source in sources:
        ctx.quarantined += source.quarantined
        if source.mended:
            ctx.counts[f"mended in {source.name}"] = len(source.mended)
    decisions = read_decisions(_decision_files(ctx.recipe, ctx.run))
    tree = build_tree(sources, decisions)
    graph = tree.graph()
    write_ntriples(tree.triples, ctx.out("graph/tree.nt"))
    write_ntriples(closure_triples(graph), ctx.out("graph/closure.nt"))
    write_owl(tree.triples, ctx.out("tree/met.owl"))
    stated, candidates = tree_mappings(tree.nodes.values(), tree.code_names, decisions)
    write_mappings(stated, ctx.out("tree/mappings.sssom.tsv"), name="stated", version=tree.version)
    write_mappings(candidates, ctx.out("tree/mappings-candidates.sssom.tsv"), name="candidates", version=tree.version)
    labels = {n.curie: n.label for n in tree.nodes.values()}
    queue = [*conflict_rows(tree.conflicts, labels), *candidate_rows(candidates)]
    counts = write_review((row for row in queue if not decisions.decided(row)), ctx.out("tree/queue.tsv"))
    about = {
        "version": tree.version,
        "sha256": tree.sha256,
        "nodes": tree.counts(),
        "sources": [{"name": n, "version": v, "licence": licence} for n, v, licence in tree.sources],
        "conflicts": [{"kind": c.kind, "node": c.node, "message": c.message} for c in tree.conflicts],
    }
    _write_json(ctx.out("tree/tree.json"), about)
    ctx.counts |= {**tree.counts(), "mappings": len(stated), "candidate mappings": len(candidates)}
    ctx.counts |= {"conflicts": len(tree.conflicts), "for review": sum(counts.values())}
    if decisions.rows:
        ctx.counts["decisions"] = len(decisions.rows)


def _decision_files(recipe: Recipe, run: Path) -> list[Path]:
    """Tables of decisions, earliest first: shipped with the ontology, named by the recipe, kept by the run."""
    from met_kg.paths import ontology_dir

    named = [expand_path(path) for path in recipe.tree.decisions]
    kept = run / "decisions.tsv"
    return [ontology_dir() / "decisions.tsv", *named, *([kept] if kept.is_file() else [])]


def inputs(recipe: Recipe) -> Sequence[Path]:
    """Files outside the run that the tree is built from."""
    from met_kg.paths import ontology_dir
    from met_kg.sources.registry import source_files

    named = [path for name in recipe.tree.sources for path in source_files(name, data_root())]
    files = [expand_path(path) for path in (*(f.path for f in recipe.tree.files), *recipe.tree.decisions)]
    return [*named, *files, ontology_dir() / "decisions.tsv", ontology_dir() / "semantic-types.tsv"]


def read_literature(ctx: Context) -> None:
    """Literature -> mentions, mined relations, new terms, and the review queue with them."""
    from met_kg.graph.ntriples import write_ntriples
    from met_kg.literature.candidates import NameIndex
    from met_kg.literature.evidence import evidence_triples
    from met_kg.literature.glossary import read_key_terms
    from met_kg.literature.reading import Reading
    from met_kg.models.text import text_embedder
    from met_kg.tree.decisions import read_decisions
    from met_kg.tree.proposals import mined_header, mined_triples, relation_rows, term_rows
    from met_kg.tree.review import read_review, write_review
    from met_kg.tree.write import write_owl

    model = _language_model(ctx)
    with ctx.graph() as graph:
        given = ctx.recipe.literature.extractor
        reading = Reading(graph, model, passage=given.passage) if given else Reading(graph)
    for corpus in ctx.recipe.literature.documents:
        if corpus.format == "sections":
            for key in read_key_terms(expand_path(corpus.path)):
                reading.terms.add_key_term(key)
        found = _documents(ctx, corpus)
        for document in ctx.log.track(found, f"documents of {corpus.name}"):
            reading.add(document)
    mentions = reading.mentions()
    relations = list(reading.relations(alpha=ctx.recipe.literature.alpha))
    tables.write("mentions", mentions, ctx.out("mentions.parquet"))
    tables.write("relations", reading.relations_table(relations), ctx.out("relations.parquet"))
    mined = list(mined_triples(relations))
    about = json.loads((ctx.run / "tree" / "tree.json").read_text(encoding="utf-8"))
    write_ntriples([*evidence_triples(mentions), *mined], ctx.out("graph/evidence.nt"))
    write_owl([*mined_header(about["version"], about["sha256"]), *mined], ctx.out("tree/met-mined.owl"))
    decisions = read_decisions(_decision_files(ctx.recipe, ctx.run))
    embedder = ctx.recipe.literature.embedder
    index = NameIndex(reading.lexicon, text_embedder(embedder, seed=ctx.recipe.seed) if embedder else None)
    new_terms = term_rows(reading.terms.terms(), index)
    queue = [row for _, row in read_review(ctx.run / "tree" / "queue.tsv")]
    proposed = [*new_terms, *relation_rows(relations, reading.labels, reading.axes)]
    review = write_review([*(r for r in proposed if not decisions.decided(r)), *queue], ctx.out("tree/review.tsv"))
    ctx.counts |= {
        "documents": reading.documents,
        "mentions": len(mentions),
        "nodes mentioned": int(mentions["node"].nunique()),
        "new terms": len(new_terms),
        "key terms known": len(reading.terms.known),
        "key terms without a parent": len(reading.terms.without_parent()),
        "review queue": sum(review.values()),
    }
    ctx.quarantined += reading.dropped
    if model:
        ctx.counts |= {
            "mentions read by the model": reading.read_by_model,
            "of the model's answers dropped": len(reading.dropped),
            "tokens": model.prompt_tokens + model.completion_tokens,
        }
    ctx.counts["relations mined"] = {k: int(v) for k, v in sorted(Counter(r.kind for r in relations).items())}


def _language_model(ctx: Context) -> CachedChat | None:
    """The model that reads literature, its answers kept in the run, where the next build finds them."""
    from met_kg.models.chat import CachedChat

    given = ctx.recipe.literature.extractor
    return CachedChat.of(given, ctx.run / "cache/chat") if given else None


def _documents(ctx: Context, corpus: Documents) -> list[Document]:
    """The documents of one corpus; what cannot be read is set aside."""
    documents: list[Document] = []
    for found in _read(corpus.path, corpus.format, corpus.name, corpus.licence):
        if isinstance(found, Quarantined):
            ctx.quarantined.append(found)
        elif corpus.limit is not None and len(documents) >= corpus.limit:
            break
        else:
            documents.append(found)
    return documents


def _read(path: str, form: str | None, name: str, licence: str) -> Any:
    from met_kg.literature.documents import read_documents

    return read_documents(expand_path(path), form, source=name, licence=licence)


def keep(run: Path) -> None:
    """Save what people decided in the run's review table before the next build writes a new one."""
    from met_kg.tree.decisions import keep_decisions

    keep_decisions(run)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
