"""The folder of checkpoints of one training: which may be gone on from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from met_kg.errors import DataProblem, MissingData, UsageProblem
from met_kg.log import Log

__all__ = ["WHOLE", "checkpoint_of", "open_checkpoints"]

#: Written into a checkpoint when it is complete: a kill while it is written leaves it without.
WHOLE: Final = "whole"
_DEPENDS_ON: Final = "depends_on.json"
_FEW: Final = 5


def open_checkpoints(folder: Path, depends_on: Mapping[str, Any], log: Log, *, step: int | None = None) -> None:
    """Make the folder ready: whole checkpoints of this very training stay, up to ``step`` if it is given.

    Others are removed, unless a step is asked for: then nothing is, and it is said what is wrong.

    Parameters
    ----------
    depends_on
        all that decides the outcome of the training; it is kept in the folder.

    Raises
    ------
    MissingData
        when there is no checkpoint of that step.
    UsageProblem
        when the checkpoints belong to another training.
    DataProblem
        when the checkpoint was not written to its end.
    """
    now = json.loads(json.dumps(depends_on))
    marker = folder / _DEPENDS_ON
    asked = checkpoint_of(folder, step) if step is not None else None
    if asked is not None and not asked.is_dir():
        steps = ", ".join(str(_step(path)) for path in _found(folder)) or "none"
        raise MissingData(f"there is no checkpoint of step {step}", where=str(folder), hint=f"there are: {steps}")
    if folder.is_dir() and (other := sorted(_differences(_read(marker), now))):
        shown = ", ".join(other[:_FEW]) + (" ..." if len(other) > _FEW else "")
        if asked is not None:
            raise UsageProblem(f"the checkpoints belong to another training: {shown} differ", where=str(folder))
        log.info(f"  earlier checkpoints belong to another training ({shown} differ): starting anew")
        shutil.rmtree(folder)
    if asked is not None and not (asked / WHOLE).is_file():
        raise DataProblem("the checkpoint was not written to its end", where=str(asked), hint="take an earlier one")
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(json.dumps(now, indent=1, sort_keys=True), encoding="utf-8")
    for path in _found(folder):
        if not (path / WHOLE).is_file() or (step is not None and _step(path) > step):
            shutil.rmtree(path)


def checkpoint_of(folder: Path, step: int | None) -> Path | None:
    """The checkpoint of a step, None: the latest; None when there is none."""
    if step is not None:
        return folder / f"checkpoint-{step}"
    found = _found(folder)
    return found[-1] if found else None


def _found(folder: Path) -> list[Path]:
    return sorted((p for p in folder.glob("checkpoint-*") if p.name.rpartition("-")[2].isdigit()), key=_step)


def _step(path: Path) -> int:
    return int(path.name.rpartition("-")[2])


def _read(marker: Path) -> dict[str, Any]:
    try:
        found = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Dotted names of what is not the same."""
    for key in before.keys() | now.keys():
        one, other = before.get(key), now.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from _differences(one, other, f"{prefix}{key}.")
        elif one != other:
            yield f"{prefix}{key}"
