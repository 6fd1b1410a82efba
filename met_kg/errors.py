"""Typed errors. Each is one sentence: the thing at fault, the place, and what to do next.

The command line prints the sentence without a traceback and exits with :attr:`MetError.exit_code`:
1 when the work found problems, 2 when the command was used wrongly.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final

__all__ = [
    "DataProblem",
    "MetError",
    "MissingData",
    "RecipeProblem",
    "StoreLocked",
    "UnknownName",
    "UsageProblem",
    "setting_problem",
]


#: How many known names an error lists.
_FEW: Final = 20


class MetError(Exception):
    """Base of all errors a user can meet.

    Parameters
    ----------
    message
        what is wrong, naming the thing at fault.
    where
        ``file:line``, a node, a flag: the place to look at.
    hint
        what to do next.
    """

    #: A stable identifier, documented in ``docs/errors.md``.
    code = "MET-ERROR"
    exit_code = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        self.message, self.where, self.hint = message, where, hint
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.hint})" if self.hint else text


class DataProblem(MetError):
    """The input was understood and is bad."""

    code = "MET-DATA"


class MissingData(MetError):
    """A file or data pack that was asked for is not there."""

    code = "MET-MISSING"
    exit_code = 2


class StoreLocked(MetError):
    """Another process writes to the triple store."""

    code = "MET-LOCKED"


class UsageProblem(MetError):
    """The command was given something it cannot work with."""

    code = "MET-USAGE"
    exit_code = 2


class RecipeProblem(UsageProblem):
    """A recipe has problems; all of them are listed, each with its line."""

    code = "MET-RECIPE"

    def __init__(self, path: str, problems: list[str]) -> None:
        self.problems = problems
        count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
        super().__init__(f"{count} in recipe {path}:\n" + "\n".join(f"  {p}" for p in problems))


def setting_problem(found: Mapping[str, Any], shown: str, known: Iterable[str]) -> str:
    """One error of pydantic's as a sentence; ``shown`` is the setting's full name, ``known`` those beside it.

    >>> setting_problem({"type": "extra_forbidden", "loc": ("sed",)}, "sed", ["seed", "name"])
    "unknown key 'sed' (did you mean 'seed'?)"
    """
    if found["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(found["loc"][-1]), list(known), n=1, cutoff=0.5)
        return f"unknown key '{shown}'" + (f" (did you mean '{near[0]}'?)" if near else "")
    if found["type"] == "missing":
        return f"'{shown}' is missing"
    return f"{shown}: {found['msg'].lower()}, got {found['input']!r}"


class UnknownName(UsageProblem):
    """A name that is not known; the nearest known ones are offered.

    >>> str(UnknownName("benchmark", "vqarad", ["vqa-rad", "slake"]))
    "no benchmark is called 'vqarad' (did you mean vqa-rad?)"
    """

    code = "MET-UNKNOWN"

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        more = f" and {len(known) - _FEW} more" if len(known) > _FEW else ""
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known[:_FEW])}{more}"
        super().__init__(f"no {kind} is called '{name}'", hint=hint)
