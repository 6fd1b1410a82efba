"""Stage 2: does the image show what its record says? The aligner is a door in :mod:`met_kg.models.aligners`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from met_kg.corpus.images import open_image
from met_kg.filtering.calibration import Thresholds, calibration, thresholds
from met_kg.filtering.context import Context
from met_kg.filtering.kin import kin_of, said_nodes
from met_kg.filtering.options import AlignOptions
from met_kg.filtering.profile import ALIGNMENT, Setting
from met_kg.models.aligners import Aligned, Fit, Kin, Pairs, load_aligner

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ANCHOR_COLUMNS", "SAMPLE_COLUMNS", "Stage2", "stage2"]

#: What stage 2 looks at.
SAMPLE_COLUMNS: Final = ["sample_id", "image", "phash", "caption", "source", "group_id"]
ANCHOR_COLUMNS: Final = ["sample_id", "node", "axis", "polarity", "method"]


@dataclass(frozen=True, slots=True)
class Stage2:
    """What stage 2 found: decision rows, and how they came about (``calibration`` is empty when nothing was judged)."""

    decisions: list[dict[str, Any]]
    samples: list[str] = field(default_factory=list)
    aligned: Aligned = field(default_factory=lambda: Aligned([], []))
    aligner: str = ""
    calibration: dict[str, Any] = field(default_factory=dict)

    def alignment(self) -> Iterator[pd.DataFrame]:
        """Table 'alignment' in frames: one row for each judged sample and node that its text says."""
        from met_kg import tables

        for start in range(0, len(self.samples), tables.BATCH):
            part = slice(start, start + tables.BATCH)
            judged = zip(self.samples[part], self.aligned.fits[part], strict=True)
            yield tables.frame("alignment", [row for s, fit in judged if fit is not None for row in self._rows(s, fit)])

    def _rows(self, sample_id: str, fit: Fit) -> Iterator[dict[str, Any]]:
        row = {
            "sample_id": sample_id,
            "caption_score": round(fit.score, 6),
            "caption_margin": round(fit.margin, 4),
            "caption_probability": round(fit.caption_probability, 4),
            "probability": round(fit.probability, 4),
            "aligner": self.aligner,
        }
        if not fit.nodes:
            yield row | {"node_score": None, "margin": None}
        for n in fit.nodes:
            margin = None if n.margin is None else round(n.margin, 4)
            yield row | {"node": n.node, "node_score": round(n.score, 4), "margin": margin, "rival": n.rival}


def stage2(
    samples: pd.DataFrame,
    anchors: pd.DataFrame,
    objections: Mapping[str, Collection[str]],
    setting: Setting,
    context: Context,
    options: AlignOptions,
    *,
    seed: int,
) -> Stage2:
    """Decisions on all samples with image and caption; value is the probability that they belong together.

    Where the aligner is as sure as the profile's ``precision`` asks that a pair is wrong, it goes (with severity
    ``flag`` it is only flagged). Where the stages disagree a person should look: stage 1 does not object, and stage 2
    doubts with ``review_precision``; or stage 1 objects to what the pair shows, and stage 2 is sure that it fits. What
    is too little to learn from is kept, saying so.

    Parameters
    ----------
    samples
        :data:`SAMPLE_COLUMNS` of those that no rule dropped.
    anchors
        :data:`ANCHOR_COLUMNS` of the positive anchors of these samples.
    objections
        sample -> the rules of stage 1 that flagged it.

    Raises
    ------
    MetError
        when the aligner cannot be had, or its endpoint is dead.
    """
    pairs = samples[(samples["phash"] != "") & (samples["caption"] != "")]
    rows = []
    sizes = pairs["source"].map(pairs["source"].value_counts())
    # What is learnt from one corpus says nothing about a handful of pairs of another.
    few = sizes < options.minimum if options.aligner == "built-in" else sizes < 0
    for sample_id, source, size in zip(pairs["sample_id"][few], pairs["source"][few], sizes[few], strict=True):
        said = f"not judged: corpus '{source}' has {size} pairs of {options.minimum} needed"
        rows.append(_row(sample_id, "keep", said, None))
    pairs = pairs[~few]
    groups = pairs["group_id"].nunique()
    if groups < options.folds:
        reason = f"not judged: {groups} groups of {options.folds} needed"
        return Stage2([*rows, *(_row(s, "keep", reason, None) for s in pairs["sample_id"])])
    aligner = load_aligner(options, cache=context.run / "cache" / "chat")
    context.log.info(f"aligning {len(pairs)} pairs with {aligner.name}")
    ids = pairs["sample_id"].tolist()
    said_by = said_nodes(anchors)
    kin = kin_of(context.graph, {node for nodes in said_by.values() for node in nodes}, rivals=options.rivals)
    aligned = aligner.fit(
        Pairs(
            open_image,
            images=[context.path(image) for image in pairs["image"]],
            captions=pairs["caption"].tolist(),
            groups=pairs["group_id"].tolist(),
            corpora=pairs["source"].tolist(),
            nodes=[said_by.get(sample_id, ()) for sample_id in ids],
            kin=kin,
        ),
        seed=seed,
    )
    asked = setting.parameters
    found = thresholds(aligned, asked["precision"], asked["review_precision"], asked["wrong_share"])
    for i, (sample_id, fit) in enumerate(zip(ids, aligned.fits, strict=True)):
        if fit is None:
            rows.append(_row(sample_id, "keep", aligned.reasons.get(i, "not judged: too few groups"), None))
            continue
        objects = [r for r in objections.get(sample_id, ()) if any(fnmatchcase(r, p) for p in options.objections)]
        verdict, why = _verdict(fit.probability, found, objects, setting.severity)
        reason = f"{aligner.name}: p = {fit.probability:.2f}{why}; {_said(fit, kin)}"
        rows.append(_row(sample_id, verdict, reason, round(fit.probability, 4)))
    return Stage2(rows, ids, aligned, aligner.name, calibration(aligner.name, aligned, found, asked))


def _verdict(probability: float, found: Thresholds, objects: list[str], severity: str) -> tuple[str, str]:
    """The verdict, and what it rests on."""
    if found.drop is not None and probability < found.drop:
        return severity, f", below {found.drop:.2f}: most likely no pair"
    if found.review is not None and probability < found.review:
        return (
            ("keep", "") if objects else ("review", f", below {found.review:.2f}: hardly a pair, while no rule objects")
        )
    if objects and found.sure is not None and probability >= found.sure:
        return "review", f", surely a pair, while {', '.join(objects)} objects"
    return "keep", ""


def _said(fit: Fit, kin: Kin) -> str:
    """The caption's margin, the node with the least margin, and what a judge said."""
    parts = [f"the caption stands {fit.margin:+.1f} deviations from wrong ones"]
    if against := [n for n in fit.nodes if n.margin is not None]:
        least = min(against, key=lambda n: (n.margin or 0.0, n.node))
        name, rival = (kin.names.get(n, n) for n in (least.node, least.rival))
        parts.append(f"'{name}' {least.margin:+.1f} from '{rival}'")
    return "; ".join([*parts, fit.note] if fit.note else parts)


def _row(sample_id: str, verdict: str, reason: str, value: float | None) -> dict[str, Any]:
    return {
        "sample_id": sample_id,
        "stage": 2,
        "rule": ALIGNMENT,
        "verdict": verdict,
        "reason": reason,
        "value": value,
    }
