"""The notebook runs on a run."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

BOOK = Path(__file__).parents[2] / "notebooks" / "look_at_a_run.ipynb"


def test_the_notebook_runs_and_shows_tables(small_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MET_RUN", str(small_run))
    book = nbformat.read(BOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in book.cells), "outputs are not committed"
    NotebookClient(book, timeout=120, resources={"metadata": {"path": str(BOOK.parent)}}).execute()
    shown = [out for cell in book.cells for out in cell.get("outputs", [])]
    assert any("text/html" in out.get("data", {}) for out in shown)
