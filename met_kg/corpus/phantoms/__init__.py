"""Schematic medical pictures drawn by the project: one file per kind, each with its drawing and its words.

They are drawings, not images of anybody, and every sample made of them says so (``synthetic``). A kind is found by
its file name; it offers ``KIND``, a :class:`Kind`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from met_kg.errors import UnknownName

__all__ = ["Drawing", "Kind", "Scene", "State", "find", "names"]

#: Grey (rows, columns) or colour (rows, columns, 3) values, 0 to 1.
Drawing = NDArray[np.float64]
_HELPERS = ("canvas", "captions")


@dataclass(frozen=True, slots=True)
class State:
    """What can be seen: a name as the tree has it, ways to say so, and how its absence is written.

    ``{side}`` in a saying is replaced by left or right; a state without name is the normal one.
    """

    name: str
    sayings: tuple[str, ...]
    denial: str = ""
    sided: bool = False
    shows_too: tuple[str, ...] = ()  # further states that its picture shows, never denied beside it


@dataclass(frozen=True, slots=True)
class Scene:
    """What one picture is to show."""

    state: str  # name of the state, '' for normal
    side: str  # left | right: of the finding, or of the limb, eye or breast
    view: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of picture. Openings may use ``{view}``, ``{side}``, ``{age}`` and ``{person}``."""

    modality: str
    body_part: str
    views: tuple[str, ...]
    openings: tuple[str, ...]
    states: tuple[State, ...]
    draw: Callable[[np.random.Generator, Scene], Drawing]
    sexes: tuple[str, ...] = ("F", "M")
    paired: bool = False  # one of two: every picture has a side


def names() -> list[str]:
    """All kinds, in alphabetical order."""
    return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__) if m.name not in _HELPERS)


def find(name: str) -> Kind:
    """A kind by its name.

    Raises
    ------
    UnknownName
        when there is none.
    """
    if name not in names():
        raise UnknownName("phantom", name, names())
    kind = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").KIND
    assert isinstance(kind, Kind)
    return kind
