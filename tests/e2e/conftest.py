"""One small whole run, made as a user makes it, for all end-to-end tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_recipe import met, small


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``runs/quickstart`` in it: the whole engine on a few drawn images."""
    home = tmp_path_factory.mktemp("home")
    done = met(*small("--out", "runs/quickstart"), cwd=home)
    assert done.returncode == 0, done.stdout + done.stderr
    return home / "runs" / "quickstart"
