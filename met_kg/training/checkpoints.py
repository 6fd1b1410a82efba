"""The folder of checkpoints of one training: which may be gone on from."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from met_kg.log import Log

__all__ = ["WHOLE", "last_checkpoint", "open_checkpoints"]

#: Written into a checkpoint when it is complete: a kill while it is written leaves it without.
WHOLE: Final = "whole"


def open_checkpoints(folder: Path, depends_on: Mapping[str, Any], log: Log) -> None:
    """Make the folder ready: checkpoints of this very training stay; others, and half-written ones, are removed.

    Parameters
    ----------
    depends_on
        all that decides the outcome of the training; its hash is kept in the folder.
    """
    key = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()
    marker = folder / "key"
    if folder.is_dir() and not (marker.is_file() and marker.read_text(encoding="utf-8") == key):
        log.info("  earlier checkpoints belong to another training: starting anew")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(key, encoding="utf-8")
    for path in folder.glob("checkpoint-*"):
        if not (path / WHOLE).is_file():
            shutil.rmtree(path)


def last_checkpoint(folder: Path) -> str | None:
    """The latest checkpoint, None when there is none."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    return str(found[-1]) if found else None
