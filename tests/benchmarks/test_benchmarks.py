"""Every benchmark runs at a small size and leaves its figures. Nothing is timed here."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: A benchmark of speed has sizes; others measure quality on the data packs.
NAMES = sorted(p.stem for p in (ROOT / "benchmarks").glob("*.py") if "\nSIZES = " in p.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_measures_and_writes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    rows = importlib.import_module(f"benchmarks.{name}").run([100, 200], tmp_path)
    assert {r.size for r in rows} == {100, 200} and all(r.work > 0 for r in rows)
    work = {(r.size, r.contender): r.work for r in rows}
    assert len({w for (size, _), w in work.items() if size == 100}) == 1, "all contenders do the same work"
    figures = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    assert len(figures["rows"]) == len(rows) and len(set(figures["growth"])) >= 2
    assert f"benchmarks.{name}" in sys.modules
