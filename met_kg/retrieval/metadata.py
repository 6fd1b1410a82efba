"""Anchors from metadata columns: modality, view, body part, finding."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import pandas as pd

from met_kg.literature.lexicon import Lexicon, Reading
from met_kg.records import Quarantined
from met_kg.vocabulary import Axis

__all__ = ["COLUMNS", "Metadata"]

#: Metadata columns and the axes that a value there can name.
COLUMNS: Final[dict[str, tuple[Axis, ...]]] = {
    "modality": ("modality",),
    "view": ("modality",),
    "body_part": ("anatomy",),
    "finding": ("disease", "finding"),
}
_SCORE: Final = 0.98  # stated by people about this image, but by hand and in a closed list
_NOTHING: Final = "-"
_SEPARATOR: Final = re.compile(r"\s*[|;]\s*|,\s+")


class Metadata:
    """Reads metadata columns, batch by batch.

    Parameters
    ----------
    quarantine
        takes each value that the tree does not know, once.
    """

    def __init__(self, lexicon: Lexicon, quarantine: Callable[[Quarantined], None]) -> None:
        self._lexicon, self._quarantine = lexicon, quarantine
        self._unknown: set[tuple[str, str, str]] = set()

    def anchors(self, samples: pd.DataFrame) -> Iterator[dict[str, Any]]:
        """One positive anchor row for each metadata value that the tree knows."""
        for column, axes in COLUMNS.items():
            for sample_id, corpus, value in zip(samples["sample_id"], samples["source"], samples[column], strict=True):
                for part in _parts(column, corpus, value):
                    reading = _read(column, corpus, part, axes, self._lexicon)
                    if reading is None:
                        self._set_aside(column, corpus, part, sample_id)
                        continue
                    yield {
                        "sample_id": sample_id,
                        "node": reading.entry.node,
                        "axis": reading.entry.axis,
                        "polarity": "positive",
                        "assertion": "positive",
                        "method": "metadata",
                        "score": _SCORE,
                        "evidence": json.dumps({"column": column, "value": value}, ensure_ascii=False),
                    }

    def _set_aside(self, column: str, corpus: str, part: str, sample_id: str) -> None:
        if (column, corpus, part) not in self._unknown and not _says_nothing(column, corpus, part):
            self._unknown.add((column, corpus, part))
            reason = f"the tree knows no node for the {column} '{part}'"
            self._quarantine(Quarantined(corpus, f"{column} of {sample_id}", reason, part))


def _parts(column: str, corpus: str, value: str) -> list[str]:
    """A cell's values: one that the table knows as a whole, else its comma-separated parts."""
    whole = value.strip()
    if not whole or _names(column, corpus, whole) is not None:
        return [whole] if whole else []
    return [part for part in _SEPARATOR.split(whole) if part]


def _names(column: str, corpus: str, value: str) -> tuple[str, ...] | None:
    known = _table()
    key = value.casefold()
    return known.get((column, corpus, key)) or known.get((column, "*", key))


def _says_nothing(column: str, corpus: str, value: str) -> bool:
    return _names(column, corpus, value) == (_NOTHING,)


def _read(column: str, corpus: str, value: str, axes: tuple[Axis, ...], lexicon: Lexicon) -> Reading | None:
    """The node of a value: by the table's names for it, else by the value itself."""
    for name in _names(column, corpus, value) or (value,):
        for reading in lexicon.lookup(name):
            if reading.entry.axis in axes:
                return reading
    return None


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str, str], tuple[str, ...]]:
    text = (resources.files("met_kg.retrieval.data") / "metadata_values.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {(column, corpus, value.casefold()): tuple(names.split("|")) for column, corpus, value, names in rows}
