"""Timing, growth and tables that all benchmarks share."""

from __future__ import annotations

import argparse
import json
import math
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

__all__ = ["Measured", "arguments", "growth", "measure", "report"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Measured:
    """One contender at one size: processor seconds of the quickest of some repeats, and how much work that was."""

    contender: str
    size: int
    seconds: float
    work: int


def measure(contender: str, size: int, act: Callable[[T], int], on: T, *, repeats: int = 3) -> Measured:
    """Processor time (not wall time: other programs run, too) of the quickest ``act(on)``; it returns its work done."""
    best, work = math.inf, 0
    for _ in range(repeats):
        start = time.process_time()
        work = act(on)
        best = min(best, time.process_time() - start)
    return Measured(contender, size, max(best, 1e-9), work)


def growth(rows: Iterable[Measured]) -> float | None:
    """The exponent k of seconds ~ size^k, by least squares on logarithms; None for a single size.

    >>> round(growth([Measured("a", n, 2e-6 * n, n) for n in (10, 100, 1000)]), 3)
    1.0
    """
    points = [(math.log(r.size), math.log(r.seconds)) for r in rows]
    if len(points) < 2:
        return None
    x, y = fmean(p[0] for p in points), fmean(p[1] for p in points)
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def arguments(purpose: str, sizes: Sequence[int]) -> argparse.Namespace:
    """``--sizes`` and ``--out`` from the command line."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(sizes))
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder for the figures as JSON")
    return parser.parse_args()


def report(name: str, unit: str, rows: Sequence[Measured], out: Path, packages: Sequence[str]) -> None:
    """Print a table with the ratio to the first contender and the growth of each, and write it as JSON."""
    from rich.console import Console
    from rich.table import Table

    first = {r.size: r for r in rows if r.contender == rows[0].contender}
    table = Table(title=name)
    for column in ("contender", "size", "seconds", f"{unit} a second", "times as long as ours"):
        table.add_column(column, justify="left" if column == "contender" else "right")
    for r in rows:
        ratio = f"{r.seconds / first[r.size].seconds:.2f}" if r.size in first else ""
        table.add_row(r.contender, f"{r.size:,}", f"{r.seconds:.4g}", f"{r.work / r.seconds:,.0f}", ratio)
    Console().print(table)
    exponents = {c: growth([r for r in rows if r.contender == c]) for c in dict.fromkeys(r.contender for r in rows)}
    for contender, exponent in exponents.items():
        if exponent is not None:
            print(f"{contender}: seconds grow with size to the power {exponent:.2f}")
    figures: dict[str, Any] = {
        "benchmark": name,
        "unit": unit,
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": {p: metadata.version(p) for p in packages},
        "rows": [asdict(r) for r in rows],
        "growth": exponents,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
