"""Open a triple store, load named graphs, run named queries.

pyoxigraph holds the graphs: in memory for small work, on disk for a run. Queries see the union of all named graphs
as their default graph and name a graph (``GRAPH metg:closure``) where it matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pyoxigraph as ox

from met_kg.errors import DataProblem, MissingData, StoreLocked
from met_kg.graph.queries import Bindings, Query, find
from met_kg.vocabulary import contract, expand, sparql_prefixes

__all__ = ["Graph", "Row", "Value"]

Value = str | int | float | bool | None
Row = dict[str, Value]

_XSD = "http://www.w3.org/2001/XMLSchema#"
_INTEGERS = {_XSD + t for t in ("integer", "int", "long", "nonNegativeInteger")}
_REALS = {_XSD + t for t in ("decimal", "double", "float")}


class Graph:
    """A store with the project's vocabulary on top: CURIEs in, CURIEs and plain Python values out.

    >>> g = Graph.memory()
    >>> g.load_text("metg:tree", "DOID:1 rdfs:label 'heart disease' . DOID:1 rdfs:subClassOf DOID:4 .")
    >>> [row["label"] for row in g.rows_of("SELECT ?label { ?node rdfs:label ?label }")]
    ['heart disease']
    """

    def __init__(self, store: ox.Store, where: str = "memory") -> None:
        self.store, self.where = store, where

    # --- opening -----------------------------------------------------------------------------------------------
    @classmethod
    def memory(cls) -> Self:
        """A store that lives in memory."""
        return cls(ox.Store())

    @classmethod
    def open(cls, path: Path, *, read_only: bool = True) -> Self:
        """A store on disk. Only one process may hold it for writing; any number may read beside it.

        Raises
        ------
        MissingData
            when it is to be read and is not there.
        StoreLocked
            when another process holds it for writing.
        """
        if read_only and not path.is_dir():
            raise MissingData("the run has no triple store", where=str(path), hint="run the tree step first")
        try:
            if read_only:
                return cls(ox.Store.read_only(str(path)), str(path))
            path.mkdir(parents=True, exist_ok=True)
            return cls(ox.Store(str(path)), str(path))
        except OSError as problem:
            if "lock" in str(problem).lower():
                raise StoreLocked(
                    "another process writes to this triple store", where=str(path), hint="wait for it, or stop it"
                ) from problem
            raise DataProblem(f"the triple store does not open: {problem}", where=str(path)) from problem

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store, and of its lock."""
        del self.store

    # --- loading -----------------------------------------------------------------------------------------------
    def load_file(self, graph: str, path: Path, format: ox.RdfFormat = ox.RdfFormat.N_TRIPLES) -> None:
        """Replace a named graph by a file's triples."""
        self.drop(graph)
        self.store.bulk_load(path=str(path), format=format, to_graph=_node(graph))

    def load_text(self, graph: str, turtle: str) -> None:
        """Add Turtle text (the project's prefixes declared) to a named graph."""
        self.store.load(input=sparql_prefixes() + turtle, format=ox.RdfFormat.TURTLE, to_graph=_node(graph))

    def load_triples(self, graph: str, triples: Iterable[ox.Triple]) -> None:
        """Add triples to a named graph."""
        name = _node(graph)
        self.store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object, name) for t in triples)

    def drop(self, graph: str) -> None:
        """Empty a named graph."""
        self.store.remove_graph(_node(graph))

    # --- asking ------------------------------------------------------------------------------------------------
    def rows(self, query: str, **values: str | int | float) -> Iterator[Row]:
        """Rows of a named query (``folder/name``); IRIs come back as CURIEs, numbers as numbers, unbound as None."""
        return self.run(find(query), values)

    def rows_of(self, text: str) -> Iterator[Row]:
        """Rows of a query given as text (prefixes declared). For code that composes nothing: no values are pasted."""
        from met_kg.graph.queries import parse

        return self.run(parse("inline", text), {})

    def run(self, query: Query, values: dict[str, str | int | float]) -> Iterator[Row]:
        """Rows of a SELECT query object with parameter values."""
        bound = query.bind(values)
        result = self._query(query, bound)
        if not isinstance(result, ox.QuerySolutions):
            raise DataProblem(f"query {query.name} returns no rows: it is not a SELECT query")
        names = [v.value for v in result.variables]
        # A bound parameter is the same in every row: it is read once.
        given = {variable.value: _plain(term) for variable, term in bound.items()}
        row = {name: given.get(name) for name in names}
        free = [name for name in names if name not in given]
        for solution in result:
            yield row | {name: _plain(solution[name]) for name in free}

    def ask(self, query: str | Query, **values: str | int | float) -> bool:
        """The answer of a named ASK query."""
        found = find(query) if isinstance(query, str) else query
        result = self._query(found, found.bind(values))
        if not isinstance(result, ox.QueryBoolean):
            raise DataProblem(f"query {found.name} gives no yes or no: it is not an ASK query")
        return bool(result)

    def construct(self, query: str, **values: str | int | float) -> str:
        """The triples of a named CONSTRUCT query as N-Triples."""
        found = find(query)
        result = self._query(found, found.bind(values))
        if not isinstance(result, ox.QueryTriples):
            raise DataProblem(f"query {found.name} gives no triples: it is not a CONSTRUCT query")
        text = ox.serialize(result, format=ox.RdfFormat.N_TRIPLES)
        assert text is not None
        return text.decode()

    def _query(self, query: Query, bound: Bindings) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        try:
            return self.store.query(query.text, use_default_graph_as_union=True, substitutions=bound or None)
        except SyntaxError as problem:
            raise DataProblem(f"query {query.name} is not valid SPARQL: {_syntax_error(problem)}") from problem
        except RuntimeError as problem:
            hint = "a SELECT lists its parameters among its columns"
            raise DataProblem(f"query {query.name} cannot be answered: {problem}", hint=hint) from problem

    def __len__(self) -> int:
        return len(self.store)


def _syntax_error(problem: SyntaxError) -> str:
    """The engine's first line, with the place as it is in the file: the prefixes were put before it."""
    first = (str(problem).splitlines() or [""])[0]
    before = sparql_prefixes().count("\n")
    return re.sub(r"error at (\d+):(\d+)", lambda m: f"error in line {int(m[1]) - before}, column {m[2]}", first)


def _node(curie: str) -> ox.NamedNode:
    return ox.NamedNode(expand(curie))


def _plain(term: object) -> Value:
    if term is None:
        return None
    if isinstance(term, ox.NamedNode):
        return contract(term.value)
    if isinstance(term, ox.BlankNode):
        return f"_:{term.value}"
    if isinstance(term, ox.Literal):
        kind = term.datatype.value
        if kind in _INTEGERS:
            return int(term.value)
        if kind in _REALS:
            return float(term.value)
        if kind == _XSD + "boolean":
            return term.value in ("true", "1")
        return term.value
    return str(term)
