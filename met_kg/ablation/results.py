"""From the answers of all trainings to accuracies, paired differences, and a table that says what was not found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from met_kg.ablation.cell import PROTOCOL, Cell
from met_kg.ablation.inputs import CHOICES, HELD_OUT, Inputs, Test
from met_kg.ablation.settings import Ablation
from met_kg.errors import DataProblem
from met_kg.evaluation.aggregate import clusters_of
from met_kg.evaluation.baselines import baselines
from met_kg.evaluation.compare import p_value
from met_kg.statistics import accuracy_interval, crossed_interval, holm, swapped_clusters

__all__ = ["accuracy", "analyse", "as_markdown", "conclusion"]

#: Below this, after Holm's correction, a difference counts as found.
_ALPHA: Final = 0.05
_METHOD: Final = (
    "Mean over seeds; 95 % intervals by a bootstrap that resamples seeds and clusters (patients or documents; a "
    "benchmark's images) together. p: signs of the differences flipped by cluster, summed over the seeds, two-sided: "
    "for these seeds and no others; Holm over all comparisons and tests of the table"
)


@dataclass(frozen=True, slots=True)
class _View:
    """Some of a test's questions, shown as one column of the table; ``compared`` ones enter the comparisons."""

    name: str
    title: str
    test: Test
    places: list[int]
    clusters: list[str]
    compared: bool = True


def analyse(plan: Ablation, cells: Sequence[Cell], tests: Mapping[str, Test], inputs: Inputs) -> dict[str, Any]:
    """Accuracies by arm and test, and the planned comparisons, from finished trainings.

    Raises
    ------
    DataProblem
        when a file of answers is damaged.
    """
    items = {(c.arm, c.seed, name): _items(c, test) for c in cells for name, test in tests.items()}
    some = cells[0]
    views = [
        view
        for test in tests.values()
        for view in _views(test, items[some.arm, some.seed, test.name], inputs)
        if view.places
    ]
    right = {
        (arm, view.name): np.array(
            [[bool(items[arm, seed, view.test.name][n]["correct"]) for n in view.places] for seed in plan.all_seeds]
        )
        for arm in plan.arms
        for view in views
    }
    accuracies = [
        {
            "arm": arm,
            "test": view.name,
            **accuracy(right[arm, view.name], view.clusters),
            "by_seed": [round(float(row.mean()), 6) for row in right[arm, view.name]],
        }
        for arm in plan.arms
        for view in views
    ]
    comparisons = [
        {"second": one.second, "first": one.first, "asks": one.asks, "test": view.name}
        | _difference(right[one.first, view.name], right[one.second, view.name], view.clusters)
        for one in plan.comparisons
        for view in views
        if view.compared
    ]
    for row, corrected in zip(comparisons, holm([row["p"] for row in comparisons]), strict=True):
        row["holm_p"] = round(corrected, 6)
        row["conclusion"] = conclusion(row)
    return {
        "protocol": PROTOCOL,
        "budget": {"steps": plan.steps, "batch_size": plan.batch_size, "examples": plan.steps * plan.batch_size},
        "seeds": plan.all_seeds,
        "arms": {name: _arm(name, arm.title, cells) for name, arm in plan.arms.items()},
        "tests": [_told(view) for view in views],
        "accuracies": accuracies,
        "comparisons": comparisons,
        "notes": inputs.notes,
        "method": _METHOD,
    }


def conclusion(row: Mapping[str, Any]) -> str:
    """A comparison in words; one that found nothing says so, and how large a difference it leaves open.

    >>> conclusion({"mean": 0.01, "low": -0.02, "high": 0.04, "holm_p": 0.6})
    'no difference found; from -2.0 to +4.0 points are possible'
    >>> conclusion({"mean": 0.05, "low": 0.01, "high": 0.08, "holm_p": 0.01})
    'second better by 5.0 points'
    >>> conclusion({"mean": 0.05, "low": -0.01, "high": 0.11, "holm_p": 0.01})
    'not settled: these seeds differ (p), other seeds might not (interval)'
    """
    if row["holm_p"] >= _ALPHA:
        return f"no difference found; from {100 * row['low']:+.1f} to {100 * row['high']:+.1f} points are possible"
    if row["low"] <= 0 <= row["high"]:
        return "not settled: these seeds differ (p), other seeds might not (interval)"
    return f"second {'better' if row['mean'] > 0 else 'worse'} by {abs(100 * row['mean']):.1f} points"


