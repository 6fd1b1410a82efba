"""Whether records are those of the benchmark that they are to be scored as."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from met_kg.errors import DataProblem
from met_kg.evaluation.benchmark import Benchmark, find, names

__all__ = ["better_fit"]

#: Records that are looked at; all of them must speak for the same benchmark.
_LOOKED_AT: Final = 50


def better_fit(bench: Benchmark, records: Iterable[Any]) -> str:
    """Another benchmark that all records have the fields of, and more of them than of this one; '' when none.

    Fields that two benchmarks share tell nothing: VQA-RAD's records pass for PathVQA's. MMMU's two splits are told
    apart by the ids. A benchmark that is not shipped is not doubted.

    >>> better_fit(find("vqa-rad"), [{"question": "q", "answer": "a", "answer_type": "OPEN", "q_lang": "en"}])
    'slake'
    """
    if bench.name not in names():
        return ""
    looked_at = [record for record in islice(records, _LOOKED_AT) if isinstance(record, Mapping)]
    common: set[str] | None = None
    for record in looked_at:
        better = {
            other.name for other in map(find, names()) if other.name != bench.name and _better(other, bench, record)
        }
        common = better if common is None else common & better
    return max(common, key=lambda name: (*_likeness(find(name), looked_at[0]), name)) if common else ""


def _likeness(bench: Benchmark, record: Mapping[str, Any]) -> tuple[int, int]:
    """How many fields, and how many of them under the benchmark's own name for them."""
    return len(bench.fields), sum(spellings[0] in record for spellings in bench.fields.values())


def _better(other: Benchmark, bench: Benchmark, record: Mapping[str, Any]) -> bool:
    if other.scorer == "mmmu" and not str(record.get("id", "")).startswith(f"{other.hub.split}_"):
        return False
    if other.scorer == bench.scorer == "mmmu":
        return True
    found = _fields(other, record)
    return found > 0 and found > _fields(bench, record)


def _fields(bench: Benchmark, record: Mapping[str, Any]) -> int:
    """How many of a benchmark's fields a record has; 0 when it lacks one. Any single option may be absent."""
    count = 0
    for name in bench.fields:
        try:
            count += bench.raw(record, name) is not None
        except DataProblem:
            return 0
        if bench.raw(record, name) is None and not name.startswith("option_"):
            return 0
    return count
