"""The order in which examples are learnt from: random or as given, examples of like length in a batch together."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Final

from torch.utils.data import Sampler
from transformers import TrainerCallback

__all__ = ["BatchOrder", "EpochTold", "by_length"]

#: Steps whose examples are sorted by length together. More pads less; within fewer, chance decides who meets whom.
_WINDOW: Final = 50


class BatchOrder(Sampler[int]):
    """Places of examples, a batch after the other; the seed and :attr:`epoch` alone decide it.

    transformers groups by length, too, but draws from the global random state (a training that goes on from a
    checkpoint in its second epoch would see another order), takes the batches from long to short, and cannot keep an
    order that means something, such as a curriculum's.

    Parameters
    ----------
    lengths
        of the examples, in tokens.
    batch
        examples of one step, over all processes and accumulated passes.
    grouped
        within windows of 50 steps, examples of like length share a batch; batches keep a random order.
    shuffled
        a new random order each epoch; False takes the examples in the order given, or windows of it.

    >>> order = BatchOrder([9, 1, 8, 2, 7, 3], 2, seed=1, grouped=True, shuffled=True)
    >>> sorted(sorted([9, 1, 8, 2, 7, 3][i] for i in pair) for pair in zip(*[iter(order)] * 2))
    [[1, 2], [3, 7], [8, 9]]
    >>> list(BatchOrder([9, 1, 8, 2], 2, seed=1, grouped=False, shuffled=False))
    [0, 1, 2, 3]
    """

    def __init__(self, lengths: Sequence[int], batch: int, *, seed: int, grouped: bool, shuffled: bool) -> None:
        self._lengths, self._batch, self._seed = lengths, batch, seed
        self._grouped, self._shuffled = grouped, shuffled
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        rng = random.Random(f"{self._seed} order {self.epoch}")  # noqa: S311
        order = list(range(len(self)))
        if self._shuffled:
            rng.shuffle(order)
        if not self._grouped:
            return iter(order)
        window = _WINDOW * self._batch
        windows = (order[start : start + window] for start in range(0, len(order), window))
        return (place for part in windows for place in by_length(part, self._lengths, self._batch, rng))


def by_length(window: Sequence[int], lengths: Sequence[int], batch: int, rng: random.Random) -> list[int]:
    """The places of a window with those of like length in a batch, the batches in random order."""
    ordered = sorted(window, key=lengths.__getitem__)
    # The one batch that may be smaller stays last: every other is a step's worth.
    whole = len(ordered) // batch * batch
    batches = [ordered[i : i + batch] for i in range(0, whole, batch)]
    rng.shuffle(batches)
    return [place for one in batches for place in one] + ordered[whole:]


class EpochTold(TrainerCallback):
    """Tells the order which epoch begins.

    accelerate would, but not through the layers that it wraps around an order when several processes go on from a
    checkpoint.
    """

    def __init__(self, order: BatchOrder) -> None:
        self._order = order

    def on_epoch_begin(self, args: object, state: object, control: object, **_: object) -> None:
        """Take the number of the epoch from the trainer's state."""
        self._order.epoch = int(state.epoch or 0)  # type: ignore[attr-defined]
