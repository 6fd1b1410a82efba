"""Every query file parses, says what it is, and runs with its declared parameters."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from met_kg.errors import UnknownName, UsageProblem
from met_kg.graph.queries import find, names, parse
from met_kg.graph.store import Graph


@pytest.mark.parametrize("name", names())
def test_query_file(name: str, mini_graph: Graph) -> None:
    query = find(name)
    assert query.title != name, "the header has a title"
    assert query.description, "the header has a description"
    sample = {"iri": "DOID:552", "string": "pneumonia", "integer": 1, "decimal": 0.5}
    values = {p.name: sample[p.type] for p in query.parameters}
    result = mini_graph.store.query(query.text, use_default_graph_as_union=True, substitutions=query.bind(values))
    if isinstance(result, ox.QuerySolutions):
        assert [v.value for v in result.variables]
        list(result)  # runs to its end
    else:
        assert result is not None


def test_siblings_are_neither_ancestors_nor_descendants(mini_graph: Graph) -> None:
    found = {row["sibling"] for row in mini_graph.rows("tree/siblings", node="DOID:552")}
    assert found == {"DOID:3083", "DOID:9675", "DOID:2841", "DOID:3770"}


def test_a_parameter_is_bound_and_not_pasted(mini_graph: Graph) -> None:
    evil = "x' } UNION { ?s ?p ?o"
    assert list(mini_graph.rows("tree/lookup", text=evil)) == []


def test_unknown_names_are_answered_with_near_ones(mini_graph: Graph) -> None:
    with pytest.raises(UnknownName, match="tree/siblings"):
        find("tree/sibling")
    with pytest.raises(UnknownName, match="node"):
        list(mini_graph.rows("tree/siblings", nod="DOID:552"))
    with pytest.raises(UsageProblem, match="needs a value for 'node'"):
        list(mini_graph.rows("tree/siblings"))
    with pytest.raises(UsageProblem, match="no iri"):
        list(mini_graph.rows("tree/siblings", node="pneumonia"))


def test_defaults_and_types() -> None:
    query = parse("t", "# param n: integer = 3  how many\nSELECT ?n WHERE { BIND(1 AS ?n) }")
    assert [str(v) for v in query.bind({}).values()] == ['"3"^^<http://www.w3.org/2001/XMLSchema#integer>']
