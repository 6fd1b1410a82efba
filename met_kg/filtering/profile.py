"""Profiles: which rules apply, how severely, with which thresholds. A table, so that no threshold stands in code."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal, get_args

from met_kg.errors import DataProblem, MissingData, UnknownName
from met_kg.filtering import rules

__all__ = [
    "ALIGNMENT",
    "Profile",
    "Setting",
    "Severity",
    "load_profile",
    "parameters_of",
    "profile_file",
    "profile_files",
]

Severity = Literal["drop", "flag", "off"]

#: The row that sets stage 2, and the thresholds it takes.
ALIGNMENT: Final = "alignment"
_ALIGNMENT_PARAMETERS: Final = ("precision", "review_precision", "wrong_share")
_EXTENDS: Final = "# extends:"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of a profile; ``query`` is the file of a rule that is a query of the user's own."""

    rule: str
    severity: Severity
    parameters: dict[str, Any]
    query: str = ""

    def load(self) -> rules.Rule:
        """The rule itself."""
        return rules.find(self.query or self.rule)


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

    A rule is one that ships, or the path of a query (``.rq``), seen from the profile's folder. Parameters are
    ``name=number`` or, where the rule says so, ``name=word,word``.

    Raises
    ------
    DataProblem
        naming file and line of a row that is wrong.
    UnknownName
        for a profile or rule that does not exist.
    """
    return Profile(name, _rows(name, ()))


def profile_files(name: str, above: tuple[str, ...] = ()) -> list[Path]:
    """The files of a user's own that a profile is read from: tables and queries."""
    if not name.endswith(".tsv") or name in above:
        return []
    path = profile_file(name)
    found = [path]
    for line in path.read_text(encoding="utf-8").splitlines():
        rule = line.partition("\t")[0].strip()
        if line.startswith(_EXTENDS):
            found += profile_files(line.removeprefix(_EXTENDS).strip(), (*above, name))
        elif rule.endswith(".rq") and not line.startswith("#"):
            found.append(path.parent / rule)
    return found


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
            setting = _setting(line, path, where)
            settings[setting.rule] = setting
    return settings


def _setting(line: str, path: Path, where: str) -> Setting:
    cells = [c.strip() for c in line.split("\t")]
    if len(cells) < 3:
        raise DataProblem("a profile row has rule, severity, parameters and note, separated by tabs", where=where)
    name, severity, text = cells[:3]
    query = str(path.parent / name) if name.endswith(".rq") else ""
    if severity not in get_args(Severity):
        raise DataProblem(f"severity '{severity}' is none of drop, flag, off", where=where)
    wanted: tuple[str, ...] = _ALIGNMENT_PARAMETERS
    words = frozenset[str]()
    if name != ALIGNMENT:
        rule = _rule(query or name, where)
        wanted, words = rule.parameters, rule.words
    parameters = parameters_of(name, text, wanted, words, where)
    shown = Path(query).stem if query else name
    return Setting(shown, severity, parameters, query)  # type: ignore[arg-type]  # checked against get_args above


def parameters_of(rule: str, text: str, wanted: Sequence[str], words: Set[str], where: str) -> dict[str, Any]:
    """The thresholds of a table's cell: ``name=number``, or ``name=word,word`` for those in ``words``.

    Raises
    ------
    DataProblem
        when one is no number, or they are not those that the rule takes.
    """
    parameters: dict[str, Any] = {}
    for item in text.split():
        key, _, value = item.partition("=")
        try:
            parameters[key] = value if key in words and value else float(value)
        except ValueError as problem:
            raise DataProblem(f"'{item}' is not name={'words' if key in words else 'number'}", where=where) from problem
    if sorted(parameters) != sorted(wanted):
        raise DataProblem(f"rule {rule} takes {' '.join(wanted) or 'no parameters'}, not '{text}'", where=where)
    return parameters


def _rule(name: str, where: str) -> rules.Rule:
    if name.endswith(".rq") and not Path(name).is_file():
        raise DataProblem(f"the rule's query '{name}' is not there", where=where)
    if not name.endswith(".rq") and name not in rules.names():
        raise UnknownName(f"rule in {where}", name, [ALIGNMENT, *rules.names()])
    return rules.find(name)
