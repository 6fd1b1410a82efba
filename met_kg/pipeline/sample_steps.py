"""The steps corpus, retrieve and filter: image-text pairs in, decisions on each out; a batch at a time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from met_kg import tables
from met_kg.paths import SHIPPED, expand_path
from met_kg.pipeline.engine import Context
from met_kg.pipeline.recipe import Recipe

if TYPE_CHECKING:
    from met_kg.filtering.alignment import Stage2

__all__ = ["corpus_inputs", "decide_samples", "filter_inputs", "read_samples", "retrieve", "retrieve_inputs"]


def read_samples(ctx: Context) -> None:
    """Step corpus: the records of all corpora as samples with splits."""
    from met_kg.corpus.read import read_corpora

    ctx.counts |= read_corpora(
        ctx.recipe.corpus,
        ctx.out("samples.parquet"),
        images_dir=ctx.out("images/x").parent,
        base=Path.cwd(),
        seed=ctx.recipe.seed,
        quarantine=ctx.quarantined.append,
        reports=ctx.work,
        log=ctx.log,
    )


def corpus_inputs(recipe: Recipe) -> Sequence[Path]:
    """Tables and the folders that hold them, images and keys; readers that draw or read packages have no path."""
    found = []
    for spec in recipe.corpus:
        if spec.path and ("://" not in spec.path or spec.path.startswith(SHIPPED)):
            path = expand_path(spec.path)
            found.append(path if path.is_dir() else path.parent)
        beside = (spec.options.get(name) for name in ("images", "pseudonym_key"))
        found += [path for name in beside if name and (path := expand_path(str(name))).exists()]
    return found


def retrieve(ctx: Context) -> None:
    """Step retrieve: anchors of all samples, and what they depict as a graph."""
    from met_kg.filtering.facts import COLUMNS, sample_triples
    from met_kg.graph.ntriples import write_ntriples
    from met_kg.literature.lexicon import Lexicon
    from met_kg.literature.linker import Linker
    from met_kg.retrieval.anchored import AnchoredSamples
    from met_kg.retrieval.anchors import anchors_in_batches

    nodes, by_axis, by_polarity, anchored = set[str](), Counter[str](), Counter[str](), 0
    samples = ctx.run / "samples.parquet"
    with ctx.graph() as graph, tables.Writer("anchors", ctx.out("anchors.parquet")) as out:
        for anchors in anchors_in_batches(
            ctx.log.track(tables.batches("samples", samples), "anchoring samples, batches"),
            graph,
            Linker(Lexicon.from_graph(graph)),
            options=ctx.recipe.retrieve,
            quarantine=ctx.quarantined.append,
            work=ctx.work / "retrieve",
            images=lambda image: expand_path(image, base=ctx.run),
        ):
            out.add(anchors)
            nodes.update(anchors["node"])
            anchored += anchors["sample_id"].nunique()
            by_axis.update(anchors["axis"])
            by_polarity.update(anchors["polarity"])
    pairs = AnchoredSamples(samples, ctx.out("anchors.parquet"))
    write_ntriples(
        (triple for batch, anchors in pairs.batches(COLUMNS) for triple in sample_triples(batch, anchors)),
        ctx.out("graph/samples.nt"),
    )
    ctx.counts |= {"anchors": out.rows, "nodes": len(nodes), "samples anchored": anchored}
    ctx.counts["by axis"] = dict(sorted(by_axis.items()))
    ctx.counts["by polarity"] = dict(sorted(by_polarity.items()))


def retrieve_inputs(recipe: Recipe) -> Sequence[Path]:
    """Labels, own query and models that the recipe names."""
    from met_kg.retrieval.options import retrieval_files

    return retrieval_files(recipe.retrieve)


def decide_samples(ctx: Context) -> None:
    """Step filter: a decision on every sample, what stage 2 measured, and how far the tree is covered."""
    from met_kg.filtering import decide, kept_ids
    from met_kg.filtering.facts import kept_triples
    from met_kg.graph.ntriples import write_ntriples
    from met_kg.retrieval.anchored import AnchoredSamples
    from met_kg.retrieval.coverage import coverage
    from met_kg.retrieval.wanted import wanted

    pairs = AnchoredSamples(ctx.run / "samples.parquet", ctx.run / "anchors.parquet")
    kept: set[str] = set()
    samples, by_rule = 0, Counter[str]()
    with ctx.graph() as graph:
        with (
            tables.Writer("decisions", ctx.out("decisions.parquet")) as out,
            tables.Writer("alignment", ctx.out("alignment.parquet")) as measured,
        ):
            curves: dict[str, Any] = {}

            def keep(found: Stage2) -> None:
                for rows in found.alignment():
                    measured.add(rows)
                curves.update(found.calibration)

            for decisions in decide(
                pairs, graph, ctx.recipe.filter, run=ctx.run, seed=ctx.recipe.seed, log=ctx.log, on_stage2=keep
            ):
                out.add(decisions)
                kept |= kept_ids([decisions])
                samples += decisions["sample_id"].nunique()
                by_rule.update(decisions.loc[decisions["verdict"] == "drop", "rule"])
        text = json.dumps(curves, indent=1, sort_keys=True)
        ctx.out("calibration.json").write_text(text + "\n", encoding="utf-8")
        anchors = (found for _, found in pairs.batches(["sample_id"]))
        covered = coverage(graph, anchors, wanted(graph, ctx.recipe.retrieve), frozenset(kept))
    tables.write("coverage", covered, ctx.out("coverage.parquet"))
    write_ntriples(kept_triples(kept), ctx.out("graph/decisions.nt"))
    ctx.counts |= {"in": samples, "kept": len(kept), "dropped": samples - len(kept)}
    ctx.counts["dropped by rule"] = dict(sorted(by_rule.items()))


def filter_inputs(recipe: Recipe) -> Sequence[Path]:
    """Profile, benchmarks and models that the recipe names."""
    from met_kg.filtering import filter_files

    return filter_files(recipe.filter)
