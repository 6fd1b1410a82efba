"""What the annotators of a corpus mark, counted on the branches of the tree: so it holds for nodes they never met.

A corpus of diseases marks some findings as well (hepatomegaly, seizures) and passes over others (male, trisomy). What
it does with a node that it never names is what it does with the nearest branch that it names often enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

__all__ = ["Habits"]

#: A branch named less often than this says nothing.
_ENOUGH: Final = 3
#: A node of another axis than the corpus's own counts when people marked at least this share of its branch.
_MARKED: Final = 0.3


class Habits:
    """Counts of names seen and marked, each on its node and on every tree parent above."""

    def __init__(self, tree_parents: Mapping[str, str]) -> None:
        self._parents = tree_parents
        self._seen: Counter[str] = Counter()
        self._marked: Counter[str] = Counter()

    def count(self, node: str, *, marked: bool) -> None:
        """One more mention of the node."""
        for above in self._path(node):
            self._seen[above] += 1
            self._marked[above] += marked

    def marks(self, node: str) -> bool:
        """Whether people mark this node.

        >>> habits = Habits({"seizure": "symptom", "tremor": "symptom"})
        >>> for marked in (True, True, False):
        ...     habits.count("seizure", marked=marked)
        >>> habits.marks("tremor"), habits.marks("trisomy")
        (True, False)
        """
        for above in self._path(node):
            if self._seen[above] >= _ENOUGH:
                return self._marked[above] >= _MARKED * self._seen[above]
        return bool(self._seen[node]) and self._marked[node] >= _MARKED * self._seen[node]

    def _path(self, node: str | None) -> Iterator[str]:
        while node:
            yield node
            node = self._parents.get(node)
