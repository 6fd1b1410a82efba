"""Fixtures that several rooms share."""

from __future__ import annotations

from pathlib import Path

import pytest
from families import Tiny

from met_kg import paths
from met_kg.graph.closure import add_closure
from met_kg.graph.store import Graph
from met_kg.vocabulary import Graphs


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The data packs; a test that needs them is skipped, saying so, where they are absent."""
    root = paths.data_root()
    if root is None or not root.is_dir():
        pytest.skip("needs the data packs: set MET_DATA or lay them in ../shared/data")
    return root


@pytest.fixture
def mini_graph() -> Graph:
    """A small tree with its closure, in memory: lung, pneumonia and kin, CT, MRI, pleural effusion, cough."""
    graph = Graph.memory()
    graph.load_text(Graphs.TREE, (Path(__file__).parent / "mini_tree.ttl").read_text(encoding="utf-8"))
    add_closure(graph)
    return graph


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """``tiny(family)`` is the folder of a tiny random model of that family."""
    return Tiny(tmp_path_factory.mktemp("families"))