def as_markdown(found: Mapping[str, Any]) -> str:
    """The whole as a page."""
    tests, budget = found["tests"], found["budget"]
    names = [test["name"] for test in tests]
    cell = {(row["arm"], row["test"]): row for row in found["accuracies"]}
    lines = [
        "# Ablation",
        "",
        f"{len(found['arms'])} arms, {len(found['seeds'])} seeds; each training {budget['steps']:,} steps of "
        f"{budget['batch_size']} examples ({budget['examples']:,} seen), the same random stand-in in full. "
        f"Protocol {found['protocol']}. Accuracy in per cent, with 95 % intervals.",
        "",
        *_table(
            ["arm", "", *names, "examples of a pass", "last loss"],
            [
                *(
                    [
                        name,
                        arm["title"],
                        *(_share(cell[name, test]) for test in names),
                        f"{arm['examples']:,.0f}",
                        f"{arm['last loss']:.2f}",
                    ]
                    for name, arm in found["arms"].items()
                ),
                *(
                    ["", said, *(f"{100 * test[key]:.1f}" if test[key] is not None else "" for test in tests), "", ""]
                    for key, said in (("majority", "always the most frequent answer"), ("chance", "chance"))
                ),
            ],
        ),
        "",
        *(f"* `{t['name']}`: {t['title']}; {t['questions']:,} questions, {t['clusters']:,} clusters." for t in tests),
        "",
    ]
    if found["comparisons"]:
        lines += ["## Comparisons", "", "Second minus first, in points.", ""]
        lines += _table(
            ["second", "first", "what differs", "test", "difference", "95 % interval", "p", "Holm", "conclusion"],
            [
                [
                    *(row[name] for name in ("second", "first", "asks", "test")),
                    f"{100 * row['mean']:+.1f}",
                    f"{100 * row['low']:+.1f} to {100 * row['high']:+.1f}",
                    p_value(row["p"]),
                    p_value(row["holm_p"]),
                    row["conclusion"],
                ]
                for row in found["comparisons"]
            ],
        )
        count = sum(row["holm_p"] < _ALPHA for row in found["comparisons"])
        lines += ["", f"{count} of {len(found['comparisons'])} comparisons have p below {_ALPHA} after correction."]
        if not count:
            lines += ["", "**A null result: nothing here tells the arms apart.**"]
    else:
        lines += ["No comparison was planned between these arms."]
    lines += ["", f"Method: {found['method']}.", *(f"* {said}" for said in found["notes"])]
    return "\n".join(lines) + "\n"


def _items(cell: Cell, test: Test) -> list[dict[str, Any]]:
    path = cell.folder / "tests" / test.name / "items.jsonl"
    try:
        found = [json.loads(line) for line in path.read_bytes().split(b"\n") if line.strip()]
    except ValueError as problem:
        raise DataProblem(f"the answers are damaged: {problem}", where=str(path), hint="remove its folder") from problem
    if len(found) != len(test.records):
        raise DataProblem(f"{len(found)} answers to {len(test.records)} questions: some have no image", where=str(path))
    return found


def _views(test: Test, items: Sequence[Mapping[str, Any]], inputs: Inputs) -> Iterator[_View]:
    everything = list(range(len(test.records)))
    if test.name in (HELD_OUT, CHOICES):
        groups = [inputs.groups[record["sample_id"]] for record in test.records]
        if test.name == CHOICES:
            title = "the same multiple-choice questions with random wrong answers"
            yield _View(test.name, title, test, everything, groups)
            return
        yield _View(test.name, "held-out items, wrong answers of the tree", test, everything, groups)
        choices = [n for n in everything if test.bench.is_choice(test.records[n])]
        title = "its multiple-choice questions"
        yield _View("tree-options", title, test, choices, [groups[n] for n in choices])
        return
    seen, clusters = set(inputs.seen[test.name]), clusters_of(items)
    rest = [n for n in everything if n not in seen]
    said = "" if not seen else ", those whose image is not in training"
    yield _View(test.name, f"{test.bench.title}{said}", test, rest, [clusters[n] for n in rest])
    title = f"{test.bench.title}, image in training: not compared"
    held = sorted(seen)
    yield _View(f"{test.name}-seen", title, test, held, [clusters[n] for n in held], compared=False)


def accuracy(right: Any, clusters: Sequence[str]) -> dict[str, float]:
    """Mean over seeds and items with its interval; ``right`` is an array of seeds x items."""
    found = crossed_interval(right.tolist(), clusters)
    if right.all() or not right.any():  # resampling cannot tell, and an accuracy lies between 0 and 1
        low, high = accuracy_interval(right[0].tolist(), clusters) or (0.0, 1.0)
        return {**found, "low": low, "high": high}
    return found


def _difference(first: Any, second: Any, clusters: Sequence[str]) -> dict[str, Any]:
    gaps = second.astype(float) - first.astype(float)
    return {
        **crossed_interval(gaps.tolist(), clusters),
        "p": swapped_clusters(first.sum(axis=0).tolist(), second.sum(axis=0).tolist(), clusters),
        "by_seed": [round(float(row.mean()), 6) for row in gaps],
    }


def _arm(name: str, title: str, cells: Sequence[Cell]) -> dict[str, Any]:
    done = [cell.done or {} for cell in cells if cell.arm == name]
    mean = {
        key: float(np.mean([one[key] for one in done])) for key in ("examples of a pass", "first loss", "last loss")
    }
    return {
        "title": title,
        "examples": mean["examples of a pass"],
        "first loss": round(mean["first loss"], 4),
        "last loss": round(mean["last loss"], 4),
    }


def _told(view: _View) -> dict[str, Any]:
    beside = baselines(view.test.bench, [view.test.records[n] for n in view.places], protocol=PROTOCOL)
    return {
        "name": view.name,
        "title": view.title,
        "questions": len(view.places),
        "clusters": len(set(view.clusters)),
        "compared": view.compared,
        "majority": beside["majority"],
        "chance": beside["chance"],
    }


def _share(row: Mapping[str, Any]) -> str:
    return f"{100 * row['mean']:.1f} [{100 * row['low']:.1f}, {100 * row['high']:.1f}]"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    shown = [[cell.replace("|", "\\|") for cell in row] for row in (head, *rows)]
    said = ["| " + " | ".join(row) + " |" for row in shown]
    return [said[0], "|" + "---|" * len(head), *said[1:]]
