"""Which of the possible items are written: quotas along the tree, yes/no balance, and an even spread of the letter."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Final, Protocol, TypeVar

__all__ = ["LETTERS", "Draft", "Quotas", "balanced_yes_no", "letters", "seeded", "within_quotas"]

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


D = TypeVar("D", bound=Draft)


class Quotas(Protocol):
    """Caps and the floor, see :class:`met_kg.synthesis.options.SynthesisOptions`."""

    per_sample: int
    per_node: int
    per_branch: int
    per_type: int
    node_floor: int


def seeded(*parts: object) -> Random:
    """A random generator of a stable name.

    >>> seeded(1, "a").random() == seeded(1, "a").random()
    True
    """
    digest = hashlib.sha256("\x1f".join(str(p) for p in parts).encode()).digest()
    return Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - drawing lots, no secrets


def balanced_yes_no(drafts: Iterable[D], seed: int) -> tuple[list[D], list[D]]:
    """As many 'yes' as 'no' for each key of a type in each split: (taken, left out). Who goes is drawn.

    Else the answer would go with the thing that is asked for.
    """
    groups: dict[tuple[str, str, str], tuple[list[D], list[D]]] = defaultdict(lambda: ([], []))
    rest: list[D] = []
    for draft in drafts:
        if draft.form == "yes-no":
            groups[draft.kind, draft.split, draft.key][draft.says_no].append(draft)
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


def within_quotas(
    drafts: Sequence[D], quotas: Quotas, branch: Callable[[str], str], seed: int
) -> tuple[list[D], list[tuple[D, str]]]:
    """Drafts within the quotas, and the others with the quota that left them out.

    Types and formats take turns on a sample, its rarest keys first; among those whose turn it is, each node has its
    first item before any has its second. So no type takes a sample whole, and common nodes do not drown rare ones.
    The first ``node_floor`` items of a node are not held back by the caps of its branch and type.
    """
    common = Counter((d.kind, d.form, d.key) for d in drafts)

    def place(draft: D) -> tuple[int, float, str]:
        # Each draft draws a lot of its own: one more or less elsewhere changes nothing here.
        lot = seeded(seed, "quotas", draft.sample_id, draft.kind, draft.form, draft.key, draft.says_no).random()
        return common[draft.kind, draft.form, draft.key], lot, draft.sample_id

    order = sorted(drafts, key=place)
    on_sample, on_node = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    turns = []
    for draft in order:
        on_sample[draft.sample_id, draft.kind, draft.form] += 1
        on_node[draft.kind, draft.form, draft.key] += 1
        turns.append((on_sample[draft.sample_id, draft.kind, draft.form], on_node[draft.kind, draft.form, draft.key]))
    taken: list[D] = []
    left: list[tuple[D, str]] = []
    made: Counter[tuple[str, ...]] = Counter()
    for _, draft in sorted(zip(turns, order, strict=True), key=lambda pair: pair[0]):
        sample, node = ("sample", draft.sample_id), ("node", draft.kind, draft.form, draft.key)
        bough, kind = ("branch", draft.kind, draft.form, branch(draft.key)), ("type", draft.kind, draft.form)
        rare = made[node] < quotas.node_floor
        if made[sample] >= quotas.per_sample:
            left.append((draft, "per_sample"))
        elif made[node] >= quotas.per_node:
            left.append((draft, "per_node"))
        elif not rare and made[bough] >= quotas.per_branch:
            left.append((draft, "per_branch"))
        elif not rare and made[kind] >= quotas.per_type:
            left.append((draft, "per_type"))
        else:
            made.update((sample, node, bough, kind))
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
