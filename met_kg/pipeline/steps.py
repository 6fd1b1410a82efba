"""The steps of a run, in order: what each reads, makes and calls. The work itself is in the rooms."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from met_kg import tables
from met_kg.paths import expand_path
from met_kg.pipeline import sample_steps, tree_steps
from met_kg.pipeline.engine import Context, Step, run_steps
from met_kg.pipeline.recipe import Recipe
from met_kg.vocabulary import Graphs

__all__ = ["STEPS", "run_steps"]


# --- synthesize ------------------------------------------------------------------------------------------------------
def _synthesize(ctx: Context) -> None:
    from met_kg.filtering import kept_ids
    from met_kg.synthesis import synthesize

    samples = tables.read("samples", ctx.run / "samples.parquet")
    anchors = tables.read("anchors", ctx.run / "anchors.parquet")
    kept = kept_ids(tables.batches("decisions", ctx.run / "decisions.parquet"))
    samples = samples[samples["sample_id"].isin(kept)].reset_index(drop=True)
    anchors = anchors[anchors["sample_id"].isin(kept)].reset_index(drop=True)
    about = json.loads((ctx.run / "tree" / "tree.json").read_text(encoding="utf-8"))
    with ctx.graph() as graph:
        made = synthesize(
            samples,
            anchors,
            graph,
            options=ctx.recipe.synthesize,
            seed=ctx.recipe.seed,
            tree_version={"version": about["version"], "sha256": about["sha256"]},
            cache=ctx.run / "cache/chat",
        )
    ctx.quarantined += made.rejected
    tables.write("captions", made.captions, ctx.out("captions.parquet"))
    tables.write("rewrites", made.rewrites, ctx.out("rewrites.parquet"))
    tables.write("vqa", made.vqa, ctx.out("drafts.parquet"))
    made.plan.to_csv(ctx.out("plan.tsv"), sep="\t", index=False)
    ctx.counts |= {
        "captions": len(made.captions),
        "drafts": len(made.vqa),
        "key nodes": int(made.vqa["key_node"].nunique()),
    }
    if made.rewrite_counts:
        ctx.counts["rewrites"] = made.rewrite_counts
    ctx.counts["by type"] = {k: int(v) for k, v in sorted(Counter(made.vqa["type"]).items())}
    ctx.counts["by format"] = {k: int(v) for k, v in sorted(Counter(made.vqa["format"]).items())}


# --- quality ---------------------------------------------------------------------------------------------------------
def _quality(ctx: Context) -> None:
    from met_kg.graph.ntriples import write_ntriples
    from met_kg.synthesis.items_graph import item_triples
    from met_kg.synthesis.quality.control import control

    drafts = tables.read("vqa", ctx.run / "drafts.parquet")
    columns = ["sample_id", "image", "sha256", "caption", "group_id"]
    samples = tables.read("samples", ctx.run / "samples.parquet", columns)
    with ctx.graph() as graph:
        made = control(
            drafts,
            samples[samples["sample_id"].isin(set(drafts["sample_id"]))],
            graph,
            ctx.recipe.quality,
            seed=ctx.recipe.seed,
            run=ctx.run,
            work=ctx.work / "asked",
            log=ctx.log,
        )
    tables.write("vqa", made.vqa, ctx.out("vqa.parquet"))
    tables.write("quality", made.quality, ctx.out("quality.parquet"))
    text = json.dumps(made.figures, indent=1, sort_keys=True)
    ctx.out("shortcuts.json").write_text(text + "\n", encoding="utf-8")
    write_ntriples(item_triples(made.vqa), ctx.out("graph/items.nt"))
    ctx.counts |= {
        "drafts": len(drafts),
        "items": len(made.vqa),
        "key nodes": int(made.vqa["key_node"].nunique()),
        "by type": {k: int(v) for k, v in sorted(Counter(made.vqa["type"]).items())},
        "by format": {k: int(v) for k, v in sorted(Counter(made.vqa["format"]).items())},
        "found": made.figures["found"],
    }


def _quality_inputs(recipe: Recipe) -> Sequence[Path]:
    given = recipe.quality
    named = [given.checks, given.necessity and given.necessity.model, given.necessity and given.necessity.adapter]
    named += [asked.path for asked in (given.judge, given.shortcuts.solver) if asked is not None]
    return [Path(path) for path in named if path and Path(path).exists()]


# --- export ----------------------------------------------------------------------------------------------------------
def _export(ctx: Context) -> None:
    from met_kg.synthesis.export import export

    out = ctx.out("export/x").parent
    ctx.counts |= export(ctx.run, out, ctx.recipe.export)


# --- train -----------------------------------------------------------------------------------------------------------
def _base(ctx: Context) -> None:
    from met_kg.training.run import prepare_base

    ctx.counts |= prepare_base(
        ctx.run, ctx.out("base/x").parent, ctx.recipe.train, ctx.recipe.seed, work=ctx.work, log=ctx.log
    )


def _train(ctx: Context) -> None:
    from met_kg.training.run import train_adapter

    ctx.counts |= train_adapter(
        ctx.run, ctx.out("adapter/x").parent, ctx.recipe.train, ctx.recipe.seed, work=ctx.work, log=ctx.log
    )


# --- eval ------------------------------------------------------------------------------------------------------------
def _eval(ctx: Context) -> None:
    from met_kg.evaluation.run import evaluate_run

    ctx.counts |= evaluate_run(ctx.run, ctx.out("eval/x").parent, ctx.recipe, log=ctx.log)


def _eval_inputs(recipe: Recipe) -> Sequence[Path]:
    judge = recipe.eval.judge
    local = [Path(judge.path)] if judge and judge.path and Path(judge.path).exists() else []
    return [*(expand_path(p) for p in recipe.eval.sources.values()), *local]


# --- report ----------------------------------------------------------------------------------------------------------
def _report(ctx: Context) -> None:
    from met_kg.report import write_report

    ctx.counts |= write_report(ctx.run, ctx.out("report.html"))


#: Steps that set input aside.
_READING: Final = ("tree", "literature", "corpus", "retrieve", "synthesize")

STEPS: Final[tuple[Step, ...]] = (
    Step(
        "tree",
        room="tree",
        needs=("decisions.tsv",),
        makes=(
            "tree/met.owl",
            "tree/mappings.sssom.tsv",
            "tree/mappings-candidates.sssom.tsv",
            "tree/queue.tsv",
            "tree/tree.json",
            "graph/tree.nt",
            "graph/closure.nt",
        ),
        do=tree_steps.build,
        settings=lambda r: r.tree.model_dump(),
        inputs=tree_steps.inputs,
        prepare=tree_steps.keep,
        graphs=((Graphs.TREE, "graph/tree.nt"), (Graphs.CLOSURE, "graph/closure.nt")),
    ),
    Step(
        "literature",
        room="tree",
        needs=("tree/queue.tsv", "graph/tree.nt", "graph/closure.nt", "decisions.tsv"),
        makes=(
            "mentions.parquet",
            "relations.parquet",
            "graph/evidence.nt",
            "tree/met-mined.owl",
            "tree/review.tsv",
        ),
        do=tree_steps.read_literature,
        settings=lambda r: r.literature.model_dump(),
        inputs=lambda r: [expand_path(d.path) for d in r.literature.documents],
        graphs=((Graphs.EVIDENCE, "graph/evidence.nt"),),
    ),
    Step(
        "corpus",
        room="corpus",
        needs=(),
        makes=("samples.parquet", "images", "deidentification.tsv"),
        do=sample_steps.read_samples,
        settings=lambda r: [c.model_dump(mode="json") for c in r.corpus],
        inputs=sample_steps.corpus_inputs,
    ),
    Step(
        "retrieve",
        room="filtering",
        needs=("samples.parquet", "graph/tree.nt", "graph/closure.nt"),
        makes=("anchors.parquet", "graph/samples.nt"),
        do=sample_steps.retrieve,
        settings=lambda r: r.retrieve.model_dump(mode="json"),
        inputs=sample_steps.retrieve_inputs,
        graphs=((Graphs.SAMPLES, "graph/samples.nt"),),
    ),
    Step(
        "filter",
        room="filtering",
        needs=("samples.parquet", "anchors.parquet", "graph/tree.nt", "graph/closure.nt"),
        makes=(
            "decisions.parquet",
            "alignment.parquet",
            "calibration.json",
            "coverage.parquet",
            "graph/decisions.nt",
        ),
        do=sample_steps.decide_samples,
        settings=lambda r: {"filter": r.filter.model_dump(mode="json"), "retrieve": r.retrieve.model_dump(mode="json")},
        inputs=sample_steps.filter_inputs,
        graphs=((Graphs.DECISIONS, "graph/decisions.nt"),),
    ),
    Step(
        "synthesize",
        room="synthesis",
        needs=("samples.parquet", "anchors.parquet", "decisions.parquet", "graph/tree.nt", "graph/closure.nt"),
        makes=("captions.parquet", "rewrites.parquet", "drafts.parquet", "plan.tsv"),
        do=_synthesize,
        settings=lambda r: r.synthesize.model_dump(mode="json"),
    ),
    Step(
        "quality",
        room="synthesis",
        needs=("samples.parquet", "drafts.parquet", "graph/tree.nt", "graph/closure.nt"),
        makes=("vqa.parquet", "quality.parquet", "shortcuts.json", "graph/items.nt"),
        do=_quality,
        settings=lambda r: r.quality.model_dump(mode="json"),
        inputs=_quality_inputs,
        graphs=((Graphs.ITEMS, "graph/items.nt"),),
        resumes=True,
    ),
    Step(
        "export",
        room="synthesis",
        needs=(
            "samples.parquet",
            "captions.parquet",
            "vqa.parquet",
            "quality.parquet",
            "tree/tree.json",
            "graph/tree.nt",
            "graph/closure.nt",
            "graph/samples.nt",
        ),
        makes=("export",),
        do=_export,
        settings=lambda r: r.export.model_dump(mode="json"),
    ),
    Step(
        "base",
        room="training",
        needs=("samples.parquet", "captions.parquet", "vqa.parquet"),
        makes=("base",),
        do=_base,
        settings=lambda r: r.train.model_dump(mode="json"),
        resumes=True,
        wanted=lambda r: r.train.enabled and r.train.base == "stand-in",
    ),
    Step(
        "train",
        room="training",
        needs=("samples.parquet", "captions.parquet", "vqa.parquet", "base"),
        makes=("adapter",),
        do=_train,
        settings=lambda r: r.train.model_dump(mode="json"),
        resumes=True,
        wanted=lambda r: r.train.enabled,
    ),
    Step(
        "eval",
        room="evaluation",
        needs=("samples.parquet", "vqa.parquet", "base", "adapter"),
        makes=("eval",),
        do=_eval,
        settings=lambda r: {"eval": r.eval.model_dump(mode="json"), "train": r.train.model_dump(mode="json")},
        inputs=_eval_inputs,
        resumes=True,
        wanted=lambda r: r.train.enabled,
    ),
    Step(
        "report",
        room="report",
        needs=(
            "recipe.yaml",
            "tree/tree.json",
            "tree/review.tsv",
            "mentions.parquet",
            "samples.parquet",
            "anchors.parquet",
            "decisions.parquet",
            "coverage.parquet",
            "calibration.json",
            "captions.parquet",
            "vqa.parquet",
            "shortcuts.json",
            "base",
            "adapter",
            "eval",
            *(f"quarantine/{step}.parquet" for step in _READING),
        ),
        makes=("report.html",),
        do=_report,
        settings=lambda r: r.name,
        reads_manifest=True,
    ),
)
