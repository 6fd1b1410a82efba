"""A labelled slice: which samples are known to show which nodes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from met_kg.corpus.samples import sample_id
from met_kg.errors import DataProblem, MissingData
from met_kg.graph.store import Graph
from met_kg.literature.codes import node_codes
from met_kg.paths import expand_path
from met_kg.records import Quarantined
from met_kg.retrieval.options import LabelOptions

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_labels"]

_SEPARATOR: Final = "|"


def read_labels(
    options: LabelOptions, graph: Graph, quarantine: Callable[[Quarantined], None], *, base: Path | None = None
) -> dict[str, frozenset[str]]:
    """Node -> identifiers of the samples that are labelled with it, or with a code of it.

    A code that no node has, and a row without an identifier, are handed to ``quarantine``, a code once.

    Raises
    ------
    MissingData
        when the table is not there.
    DataProblem
        when it cannot be read, or lacks a column.
    """
    path = expand_path(options.path, base=base)
    rows = _read(path)
    for column in (options.sample, options.node):
        if column not in rows.columns:
            hint = f"it has {', '.join(rows.columns)}"
            raise DataProblem(f"the labelled slice has no column '{column}'", where=str(path), hint=hint)
    nodes_of = _nodes_by_code(graph, options.system)
    found: dict[str, set[str]] = defaultdict(set)
    unknown: set[str] = set()
    for number, (record, value) in enumerate(zip(rows[options.sample], rows[options.node], strict=True), 1):
        if not isinstance(record, str | int) or not str(record).strip():
            quarantine(Quarantined(str(path), f"row {number}", "a label without a sample", str(value)[:200]))
            continue
        identity = sample_id(options.corpus, str(record)) if options.corpus else str(record)
        for code in _codes(value):
            named = code if ":" in code or not options.system else f"{options.system}:{code}"
            if named not in nodes_of and named not in unknown:
                unknown.add(named)
                reason = f"no node of the tree has the code '{named}'"
                quarantine(Quarantined(str(path), f"row {number}", reason, named))
            for node in nodes_of.get(named, ()):
                found[node].add(identity)
    return {node: frozenset(held) for node, held in sorted(found.items())}


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise MissingData("the labelled slice is not there", where=str(path))
    name = path.name.removesuffix(".gz")
    try:
        if name.endswith(".parquet"):
            return pd.read_parquet(path)
        if name.endswith((".jsonl", ".ndjson")):
            return pd.read_json(path, lines=True, dtype=False)
        if name.endswith((".csv", ".tsv")):
            return pd.read_csv(path, sep="\t" if name.endswith(".tsv") else ",", dtype=str, keep_default_na=False)
    except (ValueError, OSError) as problem:
        raise DataProblem(f"the labelled slice cannot be read: {problem}", where=str(path)) from problem
    raise DataProblem(
        "the labelled slice is of an unknown kind", where=str(path), hint="give .csv, .tsv, .jsonl or .parquet"
    )


def _codes(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(_SEPARATOR) if part.strip()]
    return [str(part) for part in value] if isinstance(value, Iterable) else []


def _nodes_by_code(graph: Graph, system: str) -> dict[str, list[str]]:
    """Every node by its own identifier and, where a system is named, by its codes there."""
    found: dict[str, list[str]] = {str(row["node"]): [str(row["node"])] for row in graph.rows("retrieve/nodes")}
    if system:
        for node, codes in sorted(node_codes(graph, (system,)).items()):
            for code in codes:
                found.setdefault(code, []).append(node)
    return found
