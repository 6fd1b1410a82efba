"""Which wrong answers each item of a type gets: every node as often wrong, by chance, as it is right.

Of four options each should be right a quarter of the time, whatever it says. So a node that is the key of n items
should be a wrong answer in 3 n others. Who never sees an image then cannot tell keys from distractors by their names.
Items whose key cannot be a wrong answer that often are left out until it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from math import ceil
from random import Random
from typing import Final, Protocol, TypeVar

from met_kg.synthesis.distractors import WANTED
from met_kg.synthesis.index import CLOSENESS, Candidate

__all__ = ["assigned"]

#: Rounds of giving and leaving out; each leaves out a share of what is too much, since what stays then has other needs.
_ROUNDS: Final = 60
_SHARE: Final = 0.5
#: Only the keys that are nearly the worst off: their going feeds the others' needs less.
_WORST: Final = 0.75
#: Turns as a wrong answer that a key must have for each of its items: then it is right in 28 of 100 at the most.
_TURNS: Final = 2.6
#: Of these a key may be short so many: one item more or less is no pattern.
_SLACK: Final = 3
#: How much a closer relation counts beside a whole turn that a node still needs.
_CLOSER: Final = 0.08
#: So much less need is nearly as much.
_NEARLY: Final = 0.2
#: What a node that is never a key is worth the first time.
_NEW: Final = 0.3


class Choice(Protocol):
    """What the balance needs to know of an item to be."""

    @property
    def sample_id(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def fitting(self) -> tuple[Candidate, ...]: ...


C = TypeVar("C", bound=Choice)


def assigned(
    choices: Sequence[C], lineage: Callable[[str], Set[str]], length: Callable[[str], int], rng: Random
) -> tuple[list[tuple[C, tuple[Candidate, ...]]], list[tuple[C, str]]]:
    """Three distractors for each item of a type, and the items left out with the reason.

    Parameters
    ----------
    lineage
        of a node all those that cannot stand beside it.
    length
        letters of a node's name: the key is not to be the longest or shortest option more often than chance.
    """
    kept = sorted(choices, key=lambda c: (c.sample_id, c.key))
    rng.shuffle(kept)
    # Whoever has the least choice chooses first.
    kept.sort(key=lambda c: len(c.fitting))
    left: list[tuple[C, str]] = []
    for turn in range(_ROUNDS):
        chosen, short = _round(kept, lineage, length)
        left += [(c, "too few unrelated distractors") for c in short]
        surplus = _surplus(chosen)
        if not surplus:
            return chosen, left
        share = 1.0 if turn == _ROUNDS - 1 else _SHARE
        worst = max(excess for excess, _ in surplus.values())
        go = {
            node: ceil(share * n) for node, (excess, n) in surplus.items() if excess >= _WORST * worst or share == 1.0
        }
        kept = []
        # Those that would go first are those that come last: they had the most to choose from.
        for choice, _ in reversed(chosen):
            if go.get(choice.key, 0) > 0:
                go[choice.key] -= 1
                left.append((choice, "its key would be right more often than wrong"))
            else:
                kept.append(choice)
        kept.reverse()
    stay = {id(choice) for choice in kept}
    return [(c, some) for c, some in chosen if id(c) in stay], left


def _surplus(chosen: Sequence[tuple[C, tuple[Candidate, ...]]]) -> dict[str, tuple[float, int]]:
    """Of each key that is right too often: how far, as a ratio, and how many of its items are too many."""
    right = Counter(choice.key for choice, _ in chosen)
    wrong = Counter(c.node for _, some in chosen for c in some)
    found = {}
    for node, n in right.items():
        fit = max(1, int((wrong[node] + _SLACK) / _TURNS))
        if n > fit:
            found[node] = (n / fit, n - fit)
    return found


def _round(
    choices: Sequence[C], lineage: Callable[[str], Set[str]], length: Callable[[str], int]
) -> tuple[list[tuple[C, tuple[Candidate, ...]]], list[C]]:
    turns = Counter(choice.key for choice in choices)
    wrong: Counter[str] = Counter()
    places: Counter[int] = Counter()  # how many distractors were longer than the key
    done: list[tuple[C, tuple[Candidate, ...]]] = []
    short: list[C] = []
    for choice in choices:

        def need(candidate: Candidate) -> float:
            wanted, had = WANTED * turns[candidate.node], wrong[candidate.node]
            worth = (wanted - had) / wanted if wanted else (_NEW if not had else -float(had))
            return worth - _CLOSER * CLOSENESS.get(candidate.relation, 0)

        worth = {c.node: need(c) for c in choice.fitting}
        order = sorted(choice.fitting, key=lambda c: worth[c.node], reverse=True)
        picked = _pick(order, worth, lineage, length, length(choice.key), places)
        if len(picked) < WANTED:
            short.append(choice)
            continue
        places[sum(length(c.node) > length(choice.key) for c in picked)] += 1
        wrong.update(c.node for c in picked)
        done.append((choice, tuple(picked)))
    return done, short


def _pick(
    order: Sequence[Candidate],
    worth: Mapping[str, float],
    lineage: Callable[[str], Set[str]],
    length: Callable[[str], int],
    own: int,
    places: Counter[int],
) -> list[Candidate]:
    """The three in most need; of those in nearly as much need as the third, the one that gives the key a rare place.

    The place is that by length: else the key would often be the longest option, or the shortest.
    """
    picked: list[Candidate] = []
    last: list[Candidate] = []
    related: list[Set[str]] = []
    for candidate in order:
        if any(candidate.node in kin for kin in related):
            continue
        if len(picked) < WANTED - 1:
            picked.append(candidate)
            related.append(lineage(candidate.node))
        elif not last or worth[candidate.node] >= worth[last[0].node] - _NEARLY:
            last.append(candidate)
        else:
            break
    longer = sum(length(c.node) > own for c in picked)
    last.sort(key=lambda c: places[longer + (length(c.node) > own)])
    return [*picked, *last[:1]]
