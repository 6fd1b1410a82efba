"""Tables of terms, and where a text uses one: what rules on text share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from typing import Final

from met_kg.errors import DataProblem

__all__ = ["Terms", "rows", "terms"]

#: What separates words. Signs that are words of their own stay: H&E, ×100, ©.
_BETWEEN: Final = re.compile(r"[^\w&×©]+")


def rows(table: str) -> Iterator[list[str]]:
    """Cells of the rows of a table of this room, without comments and heading.

    Raises
    ------
    DataProblem
        naming file and line of a row that has other columns than the heading.
    """
    path = resources.files("met_kg.filtering.data") / table
    heading: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [c.strip() for c in line.split("\t")]
        if not heading:
            heading = cells
        elif len(cells) != len(heading):
            raise DataProblem(f"the row has {len(cells)} columns, not {' '.join(heading)}", where=f"{table}:{number}")
        else:
            yield cells


class Terms:
    """Terms with the kind that each stands for.

    A term is a word, or words joined by hyphens, which stand for spaces and dashes as well. ``*`` at its end stands for
    any letters. A term with a capital fits only what is written so; in others the case does not matter.

    >>> found = Terms({"hyperechoic": "sign", "slit-lamp": "eye", "histolog*": "microscopy", "SEM": "microscopy"})
    >>> list(found.kinds("Histological section, slit lamp; in sem no"))
    [('microscopy', 'Histological'), ('eye', 'slit lamp')]
    """

    def __init__(self, kinds: dict[str, str]) -> None:
        import ahocorasick_rs

        # Terms and text are padded with blanks, so that a hit begins and ends at the border of a word.
        padded = {f" {t[:-1]}" if t.endswith("*") else f" {t} ": kind for t, kind in kinds.items()}
        self._tables = []
        for is_cased in (True, False):
            chosen = {t.replace("-", " "): kind for t, kind in padded.items() if (t != t.lower()) == is_cased}
            automaton = ahocorasick_rs.AhoCorasick(list(chosen), store_patterns=False)
            self._tables.append((is_cased, automaton, list(chosen.values())))

    def kinds(self, text: str) -> Iterator[tuple[str, str]]:
        """Kind and wording of each term in a text, in order of place; at a place the longest term counts."""
        words = f" {_BETWEEN.sub(' ', text)} "
        lower = words.lower()
        if len(lower) != len(words):  # a few letters become two, and places would shift
            lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in words)
        found = [
            (start, -end, kinds[which])
            for is_cased, automaton, kinds in self._tables
            for which, start, end in automaton.find_matches_as_indexes(words if is_cased else lower, overlapping=True)
        ]
        covered = 0
        for start, minus_end, kind in sorted(found):
            if start >= covered:
                covered = words.index(" ", -minus_end - 1)
                yield kind, words[start + 1 : covered]


@lru_cache(maxsize=8)
def terms(table: str) -> Terms:
    """The terms of a table with columns ``kind`` and ``terms`` (separated by blanks)."""
    return Terms({term: kind for kind, words in rows(table) for term in words.split()})
