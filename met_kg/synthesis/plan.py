"""Which of the possible items are written: caps, yes/no balance, and an even spread of the right letter."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from random import Random
from typing import Final, Protocol, TypeVar

__all__ = ["LETTERS", "Draft", "Takes", "balanced_yes_no", "capped", "letters", "seeded"]

LETTERS: Final = "ABCD"


class Draft(Protocol):
    """What choosing needs to know of a possible item."""

    @property
    def sample_id(self) -> str: ...
    @property
    def split(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def form(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def says_no(self) -> bool: ...
    @property
    def sole(self) -> bool: ...


D = TypeVar("D", bound=Draft)


class Takes(Protocol):
    """The caps, see :class:`met_kg.synthesis.options.SynthesisOptions`."""

    per_sample: int
    per_node: int
    per_type: int


def seeded(*parts: object) -> Random:
    """A random generator of a stable name.

    >>> seeded(1, "a").random() == seeded(1, "a").random()
    True
    """
    digest = hashlib.sha256("\x1f".join(str(p) for p in parts).encode()).digest()
    return Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - drawing lots, no secrets


def balanced_yes_no(drafts: Iterable[D], seed: int) -> tuple[list[D], list[D]]:
    """As many 'yes' as 'no' in each type and split: (taken, left out). Which of the larger side go is drawn.

    Where each image is one thing of the type, also in each key: else 'no' would go with what the corpus seldom shows.
    """
    groups: dict[tuple[str, str, str], tuple[list[D], list[D]]] = defaultdict(lambda: ([], []))
    rest: list[D] = []
    for draft in drafts:
        if draft.form == "yes-no":
            groups[draft.kind, draft.split, draft.key if draft.sole else ""][draft.says_no].append(draft)
        else:
            rest.append(draft)
    left: list[D] = []
    for (kind, split, key), sides in sorted(groups.items()):
        size = min(map(len, sides))
        for side in sides:
            order = sorted(side, key=lambda d: (d.sample_id, d.key))
            seeded(seed, kind, split, key, "yes-no").shuffle(order)
            rest += order[:size]
            left += order[size:]
    return rest, left


def capped(drafts: Sequence[D], caps: Takes, seed: int) -> tuple[list[D], list[tuple[D, str]]]:
    """Drafts within the caps, and the others with the cap that left them out.

    Types and formats take turns on a sample, so that a cap never takes one kind of question from everybody.
    """
    order = sorted(drafts, key=lambda d: (d.sample_id, d.kind, d.form, d.key))
    seeded(seed, "caps").shuffle(order)
    turn: Counter[tuple[str, str, str]] = Counter()
    turns = []
    for draft in order:
        turn[draft.sample_id, draft.kind, draft.form] += 1
        turns.append(turn[draft.sample_id, draft.kind, draft.form])
    taken: list[D] = []
    left: list[tuple[D, str]] = []
    on_sample: Counter[str] = Counter()
    on_node: Counter[tuple[str, str, str]] = Counter()
    on_type: Counter[tuple[str, str]] = Counter()
    for _, draft in sorted(zip(turns, order, strict=True), key=lambda pair: pair[0]):
        if on_sample[draft.sample_id] >= caps.per_sample:
            left.append((draft, "per_sample"))
        elif on_node[draft.kind, draft.form, draft.key] >= caps.per_node:
            left.append((draft, "per_node"))
        elif on_type[draft.kind, draft.form] >= caps.per_type:
            left.append((draft, "per_type"))
        else:
            on_sample[draft.sample_id] += 1
            on_node[draft.kind, draft.form, draft.key] += 1
            on_type[draft.kind, draft.form] += 1
            taken.append(draft)
    return taken, left


def letters(count: int, kind: str, seed: int) -> list[str]:
    """The right letter of each of ``count`` items of a type: every letter as often as the next, within one.

    >>> sorted(letters(9, "organ", 1))
    ['A', 'A', 'A', 'B', 'B', 'C', 'C', 'D', 'D']
    """
    drawn = [LETTERS[i % len(LETTERS)] for i in range(count)]
    seeded(seed, kind, "letters").shuffle(drawn)
    return drawn
