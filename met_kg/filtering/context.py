"""What rules may look at beside the samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from met_kg import tables
from met_kg.filtering.benchmarks import Benchmarks
from met_kg.graph.store import Graph, Row
from met_kg.log import Log
from met_kg.paths import expand_path

__all__ = ["Context"]


@dataclass(slots=True)
class Context:
    """The run's graph (with ``metg:samples``) and folder, what benchmarks hold, and who has been dropped so far.

    ``anchors`` are those of the batch that a rule is given; a rule that compares samples sees none.
    """

    graph: Graph
    run: Path
    log: Log
    benchmarks: Benchmarks = field(default_factory=Benchmarks)
    dropped: set[str] = field(default_factory=set)
    anchors: pd.DataFrame = field(default_factory=lambda: tables.empty("anchors"))
    _answers: dict[tuple[object, ...], list[Row]] = field(default_factory=dict)

    def path(self, image: str) -> Path:
        """The file of a value of column 'image'."""
        return expand_path(image, base=self.run)

    def once(self, query: str, **values: str | float) -> list[Row]:
        """Rows of a query, which is asked the first time only: rules are called batch by batch."""
        asked = (query, *sorted(values.items()))
        if asked not in self._answers:
            self._answers[asked] = list(self.graph.rows(query, **values))
        return self._answers[asked]
