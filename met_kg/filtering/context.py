"""What rules may look at beside the samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from met_kg import tables
from met_kg.filtering.benchmarks import BenchmarkImage
from met_kg.graph.store import Graph
from met_kg.log import Log
from met_kg.paths import expand_path

__all__ = ["Context"]


@dataclass(slots=True)
class Context:
    """The run's graph (with ``metg:samples``) and folder, benchmark images, and who has been dropped so far.

    ``anchors`` are those of the batch that a rule is given; a rule that compares samples sees none.
    """

    graph: Graph
    run: Path
    log: Log
    benchmarks: Sequence[BenchmarkImage] = ()
    dropped: set[str] = field(default_factory=set)
    anchors: pd.DataFrame = field(default_factory=lambda: tables.empty("anchors"))

    def path(self, image: str) -> Path:
        """The file of a value of column 'image'."""
        return expand_path(image, base=self.run)

    def label(self, node: str) -> str:
        """A node as a reason shows it: its label and its CURIE."""
        for row in self.graph.rows("filter/label", node=node):
            return f"{row['label']} ({node})"
        return node
