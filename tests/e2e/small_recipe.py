"""The small recipe of the end-to-end tests, and the command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SMALL = {
    "corpus.0.options.count": "24",
    "train.pretrain_steps": "3",
    "train.settings.max_steps": "2",
    "train.settings.save_steps": "1",
    "eval.limit": "4",
}
MET = [sys.executable, "-m", "met_kg.cli"]


def met(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return subprocess.run(
        [*MET, *arguments], capture_output=True, text=True, check=False, cwd=cwd, env=os.environ | (env or {})
    )


def small(*more: str) -> list[str]:
    """Arguments of ``met run`` for the small recipe."""
    settings = [f"--set={key}={value}" for key, value in SMALL.items()]
    return ["run", "quickstart", *settings, *more]
