"""Is the tree sound? Queries, shapes and a reasoner, each finding with a level.

Any row of a ``sparql/verify`` query is an error. Rows of ``sparql/report`` queries, which include the seventeen checks
that ROBOT's report calls errors (robot.obolibrary.org/report), get a level from ``sparql/report/profile.tsv``: rule,
scope (a CURIE prefix or ``*``), level; the first line that fits counts. Every rule has a page in ``docs/checks/``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from met_kg.errors import DataProblem
from met_kg.graph.queries import find, names
from met_kg.graph.store import Graph
from met_kg.paths import sparql_dir

__all__ = ["LEVELS", "Finding", "Level", "check_graph"]

Level = Literal["ERROR", "WARN", "INFO"]
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of a check; ``explanation`` holds the axioms at fault where they are known."""

    level: Level
    rule: str
    entity: str
    property: str
    value: str
    explanation: tuple[str, ...] = ()


def check_graph(graph: Graph) -> Iterator[Finding]:
    """All findings of the verify and report queries over a store that holds tree and closure.

    Raises
    ------
    DataProblem
        when the profile names an unknown level.
    """
    profile = _profile()
    for name in names():
        folder, _, rule = name.partition("/")
        if folder not in ("verify", "report"):
            continue
        for row in graph.run(find(name), {}):
            entity = str(row["entity"])
            level: Level = "ERROR" if folder == "verify" else _level(rule, entity, profile)
            yield Finding(level, rule, entity, str(row["property"]), str(row["value"] or ""))


def _profile() -> list[tuple[str, str, Level]]:
    path = sparql_dir() / "report" / "profile.tsv"
    found: list[tuple[str, str, Level]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], 2):
        if not line.strip():
            continue
        cells = line.split("\t")
        level = next((known for known in LEVELS if known == cells[-1]), None)
        if len(cells) != 3 or level is None:
            raise DataProblem(f"not rule, scope and one of {', '.join(LEVELS)}: {line}", where=f"{path}:{number}")
        found.append((cells[0], cells[1], level))
    return found


def _level(rule: str, entity: str, profile: Sequence[tuple[str, str, Level]]) -> Level:
    for name, scope, level in profile:
        if name == rule and scope in ("*", entity.partition(":")[0]):
            return level
    return "WARN"
