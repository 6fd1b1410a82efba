"""One file per rule: it names its thresholds in ``PARAMETERS`` and yields a :class:`Hit` where it objects to a sample.

Rules are found by file name: a new one needs no registration, only a row in a profile. What its objection means (drop
or flag) and its thresholds stand there. A threshold is a number, or words where ``apply`` takes a ``str``. A query
under ``sparql/filter/`` that gives a reason is a rule as it is (:mod:`met_kg.filtering.knowledge`), and so is one of a
user's own.

A rule is called batch by batch, with whole rows of table 'samples'; one that compares samples names the ``COLUMNS`` it
needs and is called once, after the others, with these of all samples that are still in.
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
    """A rule: its thresholds, those of them that are words, its function over table 'samples', columns it compares."""

    name: str
    parameters: tuple[str, ...]
    words: frozenset[str]
    apply: Callable[..., Iterator[Hit]]
    columns: tuple[str, ...] = ()

    def __call__(self, samples: pd.DataFrame, context: Context, parameters: dict[str, Any]) -> Iterator[Hit]:
        """The rule's objections, in the order of the samples."""
        return self.apply(samples, context, **parameters)


def names() -> list[str]:
    """All rules that ship, as profiles name them."""
    from met_kg.filtering.knowledge import knowledge_rules

    return sorted([*(m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__)), *knowledge_rules()])


def find(name: str) -> Rule:
    """The rule of a name, or the knowledge rule in a ``.rq`` file.

    Raises
    ------
    UnknownName
        when there is none.
    MissingData
        when the file is not there.
    DataProblem
        when the query says no reason, or not of which samples.
    """
    from met_kg.filtering.knowledge import knowledge_rule, knowledge_rules

    if name.endswith(".rq") or name in knowledge_rules():
        rule = knowledge_rule(name)
        words = frozenset(p.name for p in rule.query.parameters if p.type in ("string", "iri"))
        return Rule(name, parameters=tuple(p.name for p in rule.query.parameters), words=words, apply=rule)
    if name not in names():
        raise UnknownName("rule", name, names())
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    words = frozenset(p for p in module.PARAMETERS if module.apply.__annotations__[p] == "str")
    return Rule(name, module.PARAMETERS, words, module.apply, getattr(module, "COLUMNS", ()))
