"""YAML with line numbers, so that a problem in a recipe can be pointed at."""

from __future__ import annotations

from typing import Any

import yaml

from met_kg.errors import RecipeProblem

__all__ = ["KeyPath", "load_with_lines"]

KeyPath = tuple[str | int, ...]


def load_with_lines(text: str, name: str) -> tuple[Any, dict[KeyPath, int]]:
    """The value of a YAML document and the line (from 1) on which each key or list entry stands.

    >>> load_with_lines("a:\\n  - b: 1\\n", "x")[1][("a", 0, "b")]
    2

    Raises
    ------
    RecipeProblem
        when it is not YAML, uses tags, or repeats a key.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 0
        raise RecipeProblem(name, [f"{name}:{line}: not YAML: {problem.problem}"]) from problem
    except yaml.YAMLError as problem:
        raise RecipeProblem(name, [f"{name}: not YAML: {problem}"]) from problem
    lines: dict[KeyPath, int] = {}
    repeated: list[str] = []

    def walk(node: yaml.Node | None, path: KeyPath) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, child in node.value:
                here = (*path, key.value)
                if here in lines:
                    repeated.append(f"{name}:{key.start_mark.line + 1}: key '{key.value}' is given twice")
                lines[here] = key.start_mark.line + 1
                walk(child, here)
        elif isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                here = (*path, index)
                lines[here] = child.start_mark.line + 1
                walk(child, here)

    walk(root, ())
    if repeated:
        raise RecipeProblem(name, repeated)
    return value, lines
