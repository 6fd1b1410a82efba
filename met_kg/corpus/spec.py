"""What a recipe says of one corpus: which reader, where the data is, which column means what."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from met_kg.corpus import readers
from met_kg.errors import MetError

__all__ = ["TARGETS", "CorpusSpec"]

#: The columns of table 'samples' that a recipe may map from the columns of a data set. ``id`` names the record.
TARGETS: Final = (
    "id",
    "image",
    "caption",
    "context",
    "modality",
    "view",
    "body_part",
    "finding",
    "sex",
    "age",
    "licence",
    "origin",
    "group_id",
    "split",
    "meta",
)


class CorpusSpec(BaseModel):
    """One entry of a recipe's ``corpus`` list.

    ``columns`` maps a column of table 'samples' to what fills it: the name of a column of the data set, or a
    template (``"{view} view[, {sex}]"``: a part in square brackets is left out when a column in it is empty), or a
    list of either, joined by spaces. ``meta`` takes a list of columns, kept as JSON.

    >>> CorpusSpec(name="x", reader="table", path="x.csv", columns={"image": "file", "caption": "text"}).licence
    ''
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="name of the corpus, column 'source'")
    reader: str
    path: str = Field(default="", description="file or folder; ${MET_DATA}/... lies in the data packs")
    columns: dict[str, str | list[str]] = {}
    constants: dict[str, str] = Field(default={}, description="sample column -> the same value for all rows")
    licence: str = Field(default="", description="licence of records that state none of their own")
    source: str = Field(default="", description="address or citation of the collection, for records without origin")
    options: dict[str, Any] = Field(default={}, description="what the reader takes")

    @model_validator(mode="after")
    def _check(self) -> CorpusSpec:
        problems = []
        unknown = sorted((set(self.columns) | set(self.constants)) - set(TARGETS))
        if unknown:
            problems.append(f"no sample column is called {', '.join(unknown)} (known: {', '.join(TARGETS)})")
        try:
            readers.find(self.reader).options.model_validate(self.options)
        except MetError as problem:
            problems.append(str(problem))
        except ValidationError as problem:
            problems += [f"options.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in problem.errors()]
        if problems:
            raise ValueError("; ".join(problems))
        return self
