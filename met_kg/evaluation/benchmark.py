"""A benchmark is a short YAML file: where its records are, what their fields are called, how it is scored."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from met_kg.errors import DataProblem, UnknownName

__all__ = ["Benchmark", "find", "names"]

_FOLDER: Final = Path(__file__).parent / "benchmarks"


class Hub(BaseModel):
    """Where the benchmark lies on a model hub."""

    model_config = ConfigDict(extra="forbid")

    id: str
    split: str = ""
    file: str = ""
    configs: list[str] = []


class Files(BaseModel):
    """Where its records and images lie in a release folder."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["json", "json-folder", "csv", "parquet"]
    path: str
    pattern: str = ""
    images: str = ""
    image_field: str = "image"


class Benchmark(BaseModel):
    """One benchmark, as its YAML file states it."""

    model_config = ConfigDict(extra="forbid")

    name: str
    title: str
    scorer: Literal["open-closed", "multiple-choice", "mmmu", "items"]
    hub: Hub
    files: Files
    pack: str = ""
    fields: dict[str, list[str]]
    optional: list[str] = []
    closed_by: Literal["answer", "answer_type"] = "answer"
    prompt_case: Literal["lower", "exact", "word"] = "lower"
    option_prefix: bool = False
    gold_is_text: bool = False
    tag_first: bool = False
    open_scored: bool = True
    breakdown: dict[str, str] = {}
    expected: int
    cluster_field: str = ""
    licence: str
    citation: str

    def field(self, record: Mapping[str, Any], name: str) -> str:
        """A field of a record under any of its known spellings, as text.

        Raises
        ------
        DataProblem
            when the record has none of them and the field is not optional.
        """
        value = self.raw(record, name)
        return "" if value is None else str(value)

    def raw(self, record: Mapping[str, Any], name: str) -> Any:
        """A field as it stands in the record; None for an optional one that is absent."""
        for spelling in (*self.fields[name], name, name.lower()):
            if spelling in record and record[spelling] is not None:
                return record[spelling]
        if name in self.optional:
            return None
        raise DataProblem(f"the record has no field '{self.fields[name][0]}'")

    def options(self, record: Mapping[str, Any]) -> list[str]:
        """Option texts as the model sees them (multiple choice)."""
        if "options" in self.fields:
            texts = list(self.raw(record, "options") or [])
            return [f"{chr(ord('A') + i)}. {text}" for i, text in enumerate(texts)]
        listed = [(letter, self.raw(record, f"option_{letter}")) for letter in "ABCD"]
        shown = [(letter, str(text)) for letter, text in listed if text is not None]
        return [f"{letter}. {text}" if self.option_prefix else text for letter, text in shown]

    def is_closed(self, record: Mapping[str, Any]) -> bool:
        """Whether an open-or-closed benchmark scores the record as closed."""
        if self.closed_by == "answer_type":
            return self.field(record, "answer_type") != "OPEN"
        return self.field(record, "answer").lower().strip() in ("yes", "no")


def names() -> list[str]:
    """Known benchmark names."""
    return sorted(p.stem for p in _FOLDER.glob("*.yaml"))


@lru_cache(maxsize=32)
def find(name: str) -> Benchmark:
    """A benchmark by name, or by the path of a YAML file of the same form.

    Raises
    ------
    UnknownName
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else _FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise UnknownName("benchmark", name, names())
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Benchmark.model_validate({"name": path.stem, **values})
