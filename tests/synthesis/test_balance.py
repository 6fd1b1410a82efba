from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

from met_kg.synthesis.balance import assigned
from met_kg.synthesis.index import Candidate


@dataclass(frozen=True)
class _Choice:
    sample_id: str
    key: str
    fitting: tuple[Candidate, ...]


def _choices(keys: dict[str, int], others: str = "") -> list[_Choice]:
    names = [*keys, *others]
    return [
        _Choice(f"{key}{i:03}", key, tuple(Candidate(n, "sibling", "", "p") for n in names if n != key))
        for key, count in keys.items()
        for i in range(count)
    ]


def _assigned(choices: list[_Choice]) -> tuple[list[tuple[_Choice, tuple[Candidate, ...]]], list[tuple[_Choice, str]]]:
    return assigned(choices, lambda node: {node}, len, Random(1))


def test_a_node_is_as_often_wrong_as_chance_would_have_it() -> None:
    chosen, left = _assigned(_choices(dict.fromkeys("abcdef", 20), others="xyz"))
    right = Counter(choice.key for choice, _ in chosen)
    wrong = Counter(c.node for _, some in chosen for c in some)
    assert not left and len(chosen) == 120
    for node in "abcdef":
        assert 0.23 <= right[node] / (right[node] + wrong[node]) <= 0.28
    assert sum(wrong[n] for n in "xyz") <= 12, "what is never right is seldom wrong"


def test_a_key_that_outnumbers_the_others_is_left_out_until_it_no_longer_gives_itself_away() -> None:
    chosen, left = _assigned(_choices({"a": 300, "b": 20, "c": 20, "d": 20, "e": 20}))
    right = Counter(choice.key for choice, _ in chosen)
    wrong = Counter(c.node for _, some in chosen for c in some)
    assert right["a"] / (right["a"] + wrong["a"]) < 0.3
    assert {choice.key for choice, _ in left} == {"a"} and len(left) + len(chosen) == 380
    assert right["a"] >= 20 and all(right[n] == 20 for n in "bcde"), "the others keep all they have"
    assert {why for _, why in left} == {"its key would be right more often than wrong"}


def test_related_nodes_never_stand_side_by_side() -> None:
    choices = _choices(dict.fromkeys("abcde", 5))
    chosen, left = assigned(choices, lambda node: {"a", "b"} if node in "ab" else {node}, len, Random(1))
    assert chosen and all(not {"a", "b"} <= {c.node for c in some} for _, some in chosen)
    assert len(chosen) + len(left) == len(choices)
