"""One file per reader; each offers ``Options`` (a model of its recipe options) and ``read(spec, options, place)``.

Readers are found by file name: a new one needs no registration. They are imported when a recipe names them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from met_kg.errors import UnknownName
from met_kg.records import Quarantined

if TYPE_CHECKING:
    from met_kg.corpus.spec import CorpusSpec

__all__ = ["Place", "Reader", "ReaderOptions", "Row", "Shares", "find", "names"]

#: One row of table 'samples', without its split.
Row = dict[str, Any]


class Shares(BaseModel):
    """Shares of the groups that go into each split; they add up to 1."""

    model_config = ConfigDict(extra="forbid")

    train: float = Field(default=0.8, ge=0, le=1)
    validation: float = Field(default=0.1, ge=0, le=1)
    test: float = Field(default=0.1, ge=0, le=1)

    @model_validator(mode="after")
    def _add_up(self) -> Shares:
        if abs(self.train + self.validation + self.test - 1) > 1e-6:
            raise ValueError("the shares of train, validation and test must add up to 1")
        return self


class ReaderOptions(BaseModel):
    """What every reader takes."""

    model_config = ConfigDict(extra="forbid")

    split: Shares = Shares()
    limit: int | None = Field(default=None, ge=1, description="records to read, from the start")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader works: folder of rendered images, base of relative paths, seed; folder of what it reports."""

    images_dir: Path
    base: Path
    seed: int
    reports: Path | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader: its options model and its function."""

    name: str
    options: type[ReaderOptions]
    read: Callable[[CorpusSpec, Any, Place], Iterator[Row | Quarantined]]


def names() -> list[str]:
    """All readers, as recipes name them."""
    return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__))


def find(name: str) -> Reader:
    """The reader of a name.

    Raises
    ------
    UnknownName
        when there is none.
    """
    if name not in names():
        raise UnknownName("reader", name, names())
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return Reader(name, module.Options, module.read)
