"""What is done where a type of question can be answered without the image: flag, reweight or drop.

Dropping follows AFLite (Le Bras et al. 2020, "Adversarial Filters of Dataset Biases"): solvers are learnt and
cross-validated, some of the items that they find easiest go, and solvers are learnt anew on what is left, with other
folds, until none beats chance by more than the margin. What goes is taken from the answer (letter, yes or no) that has
most items left and easy ones among them, so that no answer becomes the likelier one.

Reweighting is the same with weights (as boosting has them, turned round): what is solved counts less, until the solver
learnt with these weights and measured by them is near chance.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from met_kg.synthesis.quality.measured import Floats, Group, Ints, Measured
from met_kg.synthesis.quality.options import Policy, ShortcutOptions

__all__ = ["Outcome", "treat"]

#: Of the items that are too many for chance, the share that goes in one round.
_SHARE: Final = 0.5
#: Part of the margin that a second look allows.
_SURE: Final = 0.6
_ROUNDS: Final = 40
#: Of fewer items nothing can be said: a group that is brought down to them goes whole.
_FEWEST: Final = 10
_LEAST_WEIGHT: Final = 0.02
#: Turns of a group have different folds: those of the rounds, of the second look at each, and the last measurement.
_SECOND_LOOK: Final = 1000
_LAST: Final = 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy made of a group: rows that stay with their weights (mean 1), and measurements before and after.

    ``why`` says of each dropped or flagged row which baseline; ``note`` why nothing, or not enough, was done.
    """

    policy: Policy
    rows: Ints
    weights: Floats
    before: Measured
    after: Measured
    dropped: dict[int, str]
    flagged: dict[int, str]
    note: str = ""

    @property
    def effective(self) -> float:
        """How many items of equal weight the weighted ones are worth (Kish 1965)."""
        return float(self.weights.sum() ** 2 / np.square(self.weights).sum()) if len(self.weights) else 0.0


def treat(group: Group, policy: Policy, options: ShortcutOptions) -> Outcome:
    """Apply a policy to a group; one that is not visual is measured alone.

    In a group of fewer items than ``options.minimum`` a baseline counts as above chance only beyond doubt: its interval
    must lie above chance. Else what a small group gains or loses by luck would take its items one after the other.
    """
    rows = np.arange(len(group), dtype=np.int64)
    even = np.ones(len(group))
    before = group.measure(rows, even, options, turn=0)
    if not group.visual:
        return Outcome(policy, rows, even, before, before, {}, {}, "can be answered without the image by intent")
    if not _above_margin(before, options):
        return Outcome(policy, rows, even, before, before, {}, {})
    if not _over(group, rows, before, options):
        note = f"{len(group)} items are too few to tell: nothing was done"
        return Outcome(policy, rows, even, before, before, {}, _solved(before, rows, options), note)
    dropped: dict[int, str] = {}
    weights, note = even, ""
    if policy == "drop":
        rows, dropped, note = _drop(group, options)
        weights = np.ones(len(rows))
    elif policy == "reweight":
        weights, note = _reweight(group, options)
    after = before if policy == "flag" else group.measure(rows, weights, options, turn=_LAST)
    flagged = _solved(after, rows, options) if policy == "flag" or note else {}
    return Outcome(policy, rows, weights, before, after, dropped, flagged, note)


def _over(group: Group, rows: Ints, measured: Measured, options: ShortcutOptions) -> dict[str, float]:
    """Baselines to do something about, with how far they are above chance; of a small group those beyond doubt."""
    found = _above_margin(measured, options)
    if len(group) >= options.minimum:
        return found
    if len(group) < _FEWEST:
        return {}
    clusters = group.clusters(rows)
    return {name: above for name, above in found.items() if measured.interval(name, clusters)[0] > measured.chance}


def _above_margin(measured: Measured, options: ShortcutOptions) -> dict[str, float]:
    """Baselines to act on that beat chance by more than the margin, with how far they are above chance."""
    found = {name: measured.above(name) for name in measured.solved if name in options.act_on}
    return {name: above for name, above in found.items() if above > options.margin}


def _confirmed(
    group: Group, rows: Ints, weights: Floats, measured: Measured, options: ShortcutOptions, turn: int
) -> dict[str, float]:
    """As :func:`_over`; where nothing is over, the solver's second look, with other folds and twice as many, counts.

    One look alone would be believed in the round in which it happens to be low, and the last measurement be higher.
    """
    over = _over(group, rows, measured, options)
    if over or len(group) < options.minimum or "text-only" not in measured.solved or "text-only" not in options.act_on:
        return over
    above = group.measure(rows, weights, options, turn=_SECOND_LOOK + turn, repeats=2 * options.repeats).above(
        "text-only"
    )
    return {"text-only": above} if above > _SURE * options.margin else {}


