"""Same recipe and seed, same bytes: elsewhere, again, and after SIGKILL in three steps."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from pathlib import Path

import pytest
from small_recipe import MET, met, small

#: Files that hold times, or are a database's own.
OWN = {".state", ".work", "store", "manifest.json"}


def hashes(run: Path) -> dict[str, str]:
    return {
        str(f.relative_to(run)): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in sorted(run.rglob("*"))
        if f.is_file() and f.relative_to(run).parts[0] not in OWN
    }


def kill_in(step: str, cwd: Path) -> None:
    """Start the run and kill it, and all it started, when it says that it begins a step."""
    with subprocess.Popen(
        [*MET, *small("--out", "killed")],
        cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1, start_new_session=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:  # fmt: skip
        assert process.stdout
        for line in process.stdout:
            if line.startswith(f"{step} ..."):
                os.killpg(process.pid, signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_a_run_that_was_killed_three_times_ends_with_the_same_bytes(small_run: Path, tmp_path: Path) -> None:
    for step in ("retrieve", "export", "train"):
        kill_in(step, tmp_path)
    done = met(*small("--out", "killed"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "synthesize: unchanged" in done.stderr
    assert hashes(tmp_path / "killed") == hashes(small_run)


def test_a_second_run_does_nothing_and_a_change_only_what_follows(small_run: Path, tmp_path: Path) -> None:
    before = hashes(small_run)
    done = met(*small("--out", str(small_run)), cwd=tmp_path)
    said = [line for line in done.stderr.splitlines() if line.endswith(": unchanged")]
    assert done.returncode == 0 and len(said) == 12
    assert hashes(small_run) == before
    done = met(*small("--out", str(small_run), "--set", "synthesize.per_sample=4", "--until", "retrieve"), cwd=tmp_path)
    assert done.returncode == 0 and all(line.endswith("unchanged") for line in done.stderr.splitlines())
