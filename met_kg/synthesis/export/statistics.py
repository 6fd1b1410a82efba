"""Counts of an export: items by type, format, axis, difficulty, level and split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from met_kg.synthesis.export.content import Content

__all__ = ["AXES", "counted", "crossed", "write_statistics"]

#: What items are counted by.
AXES: Final = ("type", "format", "axis", "level", "difficulty", "split")


def counted(table: pd.DataFrame, columns: Iterable[str]) -> list[tuple[str | int, ...]]:
    """How many rows there are for each combination of values that occurs, in order of the values."""
    found = Counter(zip(*(map(str, table[column]) for column in columns), strict=True))
    return [(*values, n) for values, n in sorted(found.items())]


def crossed(
    table: pd.DataFrame, rows: Sequence[str], column: str, values: Sequence[str]
) -> list[tuple[str | int, ...]]:
    """As :func:`counted` by ``rows``, with one number for each of the ``values`` of a column, and their sum."""
    found: dict[tuple[str | int, ...], Counter[str]] = {}
    for *head, value, n in counted(table, (*rows, column)):
        found.setdefault(tuple(head), Counter())[str(value)] += int(n)
    return [(*head, *(of[v] for v in values), of.total()) for head, of in found.items()]


def write_statistics(content: Content, path: Path) -> None:
    """Write the counts of items by all of :data:`AXES` at once."""
    lines = ["\t".join((*AXES, "items")), *("\t".join(map(str, row)) for row in counted(content.vqa, AXES))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
