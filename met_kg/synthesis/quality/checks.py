"""Rule checks: which apply, how severely, with which thresholds. A table, so that no threshold stands in code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from met_kg.errors import DataProblem, MissingData
from met_kg.filtering.profile import Severity, parameters_of
from met_kg.synthesis.quality import rules

if TYPE_CHECKING:
    import pandas as pd

    from met_kg.synthesis.quality.context import Context

__all__ = ["Check", "Finding", "apply_checks", "load_checks"]

_COLUMNS: Final = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table."""

    name: str
    severity: Severity
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of table 'quality'."""

    item_id: str
    check: str
    verdict: str
    reason: str
    value: float | None = None


def load_checks(own: str = "") -> list[Check]:
    """The checks in the order in which they run; rows of a table of one's ``own`` (a path) replace those that ship.

    Raises
    ------
    MissingData
        when the own table is not there.
    DataProblem
        naming file and line of a row that is wrong.
    UnknownName
        for a check that does not exist.
    """
    shipped = Path(str(resources.files("met_kg.synthesis.quality"))) / "checks.tsv"
    paths = [shipped, Path(own)] if own else [shipped]
    if not paths[-1].is_file():
        raise MissingData("the table of checks is not there", where=own)
    found: dict[str, Check] = {}
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip() and not line.startswith(("#", "check\t")):
                check = _check(line, f"{path.name}:{number}")
                found[check.name] = check
    return list(found.values())


def _check(line: str, where: str) -> Check:
    cells = [c.strip() for c in line.split("\t")]
    if len(cells) < _COLUMNS:
        raise DataProblem("a row has check, severity, parameters and note, separated by tabs", where=where)
    name, severity, text = cells[:_COLUMNS]
    if severity not in get_args(Severity):
        raise DataProblem(f"severity '{severity}' is none of drop, flag, off", where=where)
    rule = rules.find(name)
    parameters = parameters_of(name, text, rule.parameters, rule.words, where)
    return Check(name, severity, parameters)  # type: ignore[arg-type]  # checked against get_args above


def apply_checks(items: pd.DataFrame, context: Context, checks: list[Check]) -> Iterator[Finding]:
    """What the checks object to. All see all items, so that every fault is named; duplicates are looked for among
    those that nothing has dropped."""
    dropped: set[str] = set()
    for check in checks:
        if check.severity == "off":
            continue
        alive = items[~items["item_id"].isin(dropped)] if check.name == "duplicate-item" else items
        for hit in rules.find(check.name)(alive, context, check.parameters):
            if check.severity == "drop":
                dropped.add(hit.item_id)
            yield Finding(hit.item_id, check.name, check.severity, hit.reason, hit.value)
