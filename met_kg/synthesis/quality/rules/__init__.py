"""One file per check of an item's words: it names its thresholds in ``PARAMETERS`` and yields a :class:`Hit` where it
objects.

Checks are found by file name: a new one needs no registration, only a row in ``checks.tsv``, where its severity and its
thresholds stand. A threshold is a number, or words parted by commas where ``apply`` takes a ``str``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from met_kg.errors import UnknownName

if TYPE_CHECKING:
    import pandas as pd

    from met_kg.synthesis.quality.context import Context

__all__ = ["Hit", "Rule", "find", "names"]


@dataclass(frozen=True, slots=True)
class Hit:
    """An objection to an item: one clause that names the thing, and what was measured (None: nothing is measured)."""

    item_id: str
    reason: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A check: its thresholds, those of them that are words, and its function over table 'vqa'."""

    name: str
    parameters: tuple[str, ...]
    words: frozenset[str]
    apply: Callable[..., Iterator[Hit]]

    def __call__(self, items: pd.DataFrame, context: Context, parameters: dict[str, Any]) -> Iterator[Hit]:
        """The check's objections, in the order of the items."""
        return self.apply(items, context, **parameters)


def names() -> list[str]:
    """All checks, as tables name them."""
    return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__))


def find(name: str) -> Rule:
    """The check of a name.

    Raises
    ------
    UnknownName
        when there is none.
    """
    if name not in names():
        raise UnknownName("check", name, names())
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    words = frozenset(p for p in module.PARAMETERS if module.apply.__annotations__[p] == "str")
    return Rule(name, module.PARAMETERS, words, module.apply)