def _drop(group: Group, options: ShortcutOptions) -> tuple[Ints, dict[int, str], str]:
    rows = np.arange(len(group), dtype=np.int64)
    dropped: dict[int, str] = {}
    for turn in range(1, _ROUNDS + 1):
        measured = group.measure(rows, np.ones(len(rows)), options, turn=turn)
        over = _confirmed(group, rows, np.ones(len(rows)), measured, options, turn)
        if not over:
            return rows, dropped, ""
        many = max(over.values()) * len(rows) / (1 - measured.chance)
        count = ceil(max(_SHARE * many, len(rows) / 100))
        if len(rows) - count < _FEWEST:
            count = len(rows)
        out = _easiest(group, rows, measured, over, count)
        dropped |= {int(rows[i]): why for i, why in out.items()}
        rows = np.delete(rows, sorted(out))
        if not len(rows):
            return rows, dropped, "no selection of these items is near chance"
    return rows, dropped, f"with {len(rows)} items left {', '.join(sorted(over))} is still above the margin"


def _easiest(group: Group, rows: Ints, measured: Measured, over: dict[str, float], count: int) -> dict[int, str]:
    """Easy items, each from the answer with most items left that has one, and the baseline that finds each easiest."""
    names = sorted(over)
    ease = np.stack([over[name] * (_ease(group, rows, measured, name) - measured.chance) for name in names])
    total = ease.sum(axis=0)
    answers = [str(group.items[i]["answer"]) if group.format != "open" else "" for i in rows.tolist()]
    waiting: dict[str, list[int]] = defaultdict(list)
    for place in np.argsort(total, kind="stable").tolist():
        waiting[answers[place]].append(place)
    out: dict[int, str] = {}
    for _ in range(count):
        order = sorted(waiting, key=lambda a: (-len(waiting[a]), -total[waiting[a][-1]], a))
        easy = next((a for a in order if total[waiting[a][-1]] > 0), None)
        answer = easy or max(order, key=lambda a: total[waiting[a][-1]])
        place = waiting[answer].pop()
        if not waiting[answer]:
            del waiting[answer]
        out[place] = names[int(ease[:, place].argmax())]
    return out


def _ease(group: Group, rows: Ints, measured: Measured, name: str) -> Floats:
    """How easy a baseline finds each item: a probability where it has one."""
    if name != "text-only" or measured.probability is None:
        return measured.solved[name]
    if group.format != "open":
        return measured.probability
    # Of an open question: what its words add to the answer that is likely anyway.
    answers = [str(group.items[i]["answer"]) for i in rows.tolist()]
    often = Counter(answers)
    likely: Floats = np.array([often[a] / len(answers) for a in answers])
    return np.subtract(measured.probability, likely, dtype=np.float64)


def _reweight(group: Group, options: ShortcutOptions) -> tuple[Floats, str]:
    rows = np.arange(len(group), dtype=np.int64)
    weights = np.ones(len(group))
    over: dict[str, float] = {}
    for turn in range(1, _ROUNDS + 1):
        measured = group.measure(rows, weights, options, turn=turn)
        over = _confirmed(group, rows, weights, measured, options, turn)
        if not over:
            return weights, ""
        for name in sorted(over):
            solved = measured.solved[name]
            right, wrong = float((weights * solved).sum()), float((weights * (1 - solved)).sum())
            if right > 0 and wrong > 0:
                factor = measured.chance * wrong / ((1 - measured.chance) * right)
                weights = weights * np.sqrt(factor) ** solved
        weights = np.maximum(weights / weights.mean(), _LEAST_WEIGHT)
        weights = weights / weights.mean()
    return weights, f"after {_ROUNDS} rounds {', '.join(sorted(over))} is still above the margin"


def _solved(measured: Measured, rows: Ints, options: ShortcutOptions) -> dict[int, str]:
    """Rows that the text-only solver or the language model solves every time, where it is above the margin."""
    over = _above_margin(measured, options)
    found: dict[int, str] = {}
    for name in ("text-only", "language-model"):
        if name in over:
            found |= {int(row): name for row, s in zip(rows, measured.solved[name], strict=True) if s == 1.0}
    return found
