"""Every statement of the protocols as a row: what the harness does with an answer, and what the repair does instead.

One table a benchmark; ``section`` is the section of the protocol paper that states the rule. ``python -m
tests.evaluation.rules`` counts the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rule:
    """One statement with an example; ``harness`` and ``repaired`` are the verdict, or the letter that is read."""

    section: str
    why: str
    record: Mapping[str, Any]
    said: str
    harness: bool | str
    repaired: bool | str


def rows(section: str, record: Any, table: Iterable[tuple[Any, ...]]) -> list[Rule]:
    """Rules of one section from rows ``*arguments of record, said, harness, repaired, why``."""
    return [
        Rule(section, why, record(*given), said, harness, repaired) for *given, said, harness, repaired, why in table
    ]
