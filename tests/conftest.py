"""Fixtures that several rooms share."""

from __future__ import annotations

from pathlib import Path

import pytest

from met_kg import paths


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The data packs; a test that needs them is skipped, saying so, where they are absent."""
    root = paths.data_root()
    if root is None or not root.is_dir():
        pytest.skip("needs the data packs: set MET_DATA or lay them in ../shared/data")
    return root
