"""A benchmark is a short YAML file: where its records are, what their fields are called, how it is scored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from met_kg.errors import DataProblem, UnknownName

__all__ = ["Benchmark", "find", "names"]

_FOLDER: Final = Path(__file__).parent / "benchmarks"


class Hub(BaseModel):
    """Where the benchmark lies on a model hub: a split of a data set (of each of its ``configs``), or ``files``."""

    model_config = ConfigDict(extra="forbid")

    id: str = ""
    split: str = ""
    files: list[str] = []
    configs: list[str] = []


class Files(BaseModel):
    """Where its records and images lie in a release folder: images in folder ``images``, else in zip ``archive``."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["json", "json-folder", "csv", "parquet"]
    path: str
    pattern: str = ""
    images: str = ""
    archive: str = ""
    image_field: str = "image"
    answers: str = ""  # JSON of id -> {ground_truth}: gold answers that are published apart


class Benchmark(BaseModel):
    """One benchmark, as its YAML file states it."""

    model_config = ConfigDict(extra="forbid")

    name: str
    title: str
    scorer: Literal["open-closed", "multiple-choice", "mmmu", "items"]
    hub: Hub = Hub()
    files: Files
    also: list[Files] = []  # other shapes in which the release is found, tried in turn
    columns: list[str] = []  # a table that is read by position, as the harness does
    pack: str = ""
    fields: dict[str, list[str]]
    optional: list[str] = []
    closed_by: Literal["answer", "answer_type"] = "answer"
    prompt_case: Literal["lower", "exact", "word"] = "lower"
    option_prefix: bool = False
    gold_is_text: bool = False
    tag_first: bool = False
    open_by_character: bool = False
    judge_totals: Literal["sound", "closed lost", "closed twice"] = "sound"  # what the harness makes of a judge
    breakdown: dict[str, str] = {}
    expected: int = 0  # items of the whole; 0 where it is not known
    cluster_field: str = ""
    licence: str = ""
    citation: str = ""

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
        """A field as it stands in the record; None for an optional one that is absent.

        Spellings that differ in case, blanks, dashes and underscores are the same: ``Choice A``, ``choice_a``.
        """
        spellings = (*self.fields[name], name)
        for spelling in spellings:
            if spelling in record and record[spelling] is not None:
                return record[spelling]
        plain = {_plain(key): value for key, value in record.items()}
        for spelling in spellings:
            if (value := plain.get(_plain(spelling))) is not None:
                return value
        if name in self.optional:
            return None
        raise DataProblem(f"the record has no field '{self.fields[name][0]}'")

    def named(self, value: Any) -> Mapping[str, Any]:
        """A record by name; one given as a row goes by position, where the benchmark's table does.

        Raises
        ------
        DataProblem
            when it is a row of another length, or the benchmark has no table.
        """
        if isinstance(value, Mapping):
            return value
        if not self.columns or len(value) != len(self.columns):
            count = len(self.columns) or "no"
            raise DataProblem(f"the record is a list of {len(value)}; {self.name} reads {count} columns")
        return dict(zip(self.columns, value, strict=True))

    def lettered(self, record: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Letter and bare text of each option of a record that has them as fields; one that is absent is skipped."""
        names = [name for name in self.fields if name.startswith("option_")]
        found = [(name[-1], self.raw(record, name)) for name in names]
        return [(letter, str(text)) for letter, text in found if text is not None]

    def options(self, record: Mapping[str, Any]) -> list[str]:
        """Option texts as the model sees them (multiple choice).

        A list ``choices``, as in the harness's own results, is taken as it stands.
        """
        if "options" in self.fields:
            texts = list(self.raw(record, "options") or [])
            return [f"{chr(ord('A') + i)}. {text}" for i, text in enumerate(texts)]
        listed = record.get("choices")
        if isinstance(listed, list):
            return [str(text) for text in listed]
        return [f"{letter}. {text}" if self.option_prefix else text for letter, text in self.lettered(record)]

    def letters(self, record: Mapping[str, Any]) -> list[str]:
        """The letter of each of :meth:`options`: that of its own field, or that it is shown with."""
        shown = self.options(record)
        if "options" in self.fields or isinstance(record.get("choices"), list):
            named = [text[0] for text in shown if self.option_prefix and re.match(r"[A-Z]\. ", text)]
        else:
            named = [letter for letter, _ in self.lettered(record)]
        return named if len(named) == len(shown) else [chr(ord("A") + i) for i in range(len(shown))]

    def gold_letter(self, record: Mapping[str, Any]) -> str:
        """The gold answer of a multiple-choice record; where it is given as text, the letter of its option.

        Of several equal options the last counts, and a text that no option has stays as it is, as in the harness.
        """
        gold = self.field(record, "answer")
        same = [letter for letter, text in self.lettered(record) if text == gold] if self.gold_is_text else []
        return same[-1] if same else gold

    def is_choice(self, record: Mapping[str, Any]) -> bool:
        """Whether the record has options of which one is chosen (MMMU's are told apart elsewhere)."""
        own = self.scorer == "items" and self.field(record, "format") == "multiple-choice"
        return self.scorer == "multiple-choice" or own

    def is_closed(self, record: Mapping[str, Any]) -> bool:
        """Whether an open-or-closed benchmark scores the record as closed."""
        if self.closed_by == "answer_type":
            return self.field(record, "answer_type") != "OPEN"
        return self.field(record, "answer").lower().strip() in ("yes", "no")


def _plain(key: str) -> str:
    return re.sub(r"[\s_-]", "", key).lower()


def names() -> list[str]:
    """Known benchmark names."""
    return sorted(p.stem for p in _FOLDER.glob("*.yaml"))


@lru_cache(maxsize=32)
def find(name: str) -> Benchmark:
    """A benchmark by name, or by the path of a YAML file of the same form.

    Raises
    ------
    UnknownName
        when there is no such name or file.
    DataProblem
        when the file is no description of a benchmark; all that is wrong with it is said.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else _FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise UnknownName("benchmark", name, names())
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Benchmark.model_validate({"name": path.stem, **values})
    except ValidationError as problem:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors())
        raise DataProblem(f"no description of a benchmark: {wrong}", where=str(path)) from problem
    except (yaml.YAMLError, UnicodeDecodeError, TypeError) as problem:
        said = " ".join(str(problem).split())
        raise DataProblem(f"no description of a benchmark: {said}", where=str(path)) from problem
