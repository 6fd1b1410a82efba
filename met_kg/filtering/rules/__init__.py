"""One file per rule: it names its thresholds in ``PARAMETERS`` and yields a :class:`Hit` where it objects to a sample.

Rules are found by file name: a new one needs no registration, only a row in a profile. What its objection means (drop
or flag) and its thresholds stand there. A rule is called batch by batch, with whole rows of table 'samples'; one that
compares samples names the ``COLUMNS`` it needs and is called once, after the others, with these of all samples that
are still in.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from met_kg.errors import UnknownName

if TYPE_CHECKING:
    import pandas as pd

    from met_kg.filtering.context import Context

__all__ = ["Hit", "Rule", "find", "names"]


@dataclass(frozen=True, slots=True)
class Hit:
    """An objection to a sample: one clause that names the thing, and what was measured (None: nothing is measured)."""

    sample_id: str
    reason: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: the names of its thresholds, its function over table 'samples', and which columns of all it compares."""

    name: str
    parameters: tuple[str, ...]
    columns: tuple[str, ...]
    apply: Callable[..., Iterator[Hit]]

    def __call__(self, samples: pd.DataFrame, context: Context, parameters: dict[str, float]) -> Iterator[Hit]:
        """The rule's objections, in the order of the samples."""
        return self.apply(samples, context, **parameters)


def names() -> list[str]:
    """All rules, as profiles name them."""
    return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__))


def find(name: str) -> Rule:
    """The rule of a name.

    Raises
    ------
    UnknownName
        when there is none.
    """
    if name not in names():
        raise UnknownName("rule", name, names())
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return Rule(name, module.PARAMETERS, getattr(module, "COLUMNS", ()), module.apply)
