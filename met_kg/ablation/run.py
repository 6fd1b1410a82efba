"""An ablation from its plan to its table: every arm with every seed, each once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from met_kg.ablation.cell import Cell, make_cell, run_cell
from met_kg.ablation.inputs import prepare, tests_of
from met_kg.ablation.results import analyse, as_markdown
from met_kg.ablation.settings import Ablation
from met_kg.errors import MetError, UsageProblem
from met_kg.evaluation.records import write_metrics
from met_kg.log import Log
from met_kg.paths import expand_path
from met_kg.pipeline.fingerprint import library_versions

__all__ = ["ablate"]


def ablate(plan: Ablation, out: Path, log: Log) -> dict[str, Any]:
    """Train and test what is not done yet, and write ``ablation.json``, ``ablation.md`` and ``manifest.json``.

    Raises
    ------
    UsageProblem
        when no run is named.
    MetError
        when a training or its tests failed, once the others are done: no table is written then.
    """
    if plan.run is None:
        raise UsageProblem("no run is named", where="run", hint="give its folder with --run, or in the YAML file")
    started = datetime.now(UTC)
    run = expand_path(plan.run).resolve()
    out = out.resolve()
    tests, notes = tests_of(plan, run, out)
    log.info(f"tests: {', '.join(f'{name} {len(test.records):,}' for name, test in tests.items())} questions")
    inputs = prepare(plan, run, out, tests, notes, log)
    cells = [
        make_cell(plan, name, arm, seed, inputs, list(tests.values()), out)
        for seed in plan.all_seeds
        for name, arm in plan.arms.items()
    ]
    open_ones = [cell for cell in cells if cell.done is None]
    log.info(f"{len(cells)} trainings, {len(cells) - len(open_ones)} of them done already")
    failed = []
    for number, (cell, problem) in enumerate(_all(open_ones, plan.processes), start=1):
        log.info(f"  {number} of {len(open_ones)}: {cell.name}: {problem or 'done'}")
        if problem:
            failed.append(f"{cell.name}: {problem}")
    if failed:
        raise MetError(
            f"{len(failed)} of {len(cells)} trainings failed: {'; '.join(failed)}",
            hint="the same command goes on with those that are not done",
        )
    found = analyse(plan, cells, tests, inputs)
    write_metrics(found, out / "ablation.json")
    (out / "ablation.md").write_text(as_markdown(found), encoding="utf-8")
    manifest = {
        "run": run.name,
        "plan": plan.model_dump(mode="json", exclude={"run", "benchmarks", "processes"}),
        "seeds": plan.all_seeds,
        "inputs": dict(inputs.hashes),
        "counts": dict(inputs.counts)
        | {"trainings": len(cells), "tests": {n: len(t.records) for n, t in tests.items()}},
        "versions": library_versions(),
        "cells": {cell.name: cell.key for cell in cells},
        "timestamps": {
            "started": started.isoformat(timespec="seconds"),
            "ended": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds by training": {cell.name: _seconds(cell) for cell in cells},
        },
    }
    write_metrics(manifest, out / "manifest.json")
    return found


def _seconds(cell: Cell) -> dict[str, float]:
    return {name: value for name, value in (cell.done or {}).items() if name.endswith("seconds")}


def _all(cells: list[Cell], processes: int) -> Iterator[tuple[Cell, str]]:
    """Each cell as it is done, with what went wrong ('' where nothing did)."""
    if processes == 1:
        for cell in cells:
            yield cell, _run(cell)
        return
    # Torch's threads do not live through a fork.
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, max(1, len(cells))), mp_context=fresh) as pool:
        under_way = {pool.submit(_run, cell): cell for cell in cells}
        for future in as_completed(under_way):
            try:
                yield under_way[future], future.result()
            except BrokenProcessPool:
                yield under_way[future], "a process was killed (memory?); lower 'processes'"


def _run(cell: Cell) -> str:
    cell.folder.mkdir(parents=True, exist_ok=True)
    with (cell.folder.parent / f"{cell.folder.name}.log").open("a", encoding="utf-8") as lines:
        try:
            run_cell(cell, Log(lines))
        except MetError as problem:  # one that fails does not stop the others
            return str(problem)
    return ""
