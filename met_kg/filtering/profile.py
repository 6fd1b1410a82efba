"""Profiles: which rules apply, how severely, with which thresholds. A table, so that no threshold stands in code."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final, Literal, get_args

from met_kg.errors import DataProblem, MissingData, UnknownName
from met_kg.filtering import rules

__all__ = ["ALIGNMENT", "Profile", "Setting", "Severity", "load_profile", "profile_file"]

Severity = Literal["drop", "flag", "off"]

#: The row that sets stage 2, and the thresholds it takes.
ALIGNMENT: Final = "alignment"
_ALIGNMENT_PARAMETERS: Final = ("drop_below", "review_below")
_EXTENDS: Final = "# extends:"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of a profile."""

    rule: str
    severity: Severity
    parameters: dict[str, float]


@dataclass(frozen=True, slots=True)
class Profile:
    """The settings of a profile, by rule, in the order in which rules run."""

    name: str
    settings: dict[str, Setting]


def profile_file(name: str) -> Path:
    """The file of a profile that ships, or of a path ending in ``.tsv``.

    Raises
    ------
    UnknownName
        when no profile of that name ships.
    MissingData
        when the path leads nowhere.
    """
    if name.endswith(".tsv"):
        path = Path(name)
        if not path.is_file():
            raise MissingData("the filter profile is not there", where=name)
        return path
    folder = Path(str(resources.files("met_kg.filtering"))) / "profiles"
    path = folder / f"{name}.tsv"
    if not path.is_file():
        raise UnknownName("filter profile", name, [p.stem for p in folder.glob("*.tsv")])
    return path


def load_profile(name: str) -> Profile:
    """Read a profile: columns ``rule severity parameters note``; ``# extends: NAME`` takes over another's rows first.

    Raises
    ------
    DataProblem
        naming file and line of a row that is wrong.
    UnknownName
        for a profile or rule that does not exist.
    """
    return Profile(name, _rows(name, ()))


def _rows(name: str, above: tuple[str, ...]) -> dict[str, Setting]:
    path = profile_file(name)
    if name in above:
        raise DataProblem(f"filter profile '{name}' extends itself", where=str(path))
    settings: dict[str, Setting] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        where = f"{path.name}:{number}"
        if line.startswith(_EXTENDS):
            settings |= _rows(line.removeprefix(_EXTENDS).strip(), (*above, name))
        elif line.strip() and not line.startswith(("#", "rule\t")):
            setting = _setting(line, where)
            settings[setting.rule] = setting
    return settings


def _setting(line: str, where: str) -> Setting:
    cells = [c.strip() for c in line.split("\t")]
    if len(cells) < 3:
        raise DataProblem("a profile row has rule, severity, parameters and note, separated by tabs", where=where)
    rule, severity, text = cells[:3]
    if rule != ALIGNMENT and rule not in rules.names():
        raise UnknownName(f"rule in {where}", rule, [ALIGNMENT, *rules.names()])
    if severity not in get_args(Severity):
        raise DataProblem(f"severity '{severity}' is none of drop, flag, off", where=where)
    wanted = _ALIGNMENT_PARAMETERS if rule == ALIGNMENT else rules.find(rule).parameters
    parameters: dict[str, float] = {}
    for item in text.split():
        key, _, value = item.partition("=")
        try:
            parameters[key] = float(value)
        except ValueError as problem:
            raise DataProblem(f"'{item}' is not name=number", where=where) from problem
    if sorted(parameters) != sorted(wanted):
        raise DataProblem(f"rule {rule} takes {' '.join(wanted) or 'no parameters'}, not '{text}'", where=where)
    return Setting(rule, severity, parameters)  # type: ignore[arg-type]  # checked against get_args above
