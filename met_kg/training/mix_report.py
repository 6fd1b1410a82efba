"""What a mix came to, by kind, branch, node and the rest: wanted, drawn, and why short."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from met_kg import tables
from met_kg.training.examples import Example
from met_kg.training.mix import Mix
from met_kg.training.mix_plot import MIX_PLOT_FILE, write_mix_plot
from met_kg.training.mix_settings import MixSettings

__all__ = ["MIX_FILE", "SUMMARY_FILE", "mix_lines", "mix_sentence", "mix_table", "write_mix"]

MIX_FILE: Final = "mix.parquet"
SUMMARY_FILE: Final = "mix.json"
#: What is told: name, column of the ledger, and of what kind of example ('' of all).
_FACETS: Final = (
    ("kind", "kind", ""),
    ("caption level", "level", "caption"),
    ("hard distractors", "hard", "vqa"),
    ("format", "format", "vqa"),
    ("difficulty", "difficulty", "vqa"),
    ("level", "level", "vqa"),
    ("axis", "axis", "vqa"),
    ("type", "type", "vqa"),
    ("depth", "depth", "vqa"),
    ("branch", "branch", "vqa"),
    ("node", "node", "vqa"),
)
#: Rows of a facet that a terminal shows.
_SHOWN: Final = 12
#: Less is not short: it is rounding.
_ROUNDING: Final = 0.5


def mix_table(mix: Mix, kept: Sequence[Example], settings: MixSettings) -> pd.DataFrame:
    """A row for each value of each facet, as table ``mix``: what there was, was wanted and is trained on.

    Parameters
    ----------
    kept
        the examples of the mix that can be trained on, each as often as it comes.
    """
    often = Counter(e.id for e in kept)
    here = mix.ledger["reason"] == ""
    ledger = mix.ledger.assign(kept=mix.ledger["id"].map(often).fillna(0), available=here.astype(int))
    ledger["natural"] *= here
    ledger["hard"] = ledger["hard"].map({True: "hard", False: "other"}) if settings.hard_share is not None else ""
    rows = [row for facet in _FACETS for row in _rows(ledger, *facet, mix.labels, settings.most_repeats)]
    return tables.frame("mix", rows)


def _rows(
    ledger: pd.DataFrame, facet: str, column: str, kind: str, labels: dict[str, str], repeats: float
) -> Iterator[dict[str, Any]]:
    part = ledger[(ledger["kind"] == kind) & (ledger[column] != "")] if kind else ledger
    sums = part.groupby(column)[["available", "natural", "wanted", "expected", "drawn", "kept"]].sum()
    whole = sums.sum()
    left_out: dict[str, list[str]] = {}
    reasons = part[part["reason"] != ""].groupby([column, "reason"]).size().reset_index(name="count")
    for value, reason, count in zip(reasons[column], reasons["reason"], reasons["count"], strict=True):
        left_out.setdefault(str(value), []).append(f"{count}: {reason}")
    for value, row in zip(map(str, sums.index), sums.to_dict("records"), strict=True):
        yield {
            "facet": facet,
            "value": value,
            "label": labels.get(value, ""),
            "available": int(row["available"]),
            "natural": _share(row["natural"], whole["natural"]),
            "wanted": _share(row["wanted"], whole["wanted"]),
            "drawn": int(row["kept"]),
            "share": _share(row["kept"], whole["kept"]),
            "why_short": "; ".join(_why_short(facet, row, repeats)),
            "left_out": "; ".join(left_out.get(value, ())),
        }


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _why_short(facet: str, row: Mapping[Any, Any], repeats: float) -> Iterator[str]:
    missing = row["wanted"] - row["expected"]
    if missing > _ROUNDING and facet == "branch":
        yield f"has {row['available']:g}, taken {repeats:g} times at most"
    elif missing > _ROUNDING:
        yield f"{missing:.0f} fewer: its branches are short"
    if row["drawn"] > row["kept"]:
        yield f"{row['drawn'] - row['kept']:g} drawn cannot be trained on"


def _left_out(ledger: pd.DataFrame) -> list[tuple[str, int]]:
    return sorted(Counter(ledger.loc[ledger["reason"] != "", "reason"]).items())


def _summary(mix: Mix, table: pd.DataFrame, settings: MixSettings) -> dict[str, Any]:
    """Settings, queries with their hashes, counts with reasons, and the table but for its nodes."""
    facets = {
        str(facet): rows.drop(columns="facet").to_dict("records")
        for facet, rows in table[table["facet"] != "node"].groupby("facet", sort=False)
    }
    return {
        "settings": settings.model_dump(mode="json", exclude_none=True),
        "queries": mix.queries,
        "read": len(mix.ledger),
        "left_out": dict(_left_out(mix.ledger)),
        "pass": len(mix.examples),
        "facets": facets,
    }


def mix_lines(mix: Mix, table: pd.DataFrame) -> Iterator[str]:
    """The mix for a terminal: the largest rows of each facet but ``node``, and what is left out."""
    left = _left_out(mix.ledger)
    out = sum(count for _, count in left)
    yield f"mix: {len(mix.ledger)} examples read, {out} left out, {len(mix.examples)} drawn for a pass"
    for reason, count in left:
        yield f"  {count}: {reason}"
    yield f"{'':<44} {'available':>9} {'natural':>8} {'wanted':>8} {'drawn':>8} {'share':>8}"
    for facet, rows in table[table["facet"] != "node"].groupby("facet", sort=False):
        yield f"{facet}"
        by_size = rows.sort_values(["drawn", "available", "value"], ascending=[False, False, True])
        for row in by_size.head(_SHOWN).to_dict("records"):
            name = f"{row['label']} ({row['value']})" if row["label"] else row["value"]
            shares = f"{row['natural']:>8.1%} {row['wanted']:>8.1%} {row['drawn']:>8} {row['share']:>8.1%}"
            yield f"  {name:<42.42} {row['available']:>9} {shares}  {row['why_short']}".rstrip()
        if len(rows) > _SHOWN:
            rest = by_size.iloc[_SHOWN:]
            yield f"  and {len(rest)} more {'':<31.31} {rest['available'].sum():>9} {'':>17} {rest['drawn'].sum():>8}"
    nodes = table[table["facet"] == "node"]
    if len(nodes):
        drawn = nodes.loc[nodes["drawn"] > 0, "drawn"]
        most = int(drawn.max()) if len(drawn) else 0
        yield f"nodes: {len(drawn)} of {len(nodes)} keys are trained on, {most} times at most; {MIX_FILE} has them all"


def mix_sentence(mix: Mix, kept: Sequence[Example], settings: MixSettings) -> str:
    """The mix in one line, for a card."""
    kinds = Counter(e.kind for e in kept)
    parts = [f"{kinds['vqa']} questions and {kinds['caption']} captions a pass, of {len(mix.ledger)} read"]
    for asked, what in ((settings.slice, "items"), (settings.captions, "captions")):
        parts += [f"{what} by {asked.name}"] if asked is not None else []
    parts += [f"weights by {asked.name}" for asked in settings.weights]
    if settings.hard_share is not None:
        parts.append(f"{settings.hard_share:.0%} of the questions by {settings.hard.name}")
    if settings.temperature != 1:
        parts.append(f"temperature {settings.temperature:g} over {settings.branches.name}")
    if settings.per_node is not None:
        parts.append(f"{settings.per_node} items a key at most")
    if settings.curriculum is not None:
        parts.append(f"in order of {settings.curriculum.by.name}")
    return "; ".join(parts)


def write_mix(mix: Mix, kept: Sequence[Example], settings: MixSettings, folder: Path) -> None:
    """``mix.parquet`` (every facet and node), ``mix.json`` (the summary) and ``mix.svg`` (a drawing)."""
    table = mix_table(mix, kept, settings)
    tables.write("mix", table, folder / MIX_FILE)
    text = json.dumps(_summary(mix, table, settings), indent=1, sort_keys=True, ensure_ascii=False)
    (folder / SUMMARY_FILE).write_text(text + "\n", encoding="utf-8")
    write_mix_plot(table, folder / MIX_PLOT_FILE)
