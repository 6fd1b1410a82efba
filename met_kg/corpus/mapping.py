"""A record of a data set -> the columns of table 'samples', as the recipe maps them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import Field, field_validator

from met_kg.corpus.readers import ReaderOptions
from met_kg.corpus.spec import CorpusSpec
from met_kg.corpus.text import clean, fill, template_columns
from met_kg.errors import UnknownName

__all__ = ["Keys", "Mapped", "MappedOptions", "check_columns", "mapped"]

_USED: Final = "INSERT INTO seen VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET times = times + 1"
_TIMES: Final = "SELECT times FROM seen WHERE key = ?"


class MappedOptions(ReaderOptions):
    """What every reader takes whose records are mapped by the recipe."""

    remove: list[str] = Field(default=[], description="regular expressions whose matches go from caption and context")

    @field_validator("remove")
    @classmethod
    def _compiles(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as problem:
                raise ValueError(f"'{pattern}' is not a regular expression: {problem}") from problem
        return patterns


@dataclass(frozen=True, slots=True)
class Mapped:
    """Sample columns that a record fills, and what goes to column 'meta'."""

    values: dict[str, str]
    meta: dict[str, object]


def mapped(
    columns: Mapping[str, str | list[str]],
    constants: Mapping[str, str],
    record: Mapping[str, str],
    remove: Sequence[str] = (),
) -> Mapped:
    """The record's sample columns, cleaned; damaged characters are counted in ``meta``.

    >>> mapped({"caption": "text", "meta": ["site"]}, {"modality": "CT"}, {"text": " Chest\\n CT ", "site": "A"})
    Mapped(values={'modality': 'CT', 'caption': 'Chest CT'}, meta={'site': 'A'})
    """
    values = dict(constants)
    mended = damaged = 0
    for target, source in columns.items():
        if target == "meta":
            continue
        text = " ".join(filter(None, (fill(t, dict(record)).strip() for t in _as_list(source))))
        if target in ("caption", "context"):
            for pattern in remove:
                text = re.sub(pattern, "", text)
        result = clean(text)
        mended, damaged = mended + result.mended, damaged + result.damaged
        values[target] = result.text
    meta: dict[str, object] = {c: v for c in _as_list(columns.get("meta", [])) if (v := record.get(c, ""))}
    if mended:
        meta["mended_characters"] = mended
    if damaged:
        meta["damaged_characters"] = damaged
    return Mapped(values, meta)


def check_columns(spec: CorpusSpec, seen: Iterable[str], what: str) -> None:
    """Raise UnknownName when the recipe maps a column that no record had; nothing when there were no records."""
    known = set(seen)
    wanted = {c for value in spec.columns.values() for t in _as_list(value) for c in template_columns(t)}
    for column in sorted(wanted - known) if known else ():
        raise UnknownName(f"column of {what}", column, known)


class Keys:
    """Names of records, made unique by counting.

    Which were used stands in a temporary database of SQLite's, which takes 2 MB of memory and grows on disk.

    >>> keys = Keys()
    >>> [keys.unique(key) for key in ("a", "b", "a", "a")]
    ['a', 'b', 'a#2', 'a#3']
    """

    def __init__(self) -> None:
        self._seen = sqlite3.connect("")
        self._seen.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, times INTEGER) WITHOUT ROWID")

    def unique(self, key: str) -> str:
        """The key, with a number from its second use on."""
        # Bytes: a name out of an archive may hold lone surrogates, which SQLite's texts cannot.
        asked = (key.encode("utf-8", "surrogatepass"),)
        self._seen.execute(_USED, asked)
        ((times,),) = self._seen.execute(_TIMES, asked)
        return key if times == 1 else f"{key}#{times}"


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
