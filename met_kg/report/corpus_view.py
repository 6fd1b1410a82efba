"""What the report says of samples, of the filters' decisions, of anchors, and of input set aside."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from met_kg import tables
from met_kg.report.run_data import RunData, records
from met_kg.report.thumbnails import Thumbnails
from met_kg.vocabulary import AXES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["anchors_view", "corpus_view", "filter_view", "quarantine_view"]

_SPLITS: Final = ("train", "validation", "test")
_VERDICTS: Final = ("keep", "flag", "review", "drop")
_DROPPED_SHOWN: Final = 12
_SAMPLES_SHOWN: Final = 12
_EVIDENCE_SHOWN: Final = 6


def corpus_view(data: RunData, thumbnails: Thumbnails) -> dict[str, Any] | None:
    """Samples by source, licence and split, with one picture of each kind; None before that step."""
    samples = data.table("samples")
    if samples is None:
        return None
    sources = []
    for (source, licence), part in samples.groupby(["source", "licence"], sort=True):
        splits = Counter(part["split"])
        sources.append(
            {
                "source": source,
                "licence": licence,
                "samples": len(part),
                "groups": part["group_id"].nunique(),
                "images": int((part["image"] != "").sum()),
                "synthetic": int(part["synthetic"].sum()),
                "splits": [splits[s] for s in _SPLITS],
            }
        )
    pictures = [
        {"picture": thumbnails.of(row["image"], 150), "caption": row["caption"], "source": row["source"]}
        for row in records(_varied(samples, dropped(data)))
    ]
    return {
        "samples": len(samples),
        "groups": samples["group_id"].nunique(),
        "synthetic": int(samples["synthetic"].sum()),
        "splits": [(s, int((samples["split"] == s).sum())) for s in _SPLITS],
        "sources": sources,
        "modalities": Counter(samples.loc[samples["modality"] != "", "modality"]).most_common(8),
        "pictures": pictures,
    }


def dropped(data: RunData) -> set[str]:
    """Samples that a rule drops; all others are kept."""
    decisions = data.table("decisions")
    return set() if decisions is None else set(decisions.loc[decisions["verdict"] == "drop", "sample_id"])


def filter_view(data: RunData, thumbnails: Thumbnails) -> dict[str, Any] | None:
    """The funnel, verdicts by rule with an example, and pictures of what was dropped; None before that step."""
    samples, decisions = data.table("samples"), data.table("decisions")
    if samples is None or decisions is None:
        return None
    drops = decisions[decisions["verdict"] == "drop"]
    first = drops.sort_values(["stage", "rule", "sample_id"]).drop_duplicates("sample_id")
    by_stage = Counter(first["stage"])
    rules: list[dict[str, Any]] = []
    for (stage, rule), part in decisions.groupby(["stage", "rule"], sort=True):
        verdicts = Counter(part["verdict"])
        rules.append(
            {
                "stage": stage,
                "rule": rule,
                "verdicts": [verdicts[v] for v in _VERDICTS],
                "drops": verdicts["drop"],
                "example": _worst(part),
            }
        )
    rules.sort(key=lambda r: (r["stage"], -r["drops"], r["rule"]))
    total = len(samples)
    steps = [("samples in", total)]
    for stage, name in ((1, "after stage 1, rules"), (2, "after stage 2, alignment")):
        if stage in set(decisions["stage"]):
            steps.append((name, steps[-1][1] - by_stage[stage]))
    return {
        "in": total,
        "kept": total - len(first),
        "dropped": len(first),
        "funnel": [{"name": n, "count": c, "share": c / total if total else 0.0} for n, c in steps],
        "verdicts": _VERDICTS,
        "rules": rules,
        "pictures": _dropped_pictures(first, samples, thumbnails),
    }


def anchors_view(data: RunData) -> dict[str, Any] | None:
    """Anchors by axis, polarity and method, with a few pieces of evidence; None before that step."""
    anchors = data.table("anchors")
    if anchors is None:
        return None
    polarities = sorted(set(anchors["polarity"]), key=lambda p: (p != "positive", p))
    table = [
        (axis, [int(((anchors["axis"] == axis) & (anchors["polarity"] == p)).sum()) for p in polarities])
        for axis in AXES
    ]
    varied = anchors.sort_values(["sample_id", "node"]).drop_duplicates(["method", "polarity", "axis"])
    spread = varied.assign(n=varied.groupby(["polarity", "method"]).cumcount()).sort_values(
        ["n", "polarity", "method", "axis"]
    )
    evidence = [
        {
            **{name: row[name] for name in ("node", "axis", "polarity", "method")},
            "label": data.label(row["node"]),
            "evidence": plain_json(row["evidence"]),
        }
        for row in records(spread.head(_EVIDENCE_SHOWN))
    ]
    return {
        "anchors": len(anchors),
        "nodes": anchors["node"].nunique(),
        "samples": anchors["sample_id"].nunique(),
        "polarities": polarities,
        "axes": table,
        "methods": Counter(anchors["method"]).most_common(),
        "assertions": Counter(anchors["assertion"]).most_common(),
        "evidence": evidence,
    }


def quarantine_view(data: RunData) -> list[dict[str, Any]]:
    """Input set aside, by step and reason, with the place of the first."""
    found = []
    for path in sorted((data.run / "quarantine").glob("*.parquet")):
        rows = tables.read("quarantine", path)
        for reason, part in rows.groupby("reason", sort=True):
            one = part.iloc[0]
            found.append(
                {
                    "step": path.stem,
                    "reason": reason,
                    "count": len(part),
                    "source": one["source"],
                    "where": one["where"],
                }
            )
    return sorted(found, key=lambda r: (r["step"], -r["count"], r["reason"]))


def plain_json(text: str) -> str:
    """JSON on one line as a person reads it: ``column: modality; value: CT``; other text as it is.

    >>> plain_json('{"value": "CT", "start": 3}')
    'value: CT; start: 3'
    """
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return text
    if isinstance(found, dict):
        return "; ".join(f"{key}: {value}" for key, value in found.items())
    return json.dumps(found, ensure_ascii=False)


def _worst(part: pd.DataFrame) -> str:
    """The reason that the harshest verdict of a rule gives."""
    said = part[part["reason"] != ""]
    for verdict in reversed(_VERDICTS):
        chosen = said[said["verdict"] == verdict].sort_values("sample_id")
        if len(chosen):
            return str(chosen.iloc[0]["reason"])
    return ""


def _varied(samples: pd.DataFrame, without: set[str]) -> pd.DataFrame:
    """A few samples with images, one of each source and modality in turn."""
    usable = samples[(samples["image"] != "") & ~samples["sample_id"].isin(without)].sort_values("sample_id")
    turn = usable.groupby(["source", "modality"]).cumcount()
    return usable.assign(turn=turn).sort_values(["turn", "source", "modality"]).head(_SAMPLES_SHOWN)


def _dropped_pictures(first: pd.DataFrame, samples: pd.DataFrame, thumbnails: Thumbnails) -> list[dict[str, Any]]:
    """Dropped samples, one of each rule in turn."""
    turn = first.groupby("rule").cumcount()
    chosen = first.assign(turn=turn).sort_values(["turn", "stage", "rule"]).head(_DROPPED_SHOWN)
    of_samples = samples[["sample_id", "image", "caption"]]
    shown = chosen.merge(of_samples, on="sample_id").sort_values(["stage", "rule", "turn"])
    return [
        {
            "picture": thumbnails.of(row["image"], 150),
            **{name: row[name] for name in ("rule", "reason", "caption")},
        }
        for row in records(shown)
    ]
