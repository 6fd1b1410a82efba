"""Wrong answers by how they stand to the right one, beside what guessing among the same answers would give."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from met_kg.evaluation.tree.links import Linked, Nodes
from met_kg.evaluation.tree.nodes import RELATIONS, Tree
from met_kg.statistics import accuracy_interval, clustered_intervals

__all__ = ["CHANCE", "relation_of", "relations_of_errors"]

#: What wrong answers are compared with.
CHANCE: Final = {
    "options": "one of the item's own wrong options at random",
    "texts": "another item's wrong answer at random",
}
#: Answers of other items that are dealt to each open one.
_DEALS: Final = 10


def relation_of(tree: Tree, link: Linked, answer: Nodes, item: Mapping[str, Any]) -> str | None:
    """How a wrong answer stands to the right one; None for a right answer, or where the right one has no node."""
    return None if item["correct"] or not link.gold else tree.relation(link.gold, answer)


def relations_of_errors(
    tree: Tree,
    linked: Sequence[Linked],
    given: Sequence[Nodes],
    relations: Sequence[str | None],
    items: Sequence[Mapping[str, Any]],
    clusters: Sequence[str],
    *,
    seed: int = 0,
) -> dict[str, dict[str, Any]]:
    """Shares of the relations among wrong answers, apart for items with options and for answers in words.

    Each relation has its share with a 95 % interval, the share that chance would give on the same items
    (:data:`CHANCE`), and the difference with its interval. Wrong answers whose right one has no node (yes, no, numbers)
    are counted and not typed.
    """
    found = {}
    for name in CHANCE:
        chosen = name == "options"
        wrong = [i for i, item in enumerate(items) if not item["correct"] and (item["kind"] == "choice") == chosen]
        typed = [i for i in wrong if relations[i] is not None]
        if not wrong:
            continue
        chance = _by_options(tree, linked, typed) if chosen else _by_deals(tree, linked, given, typed, seed)
        here = [clusters[i] for i in typed]
        found[name] = {
            "wrong": len(wrong),
            "typed": len(typed),
            "gold not linked": len(wrong) - len(typed),
            "chance": CHANCE[name],
            "relations": _rows([relations[i] for i in typed], chance, here) if typed else [],
        }
    return found


def _rows(
    seen: Sequence[str | None], chance: Sequence[Mapping[str, float]], clusters: Sequence[str]
) -> list[dict[str, Any]]:
    """A row a relation, closest first. Its bootstraps draw the same images, once for all."""
    found = [[relation == name for relation in seen] for name in RELATIONS]
    more = [
        [float(s) - shares.get(name, 0.0) for s, shares in zip(hits, chance, strict=True)]
        for name, hits in zip(RELATIONS, found, strict=True)
        if chance
    ]
    drawn = clustered_intervals([*found, *more], clusters)
    return [
        _row(
            name,
            hits,
            # Where all or none is of this relation, resampling cannot tell how far it may be otherwise.
            drawn[at] if len(set(hits)) > 1 else accuracy_interval(hits, clusters),
            [shares.get(name, 0.0) for shares in chance],
            more[at] if more else [],
            drawn[len(found) + at] if more else [],
        )
        for at, (name, hits) in enumerate(zip(RELATIONS, found, strict=True))
    ]


def _row(
    relation: str,
    hits: Sequence[bool],
    interval: list[float] | None,
    expected: Sequence[float],
    more: Sequence[float],
    drawn: list[float],
) -> dict[str, Any]:
    row = {"relation": relation, "count": sum(hits), "share": round(sum(hits) / len(hits), 6), "interval_95": interval}
    if not expected:
        return row | {"expected": None, "difference": None, "difference_95": None}
    chance = sum(expected) / len(expected)
    if len(set(more)) == 1 and interval:  # here neither: what is seen can
        drawn = [round(end - chance, 6) for end in interval]
    return row | {
        "expected": round(chance, 6),
        "difference": round(sum(more) / len(more), 6),
        "difference_95": drawn,
    }


def _by_options(tree: Tree, linked: Sequence[Linked], places: Sequence[int]) -> list[dict[str, float]]:
    """For each item, the share of each relation among its wrong options."""
    return [_shares(tree, linked[i].gold, linked[i].wrong) for i in places]


def _by_deals(
    tree: Tree, linked: Sequence[Linked], given: Sequence[Nodes], places: Sequence[int], seed: int
) -> list[dict[str, float]]:
    """For each item, the share of each relation among wrong answers of other items; empty for a single item."""
    if len(places) < 2:
        return []
    rng = random.Random(seed)  # noqa: S311 (no secret)
    dealt: list[list[Nodes]] = [[] for _ in places]
    for _ in range(_DEALS):
        shift = rng.randrange(1, len(places))  # nobody keeps the own answer, and each answer is dealt once
        order = rng.sample(range(len(places)), len(places))
        for at, place in enumerate(order):
            dealt[place].append(given[places[order[(at + shift) % len(order)]]])
    return [_shares(tree, linked[i].gold, answers) for i, answers in zip(places, dealt, strict=True)]


def _shares(tree: Tree, gold: Sequence[str], answers: Sequence[Sequence[str]]) -> dict[str, float]:
    shares: dict[str, float] = {}
    for nodes in answers:
        relation = tree.relation(gold, nodes)
        shares[relation] = shares.get(relation, 0.0) + 1 / len(answers)
    return shares
