"""Names that share a head: "breast and ovarian cancer" names breast cancer, too.

Before a name that was found, modifiers joined to its first word by commas, slashes, "and" or "or" are tried with the
rest of the name: as they stand, and as the noun that an adjective of anatomy stands for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from met_kg.literature.names import adjectives

__all__ = ["shared_heads"]

_JOINS: Final = frozenset({"and", "or", "/"})
_MOST_PARTS: Final = 6


def shared_heads(norm: Sequence[str], first: int, last: int) -> Iterator[tuple[int, list[str]]]:
    """Names that share the end of the one at words ``first`` to ``last``: where each modifier starts, and the words of
    each way to read it, best first.

    >>> [(start, ways[0]) for start, ways in shared_heads("brain , breast and prostate cancer".split(), 4, 5)]
    [(2, 'breast cancer'), (0, 'brain cancer')]
    """
    if last == first or not first:
        return
    for at in _modifiers(norm, first):
        ways = []
        for end in range(first + 1, last + 1):
            head = " ".join(norm[end : last + 1])
            noun = adjectives().get(norm[at])
            ways += [f"{word} {head}" for word in (norm[at], noun) if word]
        yield at, ways


def _modifiers(norm: Sequence[str], first: int) -> Iterator[int]:
    """Places of words joined to the one at ``first``, from right to left; nothing where only commas join them."""
    at, joined = first - 1, False
    for _ in range(_MOST_PARTS):
        end = at
        while end >= 0 and (norm[end] in _JOINS or norm[end] == ","):
            joined = joined or norm[end] in _JOINS
            end -= 1
        if end == at or end < 0 or not joined:
            return
        yield end
        at = end - 1
