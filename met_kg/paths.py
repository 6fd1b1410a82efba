"""Where things are: shipped folders (``sparql/``, ``ontology/``, ``pipelines/``), the data packs, a run's images."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Final

from met_kg.errors import MissingData

__all__ = [
    "DATA_VARIABLE",
    "SHIPPED",
    "data_root",
    "expand_path",
    "ontology_dir",
    "pipelines_dir",
    "shipped",
    "sparql_dir",
]

#: Environment variable that names the local mirror of the open sources.
DATA_VARIABLE: Final = "MET_DATA"
#: Start of a path that lies in the package's own folders: ``shipped://pipelines/primer.md``.
SHIPPED: Final = "shipped://"


@lru_cache(maxsize=1)
def shipped() -> Path:
    """The folder that holds ``sparql/``, ``ontology/`` and ``pipelines/``: inside the wheel, or the checkout."""
    inside = Path(__file__).parent / "_data"
    return inside if inside.is_dir() else Path(__file__).parent.parent


def sparql_dir() -> Path:
    """The folder of named queries."""
    return shipped() / "sparql"


def ontology_dir() -> Path:
    """The folder of the project's own ontology."""
    return shipped() / "ontology"


def pipelines_dir() -> Path:
    """The folder of recipes."""
    return shipped() / "pipelines"


def data_root() -> Path | None:
    """The data packs: ``$MET_DATA``, else ``../shared/data`` beside the checkout, else None."""
    named = os.environ.get(DATA_VARIABLE)
    if named:
        return Path(named)
    beside = Path(__file__).parent.parent.parent / "shared" / "data"
    return beside if beside.is_dir() else None


def expand_path(text: str, *, base: Path | None = None) -> Path:
    """A path as recipes and tables write it, made real.

    ``${MET_DATA}/...`` lies in the data packs, ``shipped://...`` in what comes with the package; a relative path lies
    under ``base`` (a recipe's folder, a run).

    Raises
    ------
    MissingData
        when the path needs the data packs and there are none.
    """
    marker = "${" + DATA_VARIABLE + "}"
    if text.startswith(marker):
        root = data_root()
        if root is None:
            raise MissingData(
                f"'{text}' needs the data packs, and {DATA_VARIABLE} is not set",
                hint=f"set {DATA_VARIABLE} to the folder that 'met sources fetch' filled",
            )
        return root / text[len(marker) :].lstrip("/")
    if text.startswith(SHIPPED):
        return shipped() / text.removeprefix(SHIPPED)
    path = Path(text).expanduser()
    return path if path.is_absolute() or base is None else base / path
