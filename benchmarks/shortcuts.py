"""How far the items of a run are answered without their image: every baseline per type and format, beside chance.

Run: ``python -m benchmarks.shortcuts RUN`` prints what step quality found (``shortcuts.json``: before and after).
``--measure`` measures the items in ``RUN/vqa.parquet`` anew, with solvers learnt on them; any run's table will do, also
one from before there was a step quality. ``--policies`` applies each policy and says what it leaves.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from met_kg import tables
from met_kg.synthesis.quality.context import records
from met_kg.synthesis.quality.control import groups_of
from met_kg.synthesis.quality.measured import Group, Measured
from met_kg.synthesis.quality.options import BASELINES, Policy, ShortcutOptions
from met_kg.synthesis.quality.policy import treat

POLICIES: tuple[Policy, ...] = ("drop", "reweight")


def read_groups(run: Path, table: str, seed: int) -> Iterator[Group]:
    """The items of a run by type and format; columns that an older run lacks have their defaults."""
    items = pd.read_parquet(run / f"{table}.parquet").drop_duplicates("item_id")
    for name, default in (("visual", True), ("weight", 1.0)):
        if name not in items.columns:
            items[name] = default
    samples = tables.read("samples", run / "samples.parquet", ["sample_id", "caption", "group_id"])
    captions = dict(zip(samples["sample_id"], samples["caption"], strict=True))
    group = {s: g or s for s, g in zip(samples["sample_id"], samples["group_id"], strict=True)}
    yield from groups_of(list(records(items)), group, captions, {}, seed)


def figure_rows(figures: Mapping[str, Any]) -> Iterator[list[str]]:
    """One row for each type, format and time."""
    for found in figures["types"]:
        for when in ("before", "after"):
            if found[when]:
                yield _row(found["type"], found["format"], found["visual"], when, found["items"][when],
                           found["chance"][when], found[when])  # fmt: skip


def _row(kind: str, form: str, visual: bool, when: str, count: int, chance: float, of: Mapping[str, Any]) -> list[str]:
    cells = [f"{kind} {form}" + ("" if visual else " (not visual)"), when, f"{count:,}", f"{100 * chance:.1f}"]
    for name in BASELINES:
        cells.append(f"{100 * of[name]['accuracy']:.1f} [{100 * of[name]['low']:.0f}, {100 * of[name]['high']:.0f}]" if name in of else "")  # fmt: skip  # noqa: E501
    return cells


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines])


def measured(groups: Sequence[Group], options: ShortcutOptions) -> Iterator[list[str]]:
    """One row for each type and format, its solvers learnt anew."""
    for group in groups:
        rows = np.arange(len(group), dtype=np.int64)
        weights = np.array([float(item["weight"]) for item in group.items])
        found = group.measure(rows, weights, options, turn=9000)
        figures = found.figures(group.clusters(rows))
        yield _row(group.type, group.format, group.visual, "now", len(group), found.chance, figures)


def policies(groups: Sequence[Group], options: ShortcutOptions) -> Iterator[list[str]]:
    """What each policy leaves of each visual type and format, measured with folds that it has not seen."""
    total = dict.fromkeys(POLICIES, 0.0)
    for group in (g for g in groups if g.visual):
        for policy in POLICIES:
            outcome = treat(group, policy, options)
            total[policy] += outcome.effective
            row = [f"{group.type} {group.format}", policy, f"{len(group):,}", f"{outcome.effective:,.0f}"]
            anew = outcome.after
            if len(outcome.rows):
                anew = group.measure(outcome.rows, outcome.weights, options, turn=9000, repeats=2 * options.repeats)
            yield [*row, _above(outcome.before), _above(anew) if len(outcome.rows) else "", outcome.note]
    yield ["all", "", f"{sum(len(g) for g in groups if g.visual):,}", "; ".join(f"{p} {n:,.0f}" for p, n in total.items()), "", "", ""]  # fmt: skip  # noqa: E501


def _above(found: Measured) -> str:
    return f"{100 * found.above('text-only'):+.1f}" if "text-only" in found.solved else ""


def main(given: Sequence[str]) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--table", default="vqa", help="which items: vqa, or drafts")
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--policies", action="store_true")
    parser.add_argument("--seed", type=int, default=13)
    asked = parser.parse_args(given)
    head = ["type", "items of", "number", "chance", *BASELINES]
    if not asked.measure and not asked.policies:
        figures = json.loads((asked.run / "shortcuts.json").read_text(encoding="utf-8"))
        print(table(head, list(figure_rows(figures))))
        return
    groups, options = list(read_groups(asked.run, asked.table, asked.seed)), ShortcutOptions()
    if asked.measure:
        print(table(head, list(measured(groups, options))))
    if asked.policies:
        words = ["type", "policy", "items", "worth", "text-only before", "anew, after", "note"]
        print(table(words, list(policies(groups, options))))


if __name__ == "__main__":
    main(sys.argv[1:])
