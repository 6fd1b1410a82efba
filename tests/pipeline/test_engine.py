"""The engine with small steps of its own: cache, resumption after a kill, store loading, locks, bad disks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from met_kg.errors import StoreLocked, UnknownName, UsageProblem
from met_kg.graph.store import Graph
from met_kg.log import silent
from met_kg.pipeline import fingerprint
from met_kg.pipeline.engine import Context, Step, run_steps
from met_kg.pipeline.fingerprint import hash_path
from met_kg.records import Quarantined


@dataclass
class ToyRecipe:
    """As much of a recipe as the engine looks at."""

    seed: int = 1
    name: str = "toy"
    word: str = "hello"

    def save(self, path: Path) -> None:
        path.write_text(f"word: {self.word}\n")


def first(ctx: Context) -> None:
    ctx.out("a.txt").write_text(ctx.recipe.word)
    ctx.out("graph/tree.nt").write_text(
        f'<http://e/a> <http://www.w3.org/2000/01/rdf-schema#label> "{ctx.recipe.word}" .\n'
    )
    ctx.quarantined.append(Quarantined("toy", "line 1", "broken"))
    ctx.counts["letters"] = len(ctx.recipe.word)


def second(ctx: Context) -> None:
    with ctx.graph() as graph:
        labels = [row["l"] for row in graph.rows_of("SELECT ?l { ?s rdfs:label ?l }")]
    ctx.out("folder/b.txt").write_text(" ".join(map(str, labels)) + (ctx.run / "a.txt").read_text())


STEPS = (
    Step(
        "first",
        "graph",
        (),
        ("a.txt", "graph/tree.nt"),
        first,
        lambda r: r.word,
        graphs=(("metg:tree", "graph/tree.nt"),),
    ),
    Step("second", "graph", ("a.txt",), ("folder",), second, lambda r: None),
)


class Said:
    """A log that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, text: str) -> None:
        self.lines.append(text)


def run(tmp_path: Path, **options):  # type: ignore[no-untyped-def]
    said = Said()
    word = options.pop("word", "hello")
    manifest = run_steps(STEPS, ToyRecipe(word=word), tmp_path / "run", said, **options)  # type: ignore[arg-type]
    return manifest, said.lines


def test_a_second_run_does_nothing_and_a_change_redoes_what_depends_on_it(tmp_path: Path) -> None:
    manifest, _ = run(tmp_path)
    assert (tmp_path / "run/folder/b.txt").read_text() == "hellohello"
    assert manifest["steps"]["first"]["counts"] == {"letters": 5, "quarantined": 1}
    again, lines = run(tmp_path)
    assert lines == ["first: unchanged", "second: unchanged"]
    assert again == manifest
    _, lines = run(tmp_path, word="bye")
    assert lines[0] == "first ..." and (tmp_path / "run/folder/b.txt").read_text() == "byebye"


def test_a_damaged_output_is_made_again(tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / "run/a.txt").write_text("tampered")
    _, lines = run(tmp_path)
    assert lines[0] == "first ..." and lines[-1] == "second: unchanged"


def test_a_deleted_store_is_loaded_again(tmp_path: Path) -> None:
    import shutil

    run(tmp_path)
    shutil.rmtree(tmp_path / "run/store")
    run(tmp_path)
    with Graph.open(tmp_path / "run/store") as graph:
        assert len(graph) == 1


def test_from_and_until(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="'first' has not been run"):
        run(tmp_path, start="second")
    _, lines = run(tmp_path, until="first")
    assert not (tmp_path / "run/folder").exists()
    _, lines = run(tmp_path, start="second")
    assert lines[0] == "second ..."
    with pytest.raises(UnknownName, match="first"):
        run(tmp_path, until="frist")
    with pytest.raises(UsageProblem, match="comes before"):
        run(tmp_path, start="second", until="first")


def test_one_process_at_a_time(tmp_path: Path) -> None:
    import fcntl

    run(tmp_path)
    with (tmp_path / "run/.state/lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(StoreLocked, match="another process works on this run"):
            run(tmp_path)


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
import test_engine as t
from met_kg.pipeline import engine
from met_kg.log import silent
point, out = sys.argv[1], Path(sys.argv[2])
original = getattr(engine, point)
def dies(*a, **k):
    if point == "_sync_store" or "second" in str(a):
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*a, **k)
setattr(engine, point, dies)
t.run_steps(t.STEPS, t.ToyRecipe(), out, silent)
"""


@pytest.mark.parametrize("point", ["_move", "_write_json", "_sync_store", "_write_quarantine"])
def test_a_killed_run_ends_as_if_it_had_not_been(tmp_path: Path, point: str) -> None:
    run(tmp_path)
    script = tmp_path / "killed.py"
    script.write_text(textwrap.dedent(KILLED.format(tests=str(Path(__file__).parent))))
    killed = tmp_path / "killed"
    done = subprocess.run(
        [sys.executable, str(script), point, str(killed)], check=False, env=os.environ | {"PYTHONPATH": "."}
    )
    assert done.returncode == -9
    manifest = run_steps(STEPS, ToyRecipe(), killed, silent)  # type: ignore[arg-type]
    whole = json.loads((tmp_path / "run/manifest.json").read_text())
    assert {k: v for k, v in manifest.items() if k != "timestamps"} == {
        k: v for k, v in whole.items() if k != "timestamps"
    }
    for made in ("a.txt", "folder", "graph", "quarantine"):
        assert hash_path(killed / made) == hash_path(tmp_path / "run" / made)
    with Graph.open(killed / "store") as graph:
        assert len(graph) == 1


def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    import errno

    from met_kg.errors import MetError

    def full(ctx: Context) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    steps = (Step("full", "graph", (), ("a",), full, lambda r: None),)
    with pytest.raises(MetError, match="the disk is full"):
        run_steps(steps, ToyRecipe(), tmp_path / "run", silent)  # type: ignore[arg-type]


def test_a_change_in_any_file_of_steps_does_the_steps_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "met_kg"
    shutil.copytree(fingerprint._PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__", "_data"))
    monkeypatch.setattr(fingerprint, "_PACKAGE", package)
    seen = [fingerprint.code_hash.__wrapped__("tree")]
    for name in ("steps", "tree_steps", "sample_steps"):
        with (package / "pipeline" / f"{name}.py").open("a") as file:
            file.write("# changed\n")
        seen.append(fingerprint.code_hash.__wrapped__("tree"))
    assert len(set(seen)) == 4
