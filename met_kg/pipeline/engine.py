"""Run the steps of a recipe in a run directory.

Each step works in ``.work/<step>/`` and its outputs are moved into place only when it is done; then its state is
written to ``.state/<step>.json`` with the hash of everything it depended on and of everything it made. A step whose
state still holds is skipped. A run that is killed leaves either the old or the new outputs and no state: the next run
does that step again (a step may keep its own checkpoints in its work folder) and ends with the same bytes.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from met_kg.errors import StoreLocked, UnknownName, UsageProblem
from met_kg.graph.store import Graph
from met_kg.log import Log
from met_kg.pipeline.disk import plain_disk_errors
from met_kg.pipeline.fingerprint import code_hash, hash_input, hash_json, hash_path, library_versions
from met_kg.records import Quarantined
from met_kg.report.summary import said

if TYPE_CHECKING:
    from met_kg.pipeline.recipe import Recipe

__all__ = ["Context", "Step", "run_steps"]


@dataclass(slots=True)
class Context:
    """What a step is given: where earlier outputs lie, where its own go, its settings, and a place to count."""

    run: Path
    work: Path
    recipe: Recipe
    log: Log
    counts: dict[str, Any] = field(default_factory=dict)
    quarantined: list[Quarantined] = field(default_factory=list)

    def out(self, relative: str) -> Path:
        """Where to write an output (its folder exists)."""
        path = self.work / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def graph(self) -> Graph:
        """The run's store, to read."""
        return Graph.open(self.run / "store")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it reads and makes (run-relative), which room's code it is, and the function that does it."""

    name: str
    room: str
    needs: tuple[str, ...]
    makes: tuple[str, ...]
    do: Callable[[Context], None]
    #: The part of the recipe it depends on.
    settings: Callable[[Recipe], Any]
    #: Files outside the run that it reads.
    inputs: Callable[[Recipe], Sequence[Path]] = lambda recipe: ()
    #: What is to be saved of the last run's outputs before anything is compared or made.
    prepare: Callable[[Path], None] = lambda run: None
    #: Named graph -> file it is loaded from, for steps that make graphs.
    graphs: tuple[tuple[str, str], ...] = ()
    #: Whether the work folder survives a kill (the step resumes from its own checkpoints).
    resumes: bool = False
    #: Whether it reads ``manifest.json``, which is then written before it too.
    reads_manifest: bool = False
    #: Steps that a recipe can leave out say so here.
    wanted: Callable[[Recipe], bool] = lambda recipe: True


def run_steps(
    steps: Sequence[Step],
    recipe: Recipe,
    run: Path,
    log: Log,
    *,
    start: str | None = None,
    until: str | None = None,
    force: bool = False,
) -> dict[str, Any]:
    """Run the wanted steps and write the manifest; returns the manifest.

    Parameters
    ----------
    start
        redo from this step on; the steps before must be done already.
    until
        stop after this step.
    force
        redo every step even if nothing changed.
    """
    names = [s.name for s in steps]
    for name in (start, until):
        if name is not None and name not in names:
            raise UnknownName("step", name, names)
    first = names.index(start) if start else 0
    last = names.index(until) if until else len(names) - 1
    if last < first:
        raise UsageProblem(f"step '{until}' comes before step '{start}'", hint="swap --from and --until")
    run.mkdir(parents=True, exist_ok=True)
    with _locked(run), plain_disk_errors(run):
        recipe.save(run / "recipe.yaml")
        for number, step in enumerate(steps[: last + 1]):
            if not step.wanted(recipe):
                continue
            step.prepare(run)
            key = _key(step, recipe, run)
            state = _state(run, step)
            if number < first:
                if state is None:
                    raise UsageProblem(
                        f"step '{step.name}' has not been run", where=str(run), hint="start from an earlier step"
                    )
                continue
            redo = force or start is not None
            if not redo and state is not None and state["key"] == key and _outputs(step, run) == state["outputs"]:
                log.info(f"{step.name}: unchanged")
                _sync_store(step, run)
                continue
            if step.reads_manifest:
                _write_manifest(steps, recipe, run)
            _do(step, recipe, run, key, log)
        return _write_manifest(steps, recipe, run)


