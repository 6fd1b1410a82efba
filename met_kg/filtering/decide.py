"""Samples and anchors in, decisions out: stage 1 by rules, stage 2 by alignment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from met_kg.filtering.options import FilterOptions
from met_kg.log import Log, silent
from met_kg.paths import expand_path

if TYPE_CHECKING:
    import pandas as pd

    from met_kg.filtering.context import Context
    from met_kg.filtering.profile import Profile
    from met_kg.graph.store import Graph

__all__ = ["decide", "filter_files", "kept_ids", "stage1"]


def decide(
    samples: pd.DataFrame,
    anchors: pd.DataFrame,
    graph: Graph,
    options: FilterOptions | None = None,
    *,
    run: Path,
    seed: int,
    log: Log = silent,
) -> pd.DataFrame:
    """Table 'decisions': at least one row for each sample and stage that looked at it, in the order of the samples.

    Parameters
    ----------
    graph
        holds tree, closure and ``metg:samples`` (:func:`met_kg.filtering.facts.sample_triples`).
    run
        folder under which relative images lie.

    Raises
    ------
    MetError
        when the profile is wrong, or a benchmark that is to be kept out is not there.
    """
    from met_kg import tables
    from met_kg.filtering.alignment import stage2
    from met_kg.filtering.benchmarks import benchmark_images
    from met_kg.filtering.context import Context
    from met_kg.filtering.profile import ALIGNMENT, load_profile

    options = options or FilterOptions()
    profile = load_profile(options.profile)
    context = Context(graph, anchors, run, log, benchmark_images(options.benchmarks))
    rows = list(stage1(samples, profile, context))
    alignment = profile.settings.get(ALIGNMENT)
    if options.align.enabled and alignment is not None and alignment.severity != "off":
        survivors = samples[~samples["sample_id"].isin(context.dropped)]
        rows += stage2(survivors, alignment, context, options.align, seed=seed)
    place = {sample: i for i, sample in enumerate(samples["sample_id"])}
    rows.sort(key=lambda row: (place[row["sample_id"]], row["stage"]))
    return tables.frame("decisions", rows)


def stage1(samples: pd.DataFrame, profile: Profile, context: Context) -> Iterator[dict[str, Any]]:
    """Decision rows of all rules of a profile; a sample that no rule objects to gets one row that says so.

    Rules over single samples see all of them, so that every fault is named. Rules that choose between samples see only
    those not dropped before (``context.dropped``, which grows).
    """
    from met_kg.filtering.profile import ALIGNMENT

    met: set[str] = set()
    active = [s for s in profile.settings.values() if s.rule != ALIGNMENT and s.severity != "off"]
    for setting in active:
        hits = list(setting.load()(samples, context, setting.parameters))
        for hit in hits:
            yield {
                "sample_id": hit.sample_id,
                "stage": 1,
                "rule": setting.rule,
                "verdict": setting.severity,
                "reason": hit.reason,
                "value": None if hit.value is None else float(hit.value),
            }
        met.update(hit.sample_id for hit in hits)
        if setting.severity == "drop":
            context.dropped.update(hit.sample_id for hit in hits)
    for sample_id in samples["sample_id"]:
        if sample_id not in met:
            reason = f"none of {len(active)} rules objects"
            yield {"sample_id": sample_id, "stage": 1, "rule": "all-rules", "verdict": "keep", "reason": reason}


def kept_ids(decisions: pd.DataFrame) -> set[str]:
    """The samples that were decided on and that nothing drops."""
    dropped = set(decisions.loc[decisions["verdict"] == "drop", "sample_id"])
    return set(decisions["sample_id"]) - dropped


def filter_files(options: FilterOptions) -> Sequence[Path]:
    """Files and folders outside the run that the step reads: own profiles and queries, benchmark data, model."""
    from met_kg.filtering.profile import profile_files

    found = profile_files(options.profile)
    for source in options.benchmarks:
        found += [expand_path(p) for p in (source.images, source.table) if p]
    model = Path(options.align.model) if options.align.model else None
    return [*found, model] if model is not None and model.exists() else found
