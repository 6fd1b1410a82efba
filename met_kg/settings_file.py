"""Settings in a YAML file of a user's own: a mapping, whose relative paths are meant from the file's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from met_kg.errors import MissingData, RecipeProblem

__all__ = ["beside", "read_settings"]


def read_settings(path: Path, what: str) -> dict[str, Any]:
    """The settings as they stand; ``what`` they are, for messages ("training configuration").

    Raises
    ------
    MissingData
        when there is no such file.
    RecipeProblem
        when it is no YAML, or no mapping.
    """
    if not path.is_file():
        raise MissingData(f"the {what} is not there", where=str(path))
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise RecipeProblem(str(path), [f"{path}: not YAML: {' '.join(str(problem).split())}"]) from problem
    if not isinstance(values, dict):
        raise RecipeProblem(str(path), [f"{path}: the {what} must be a mapping of settings"])
    return values


def beside(text: str, folder: Path) -> str:
    """A path as it is meant from a folder; what begins with a variable or an address stays.

    >>> beside("run", Path("/plans")), beside("${MET_DATA}/x", Path("/plans"))
    ('/plans/run', '${MET_DATA}/x')
    """
    return text if text.startswith("$") or "://" in text else str(folder / Path(text).expanduser())