def _do(step: Step, recipe: Recipe, run: Path, key: str, log: Log) -> None:
    work = run / ".work" / step.name
    marker = work / ".key"
    if not (step.resumes and marker.is_file() and marker.read_text() == key):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        marker.write_text(key)
    log.info(f"{step.name} ...")
    started, clock = time.time(), time.monotonic()
    context = Context(run, work, recipe, log)
    step.do(context)
    _write_quarantine(context, step)
    (run / ".state" / f"{step.name}.json").unlink(missing_ok=True)
    for made in (*step.makes, f"quarantine/{step.name}.parquet"):
        _move(work / made, run / made)
    state = {
        "key": key,
        "outputs": _outputs(step, run),
        "counts": context.counts,
        "started": started,
        "seconds": round(time.monotonic() - clock, 2),
    }
    _write_json(run / ".state" / f"{step.name}.json", state)
    _sync_store(step, run)
    shutil.rmtree(work, ignore_errors=True)
    log.info(f"{step.name}: {said(context.counts)} ({state['seconds']} s)")


def _key(step: Step, recipe: Recipe, run: Path) -> str:
    return hash_json(
        {
            "step": step.name,
            "settings": step.settings(recipe),
            "seed": recipe.seed,
            "needs": {name: hash_path(run / name) for name in step.needs},
            "inputs": {_shown(path): hash_input(path) for path in step.inputs(recipe)},
            "code": code_hash(step.room),
            "libraries": library_versions(),
        }
    )


def _outputs(step: Step, run: Path) -> dict[str, str]:
    return {made: hash_path(run / made) for made in (*step.makes, f"quarantine/{step.name}.parquet")}


def _state(run: Path, step: Step) -> dict[str, Any] | None:
    path = run / ".state" / f"{step.name}.json"
    if not path.is_file():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError:
        return None  # torn by a crash: the step is done again
    return found


def _move(source: Path, target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    if not source.exists():
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def _sync_store(step: Step, run: Path) -> None:
    """Load the step's graphs into the store unless exactly these files are in it already."""
    if not step.graphs:
        return
    record = run / ".state" / "store.json"
    loaded: dict[str, str] = json.loads(record.read_text()) if record.is_file() and (run / "store").is_dir() else {}
    wanted = {graph: hash_path(run / file) for graph, file in step.graphs}
    stale = {graph: file for graph, file in step.graphs if loaded.get(graph) != wanted[graph]}
    if not stale:
        return
    for graph in stale:
        loaded.pop(graph, None)
    _write_json(record, loaded)  # before the store changes: a kill while loading leaves the graph marked as not loaded
    with Graph.open(run / "store", read_only=False) as store:
        for graph, file in stale.items():
            store.load_file(graph, run / file)
        store.store.flush()
        store.store.optimize()
    _write_json(record, loaded | wanted)


def _write_quarantine(context: Context, step: Step) -> None:
    from met_kg import tables

    rows = [
        {"source": q.source, "where": q.where, "reason": q.reason, "content": q.content[:500]}
        for q in context.quarantined
    ]
    tables.write("quarantine", tables.frame("quarantine", rows), context.out(f"quarantine/{step.name}.parquet"))
    if rows:
        context.counts["quarantined"] = len(rows)


def _write_manifest(steps: Sequence[Step], recipe: Recipe, run: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = {
        "run": recipe.name,
        "seed": recipe.seed,
        "recipe_sha256": hash_path(run / "recipe.yaml"),
        "versions": library_versions(),
        "steps": {},
        "timestamps": {},
    }
    for step in steps:
        state = _state(run, step)
        if state is None or not step.wanted(recipe):
            continue
        manifest["steps"][step.name] = {
            "key": state["key"],
            "inputs": {_shown(path): hash_input(path) for path in step.inputs(recipe)},
            "needs": {name: hash_path(run / name) for name in step.needs},
            "outputs": state["outputs"],
            "counts": state["counts"],
        }
        manifest["timestamps"][step.name] = {"started": state["started"], "seconds": state["seconds"]}
    _write_json(run / "manifest.json", manifest)
    return manifest


def _shown(path: Path) -> str:
    """A path as the manifest names it: under MET_DATA where it lies there, so that machines can be compared."""
    from met_kg.paths import DATA_VARIABLE, SHIPPED, data_root, shipped

    root = data_root()
    if root is not None and path.is_relative_to(root):
        return "${" + DATA_VARIABLE + "}/" + path.relative_to(root).as_posix()
    if path.is_relative_to(shipped()):
        return SHIPPED + path.relative_to(shipped()).as_posix()
    return str(path)


def _write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(path.suffix + ".new")
    fresh.write_text(json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(path)


@contextmanager
def _locked(run: Path) -> Iterator[None]:
    """One process works on a run at a time."""
    path = run / ".state" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise StoreLocked(
                "another process works on this run", where=str(run), hint="wait for it, or give another --out"
            ) from problem
        yield
