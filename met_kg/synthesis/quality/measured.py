"""How far items can be answered by whoever does not look: all baselines on the items of one type and format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from met_kg.statistics import clustered_interval
from met_kg.synthesis.quality.baselines import chance, heuristics
from met_kg.synthesis.quality.options import BASELINES, ShortcutOptions
from met_kg.synthesis.quality.text_only import Solver, solver

__all__ = ["Group", "Measured"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Measured:
    """Baseline -> how far it got on each item (0..1); the text-only solver's probability of each key, where it ran."""

    chance: float
    solved: Mapping[str, Floats]
    probability: Floats | None
    weights: Floats

    def above(self, name: str) -> float:
        """How far a baseline is above chance."""
        return float(np.average(self.solved[name], weights=self.weights)) - self.chance

    def interval(self, name: str, clusters: Sequence[str]) -> tuple[float, float]:
        """95 % interval of a baseline's accuracy, by bootstrap over ``clusters``."""
        solved, weights = self.solved[name].tolist(), self.weights.tolist()
        low, high = clustered_interval(solved, clusters, weights=weights, rounds=1000) or (0.0, 1.0)
        return low, high

    def figures(self, clusters: Sequence[str]) -> dict[str, Any]:
        """Accuracy of each baseline with its 95 % interval (``clusters``: samples) and its distance from chance."""
        found: dict[str, Any] = {}
        for name in (b for b in BASELINES if b in self.solved):
            low, high = self.interval(name, clusters)
            above = self.above(name)
            found[name] = {
                "accuracy": round(self.chance + above, 4),
                "low": round(low, 4),
                "high": round(high, 4),
                "above": round(above, 4),
            }
        return found


@dataclass
class Group:
    """Items of one type and format that are all visual or all not, with what their baselines need.

    ``asked`` is what a language model made of each item (0..1), where one was asked.
    """

    type: str
    format: str
    visual: bool
    items: Sequence[Mapping[str, Any]]
    groups: Sequence[str]
    captions: Mapping[str, str]
    seed: Sequence[int]
    asked: Floats | None = None

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def solver(self) -> Solver:
        """The text-only solver, its features counted once."""
        return solver(self.items)

    def measure(
        self, rows: Ints, weights: Floats, options: ShortcutOptions, *, turn: int, repeats: int | None = None
    ) -> Measured:
        """All baselines on the items at ``rows``, learnt anew from them; another ``turn`` has other folds."""
        if not len(rows):
            return Measured(0.0, {}, None, weights)
        items = [self.items[i] for i in rows.tolist()]
        solved = heuristics(items, self.captions, weights)
        text = self.solver.cross_validated(
            rows,
            [self.groups[i] for i in rows.tolist()],
            weights,
            folds=options.folds,
            repeats=repeats or options.repeats,
            seed=[*self.seed, turn],
        )
        if text is not None:
            solved["text-only"] = text.solved
            if self.format != "open":
                solved["text-only-inverted"] = text.inverted
        if self.asked is not None:
            solved["language-model"] = self.asked[rows]
        return Measured(chance(items, weights), solved, text.probability if text else None, weights)

    def clusters(self, rows: Ints) -> list[str]:
        """The sample of each item."""
        return [str(self.items[i]["sample_id"]) for i in rows.tolist()]
