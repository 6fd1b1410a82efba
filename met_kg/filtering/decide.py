"""Samples and anchors in, decisions out: stage 1 by rules, stage 2 by alignment; in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from met_kg.filtering.options import FilterOptions
from met_kg.log import Log, silent
from met_kg.paths import expand_path

if TYPE_CHECKING:
    import pandas as pd

    from met_kg.filtering.alignment import Stage2
    from met_kg.filtering.context import Context
    from met_kg.filtering.profile import Profile, Setting
    from met_kg.filtering.rules import Rule
    from met_kg.graph.store import Graph
    from met_kg.retrieval.anchored import AnchoredSamples

__all__ = ["decide", "filter_files", "kept_ids"]

Decision = dict[str, Any]


def decide(
    pairs: AnchoredSamples,
    graph: Graph,
    options: FilterOptions | None = None,
    *,
    run: Path,
    seed: int,
    log: Log = silent,
    on_stage2: Callable[[Stage2], None] | None = None,
) -> Iterator[pd.DataFrame]:
    """Table 'decisions' in frames: at least one row for each sample and stage that looked at it, in their order.

    Rules over single samples see all of them, so that every fault is named; what they say is held for the samples they
    object to alone. Rules that compare samples, and stage 2, see those not dropped before.

    Parameters
    ----------
    graph
        holds tree, closure and ``metg:samples`` (:func:`met_kg.filtering.facts.sample_triples`).
    run
        folder under which relative images lie.
    on_stage2
        is handed what stage 2 measured, when it is done.

    Raises
    ------
    MetError
        when the profile is wrong, or a benchmark that is to be kept out is not there.
    """
    from met_kg import tables
    from met_kg.filtering.benchmarks import read_benchmarks
    from met_kg.filtering.context import Context
    from met_kg.filtering.profile import ALIGNMENT, load_profile

    options = options or FilterOptions()
    profile = load_profile(options.profile)
    context = Context(graph, run, log, read_benchmarks(options.benchmarks))
    objections: dict[str, list[Decision]] = defaultdict(list)
    for row in _stage1(pairs, profile, context):
        objections[row["sample_id"]].append(row)
    alignment = profile.settings.get(ALIGNMENT)
    aligned: dict[str, list[Decision]] = defaultdict(list)
    if options.align.enabled and alignment is not None and alignment.severity != "off":
        found = _stage2(pairs, objections, alignment, context, options, seed=seed)
        for row in found.decisions:
            aligned[row["sample_id"]].append(row)
        if on_stage2 is not None:
            on_stage2(found)
    active = sum(s.rule != ALIGNMENT and s.severity != "off" for s in profile.settings.values())
    nothing = {"stage": 1, "rule": "all-rules", "verdict": "keep", "reason": f"none of {active} rules objects"}
    for ids in tables.batches("samples", pairs.samples, ["sample_id"], size=pairs.size):
        rows: list[Decision] = []
        for sample_id in ids["sample_id"]:
            rows += objections.get(sample_id) or [{"sample_id": sample_id, **nothing}]
            rows += aligned.get(sample_id, [])
        yield tables.frame("decisions", rows)


def _stage1(pairs: AnchoredSamples, profile: Profile, context: Context) -> Iterator[Decision]:
    """What rules object to; ``context.dropped`` grows."""
    from met_kg.filtering.profile import ALIGNMENT

    active = [
        (setting, setting.load())
        for setting in profile.settings.values()
        if setting.rule != ALIGNMENT and setting.severity != "off"
    ]
    each = [(setting, rule) for setting, rule in active if not rule.columns]
    for samples, anchors in context.log.track(pairs.batches(), "applying rules, batches"):
        context.anchors = anchors
        for setting, rule in each:
            yield from _objections(setting, rule, samples, context)
    for setting, rule in active:
        if rule.columns:
            yield from _objections(setting, rule, _alive(pairs, rule.columns, context), context)


def _objections(setting: Setting, rule: Rule, samples: pd.DataFrame, context: Context) -> Iterator[Decision]:
    for hit in rule(samples, context, setting.parameters):
        if setting.severity == "drop":
            context.dropped.add(hit.sample_id)
        yield {
            "sample_id": hit.sample_id,
            "stage": 1,
            "rule": setting.rule,
            "verdict": setting.severity,
            "reason": hit.reason,
            "value": None if hit.value is None else float(hit.value),
        }


def _alive(pairs: AnchoredSamples, columns: Sequence[str], context: Context) -> pd.DataFrame:
    """These columns of all samples that no rule has dropped."""
    import pandas as pd

    from met_kg import tables

    parts = tables.batches("samples", pairs.samples, columns, size=pairs.size)
    return pd.concat(
        [tables.empty("samples")[list(columns)], *(p[~p["sample_id"].isin(context.dropped)] for p in parts)],
        ignore_index=True,
    )


def _stage2(
    pairs: AnchoredSamples,
    objections: Mapping[str, Sequence[Decision]],
    setting: Setting,
    context: Context,
    options: FilterOptions,
    *,
    seed: int,
) -> Stage2:
    import pandas as pd

    from met_kg.filtering.alignment import ANCHOR_COLUMNS, SAMPLE_COLUMNS, stage2

    samples = _alive(pairs, SAMPLE_COLUMNS, context)
    alive = set(samples["sample_id"])
    parts = (found[ANCHOR_COLUMNS] for _, found in pairs.batches(["sample_id"]))
    anchors = pd.concat(
        [p[p["sample_id"].isin(alive) & (p["polarity"] == "positive")] for p in parts], ignore_index=True
    )
    rules = {sample: [row["rule"] for row in rows] for sample, rows in objections.items() if sample in alive}
    return stage2(samples, anchors, rules, setting, context, options.align, seed=seed)


def kept_ids(decisions: Iterable[pd.DataFrame]) -> set[str]:
    """The samples that were decided on and that nothing drops."""
    seen: set[str] = set()
    dropped: set[str] = set()
    for part in decisions:
        seen.update(part["sample_id"])
        dropped.update(part.loc[part["verdict"] == "drop", "sample_id"])
    return seen - dropped


def filter_files(options: FilterOptions) -> Sequence[Path]:
    """Files and folders outside the run that the step reads: own profiles and queries, benchmark data, model."""
    from met_kg.filtering.profile import profile_files

    found = profile_files(options.profile)
    for source in options.benchmarks:
        found += [expand_path(p) for p in (source.images, source.table) if p]
    model = Path(options.align.model) if options.align.model else None
    return [*found, model] if model is not None and model.exists() else found
