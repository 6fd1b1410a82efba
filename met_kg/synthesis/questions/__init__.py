"""Question types, one module each, found by their names: a module here that holds ``QUESTION`` is a type."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from met_kg.errors import UnknownName
from met_kg.synthesis.questions.base import QuestionType, Target

__all__ = ["QuestionType", "Target", "question_types"]


@lru_cache(maxsize=1)
def _found() -> dict[str, QuestionType]:
    found = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        question = getattr(importlib.import_module(f"{__name__}.{module.name}"), "QUESTION", None)
        if isinstance(question, QuestionType):
            found[question.name] = question
    return found


def question_types(names: list[str] | None = None) -> list[QuestionType]:
    """The types of these names, all when none is named, in order of their names.

    Raises
    ------
    UnknownName
        for a name that no type has.
    """
    known = _found()
    for name in names or ():
        if name not in known:
            raise UnknownName("question type", name, known)
    return [known[n] for n in sorted(names or known)]
