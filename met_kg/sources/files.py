"""A user's own source: which file or folder, in which format, on which axis, with which options."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from met_kg.vocabulary import Axis

__all__ = ["FileFormat", "SourceFile"]

FileFormat = Literal["obo", "owl", "sssom", "template", "mesh-xml", "umls", "snomed"]


class SourceFile(BaseModel):
    """An ontology of the user's own, merged after the named sources, in the order given."""

    model_config = ConfigDict(extra="forbid")

    name: str
    path: str
    axis: Axis | None = Field(default=None, description="needed where the format does not tell the axis itself")
    licence: str = ""
    format: FileFormat | None = Field(default=None, description="told from the file where absent")
    adds_nodes: bool = Field(default=True, description="false: only names and codes for nodes of other sources")
    options: dict[str, Any] = Field(default_factory=dict, description="of the format: filters, languages, branches")
