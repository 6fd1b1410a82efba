"""Stage 2: does the caption fit the image? The aligner is a door in :mod:`met_kg.models.aligner`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from met_kg.corpus.images import open_image
from met_kg.filtering.context import Context
from met_kg.filtering.options import AlignOptions
from met_kg.filtering.profile import ALIGNMENT, Setting
from met_kg.models.aligner import Aligner, Pairs, load_aligner

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["stage2"]


def stage2(
    samples: pd.DataFrame, setting: Setting, context: Context, options: AlignOptions, *, seed: int
) -> Iterator[dict[str, Any]]:
    """One decision row for each sample with image and caption: value is the probability that they belong together.

    Below ``drop_below`` the pair goes (with severity ``flag`` it is only flagged), below ``review_below`` a person
    should look. What is too little to learn from is kept, saying so.
    """
    pairs = samples[(samples["phash"] != "") & (samples["caption"] != "")]
    sizes = pairs["source"].map(pairs["source"].value_counts())
    # What is learnt from one corpus says nothing about a handful of pairs of another.
    few = sizes < options.minimum if options.aligner == "built-in" else sizes < 0
    for sample_id, source, size in zip(pairs["sample_id"][few], pairs["source"][few], sizes[few], strict=True):
        yield _row(
            sample_id, "keep", f"not judged: corpus '{source}' has {size} pairs of {options.minimum} needed", None
        )
    pairs = pairs[~few]
    groups = pairs["group_id"].nunique()
    if groups < options.folds:
        reason = f"not judged: {groups} groups of {options.folds} needed"
        yield from (_row(s, "keep", reason, None) for s in pairs["sample_id"])
        return
    aligner: Aligner = load_aligner(options.aligner, options.model, folds=options.folds, batch_size=options.batch_size)
    context.log.info(f"aligning {len(pairs)} pairs with {aligner.name}")
    fits = aligner.fit(
        Pairs(
            open_image,
            images=[context.path(image) for image in pairs["image"]],
            captions=pairs["caption"].tolist(),
            groups=pairs["group_id"].tolist(),
        ),
        seed=seed,
    )
    drop, review = setting.parameters["drop_below"], setting.parameters["review_below"]
    for sample_id, fit in zip(pairs["sample_id"], fits, strict=True):
        said = (
            f"{aligner.name}: the caption fits better than {fit.beats:.0%} of other captions, p = {fit.probability:.2f}"
        )
        verdict = "keep"
        if fit.probability < drop:
            verdict = setting.severity
        elif fit.probability < review:
            verdict = "review"
        yield _row(sample_id, verdict, said, round(fit.probability, 4))


def _row(sample_id: str, verdict: str, reason: str, value: float | None) -> dict[str, Any]:
    return {
        "sample_id": sample_id,
        "stage": 2,
        "rule": ALIGNMENT,
        "verdict": verdict,
        "reason": reason,
        "value": value,
    }
