"""The order of a curriculum: examples of small value first, each as often as without one (``docs/curriculum.md``)."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import fmean
from typing import Final

from met_kg.training.batches import by_length
from met_kg.training.config import TrainConfig
from met_kg.training.mix_settings import Curriculum, Stage
from met_kg.training.prepare import Prepared

__all__ = ["Order", "arrange", "competence", "course", "curriculum_order"]

#: Where examples are grouped by length: windows of a training at least, and steps of a window at most.
_WINDOWS: Final = 20
_WINDOW_STEPS: Final = 16


@dataclass(frozen=True, slots=True)
class Order:
    """Places of examples in the order they are learnt from; how many a stage had to take from beyond its own."""

    places: list[int]
    borrowed: int


def competence(time: float, curriculum: Curriculum) -> float:
    """The share of examples, those of smallest value, that may be learnt from.

    ``min(1, (t (1 - c^p) + c^p)^(1/p))`` with the start c and p = 1 (linear) or 2 (square root), after Platanios et
    al. 2019 (arXiv 1903.09848); ``t`` is the share of the steps that is done, as a part of ``until``.

    >>> root, line = Curriculum(start=0.1), Curriculum(start=0.1, pacing="linear", until=0.5)
    >>> [round(competence(t, root), 3) for t in (0, 0.25, 1)], [round(competence(t, line), 3) for t in (0, 0.25, 1)]
    ([0.1, 0.507, 1.0], [0.1, 0.55, 1.0])
    """
    power = 2 if curriculum.pacing == "sqrt" else 1
    floor = curriculum.start**power
    return float(min(1.0, (time / curriculum.until * (1 - floor) + floor) ** (1 / power)))


def arrange(
    values: Sequence[float], curriculum: Curriculum, *, total: int, step: int, seed: int, lengths: Sequence[int] | None
) -> Order:
    """The examples of a whole training in order; the arguments alone decide it, so it is the same after a stop.

    A curriculum says when an example comes, never how often: each comes ``total / len(values)`` times, rounded up or
    down by lot. What has no value comes evenly all along.

    Parameters
    ----------
    values
        of the examples of a pass; not a number where there is none.
    total
        examples of the training, over all its passes.
    step
        examples of one step, over all processes and accumulated passes.
    lengths
        of the examples, in tokens: within a window of steps those of like length share a step. None: no grouping.
    """
    rng = random.Random(f"{seed} curriculum")  # noqa: S311
    times = _times(len(values), total, rng)
    lots = rng.sample(range(len(values)), len(values))
    used = [place for place in lots if times[place]]
    ranked = sorted((place for place in used if not math.isnan(values[place])), key=values.__getitem__)
    sizes = [values[place] for place in ranked]
    pool = _Pool(ranked, times, rng)
    anytime = _Pool([place for place in used if math.isnan(values[place])], times, rng)
    anytime.admit(len(used))
    steps, of_all = -(-total // step), sum(times[place] for place in anytime.ranked)
    size = max(1, min(_WINDOW_STEPS, steps // _WINDOWS)) if lengths is not None else 1
    places: list[int] = []
    for stage, first, last in _windows(curriculum, steps, size):
        start, end = first * step, min(last * step, total)
        if stage is not None:
            pool.admit(bisect_right(sizes, stage.most))
        else:
            pool.admit(math.ceil((1 if curriculum.stages else competence(end / total, curriculum)) * len(sizes)))
        others = of_all * end // total - of_all * start // total
        window = [anytime.take() for _ in range(others)] + [pool.take() for _ in range(end - start - others)]
        rng.shuffle(window)
        places += window if lengths is None else by_length(window, lengths, step, rng)
    return Order(places, pool.borrowed if curriculum.stages else 0)


def curriculum_order(config: TrainConfig, ready: Prepared, step: int) -> Order | None:
    """The order of a training of steps of ``step`` examples; None where its configuration has no curriculum."""
    if config.mix.curriculum is None:
        return None
    values = ready.mix.values(ready.examples)
    total = config.max_steps * step if config.max_steps else round(config.epochs * len(values))
    lengths = ready.lengths if config.order == "grouped" else None
    return arrange(values, config.mix.curriculum, total=total, step=step, seed=config.seed, lengths=lengths)


def course(order: Order, values: Sequence[float], parts: int = 10) -> str:
    """For a person: the mean value of the examples in each part of the training.

    >>> course(Order([0, 1, 1, 2], 1), [1, 2, 3], parts=2)
    'mean value along the training: 1.5 2.5; before a stage of their own: 1'
    """
    cuts = [len(order.places) * part // parts for part in range(parts + 1)]
    found = [[values[p] for p in order.places[a:b] if not math.isnan(values[p])] for a, b in pairwise(cuts)]
    means = " ".join(f"{fmean(part):.1f}" if part else "-" for part in found)
    early = f"; before a stage of their own: {order.borrowed}" if order.borrowed else ""
    return f"mean value along the training: {means}{early}"


class _Pool:
    """Examples that may be learnt from: of those used least, any; the next in rank where all are used up."""

    def __init__(self, ranked: Sequence[int], times: Sequence[int], rng: random.Random) -> None:
        self.ranked, self.borrowed = ranked, 0
        self._times, self._rng = times, rng
        self._admitted = 0
        self._used: list[list[int]] = [[] for _ in range(max(times, default=0))]

    def admit(self, count: int) -> None:
        """Let the first ``count`` in rank be learnt from."""
        self._used[0] += self.ranked[self._admitted : count]
        self._admitted = max(self._admitted, count)

    def take(self) -> int:
        if not any(self._used):
            self.borrowed += 1
            self.admit(self._admitted + 1)
        lap, rest = next((lap, rest) for lap, rest in enumerate(self._used) if rest)
        lot = self._rng.randrange(len(rest))
        rest[lot], rest[-1] = rest[-1], rest[lot]
        place = rest.pop()
        if lap + 1 < self._times[place]:
            self._used[lap + 1].append(place)
        return place


def _times(count: int, total: int, rng: random.Random) -> list[int]:
    """How often each of ``count`` examples comes among ``total``."""
    often, more = divmod(total, count)
    times = [often] * count
    for place in rng.sample(range(count), more):
        times[place] += 1
    return times


def _windows(curriculum: Curriculum, steps: int, size: int) -> Iterator[tuple[Stage | None, int, int]]:
    """First and last step (exclusive) of windows of ``size`` steps, and the one stage that each lies in."""
    first = 0
    ends = [round(share * steps) for share in accumulate(stage.share for stage in curriculum.stages)]
    for stage, end in zip([*curriculum.stages, None], [*ends, steps], strict=True):
        for start in range(first, end, size):
            yield stage, start, min(start + size, end)
        first = end
