"""Named queries: one SPARQL file each under ``sparql/``, its header saying what it does, takes and returns.

A header is the comment lines at the top::

    # title: Siblings of a node
    # description: Nodes with the same tree parent that are neither ancestor nor descendant of it.
    # param node: iri            the node
    # param limit: integer = 10  a parameter with a default
    # returns: ?sibling ?label

A rule of the filter also has a line ``# reason:`` (:mod:`met_kg.filtering.knowledge`).

Types are ``iri`` (a CURIE or IRI), ``string``, ``integer``, ``decimal``. A parameter is the SPARQL variable of its
name, bound by the engine and never pasted into the text. The prefixes of :mod:`met_kg.vocabulary` are always declared.
The engine binds variables of the outermost pattern, so a SELECT lists its parameters among its columns, and an ASK that
uses one only inside FILTER NOT EXISTS starts with ``VALUES ?param { UNDEF }``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from met_kg.errors import DataProblem, MissingData, UnknownName, UsageProblem
from met_kg.paths import sparql_dir
from met_kg.vocabulary import expand, sparql_prefixes

__all__ = ["Bindings", "Parameter", "Query", "find", "names", "parse"]

#: What could hide a keyword (comments, IRIs, strings, variables, names with their prefix), and words.
_TOKEN: Final = re.compile(
    r"""
    \#[^\n]* | <[^<>"{}|^`\\\x00-\x20]*>
    | \"{3}(?:[^"\\]|\\.|"(?!""))*\"{3} | '{3}(?:[^'\\]|\\.|'(?!''))*'{3}
    | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'
    | [?$]\w+ | [\w.-]*:[\w:.%-]* | \w+
    """,
    re.VERBOSE | re.DOTALL,
)
_PARAM: Final = re.compile(r"param\s+(\w+):\s*(iri|string|integer|decimal)(?:\s*=\s*(\S+))?\s*(.*)")
#: What the engine takes as variable bindings.
Bindings = dict[ox.Variable, ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]

_XSD: Final = "http://www.w3.org/2001/XMLSchema#"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter of a query."""

    name: str
    type: str
    default: str | None
    description: str


@dataclass(frozen=True, slots=True)
class Query:
    """A query file: its header and its text (prefixes prepended)."""

    name: str
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    text: str
    returns: tuple[str, ...] = ()
    reason: str = ""

    def bind(self, values: dict[str, str | int | float]) -> Bindings:
        """Parameter values as RDF terms, defaults filled in.

        Raises
        ------
        UnknownName
            for a value that no parameter takes.
        UsageProblem
            for a parameter left without value, or a value that does not fit its type.
        """
        declared = {p.name: p for p in self.parameters}
        for name in values:
            if name not in declared:
                raise UnknownName(f"parameter of query {self.name}", name, declared)
        bound: Bindings = {}
        for p in self.parameters:
            value = values.get(p.name, p.default)
            if value is None:
                raise UsageProblem(f"query {self.name} needs a value for '{p.name}'", hint=f"-p {p.name}=...")
            bound[ox.Variable(p.name)] = _term(p, value)
        return bound


def _term(parameter: Parameter, value: str | int | float) -> ox.NamedNode | ox.Literal:
    try:
        if parameter.type == "iri":
            return ox.NamedNode(expand(str(value)))
        if parameter.type == "integer":
            return ox.Literal(str(int(value)), datatype=ox.NamedNode(_XSD + "integer"))
        if parameter.type == "decimal":
            return ox.Literal(repr(float(value)), datatype=ox.NamedNode(_XSD + "decimal"))
    except ValueError as problem:
        raise UsageProblem(f"'{value}' is no {parameter.type} for parameter '{parameter.name}': {problem}") from problem
    return ox.Literal(str(value))


def parse(name: str, text: str) -> Query:
    """Read a query file's header and text."""
    title, description, reason, parameters = name, "", "", []
    returns: tuple[str, ...] = ()
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        comment = line[1:].strip()
        if comment.startswith("title:"):
            title = comment.removeprefix("title:").strip()
        elif comment.startswith("description:"):
            description = comment.removeprefix("description:").strip()
        elif comment.startswith("reason:"):
            reason = comment.removeprefix("reason:").strip()
        elif comment.startswith("returns:"):
            returns = tuple(re.findall(r"\?(\w+)", comment))
        elif match := _PARAM.match(comment):
            parameters.append(Parameter(*match.groups()))
    return Query(name, title, description, tuple(parameters), sparql_prefixes() + text, returns, reason)


def _query_text(path: Path) -> str:
    """The text of a query from outside, which may not ask other servers.

    Raises
    ------
    DataProblem
        when it is not UTF-8 text, or has a SERVICE clause.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise DataProblem(f"the query is not UTF-8 text (byte {problem.start})", where=str(path)) from problem
    for found in _TOKEN.finditer(text):
        if found.group().upper() == "SERVICE":
            line = text.count("\n", 0, found.start()) + 1
            hint = "load the other data into a graph of its own"
            raise DataProblem("a query asks the run's graphs only, never a SERVICE", where=f"{path}:{line}", hint=hint)
    return text


def names() -> list[str]:
    """All named queries, as ``folder/name``."""
    root = sparql_dir()
    return sorted(p.relative_to(root).with_suffix("").as_posix() for p in root.rglob("*.rq"))


@lru_cache(maxsize=512)
def find(name_or_file: str) -> Query:
    """A query by its name under ``sparql/`` (``tree/siblings``), or by the path of a ``.rq`` file.

    Raises
    ------
    UnknownName
        when no query has that name.
    MissingData
        when the file is not there.
    """
    if name_or_file.endswith(".rq"):
        path = Path(name_or_file)
        if not path.is_file():
            raise MissingData(f"query file '{name_or_file}' is not there")
        return parse(path.stem, _query_text(path))
    path = sparql_dir() / f"{name_or_file}.rq"
    if not path.is_file():
        known = names()
        short = {n.rpartition("/")[2]: n for n in known}
        if name_or_file in short:
            return find(short[name_or_file])
        raise UnknownName("query", name_or_file, known)
    return parse(name_or_file, path.read_text(encoding="utf-8"))
