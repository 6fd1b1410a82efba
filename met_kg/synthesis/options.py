"""What a recipe says of the synthesis step."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from met_kg.models.options import ChatOptions

__all__ = ["Level", "RewriteOptions", "SynthesisOptions"]

Level = Literal["short", "descriptive", "knowledge"]


class RewriteOptions(ChatOptions):
    """A language model that rewrites captions; what it writes is kept only where it is faithful."""

    levels: list[Level] = Field(default=["short", "descriptive", "knowledge"], description="caption levels to rewrite")
    tries: int = Field(default=2, ge=1, le=5, description="answers asked for, each after the first with what was wrong")
    failures: int = Field(default=3, ge=1, description="calls without answer in a row after which it counts as dead")


class SynthesisOptions(BaseModel):
    """Section ``synthesize`` of a recipe."""

    model_config = ConfigDict(extra="forbid")

    levels: list[Level] = Field(default=["short", "descriptive", "knowledge"], description="caption levels to write")
    types: list[str] = Field(default=[], description="question types to ask; all of them when empty")
    formats: list[Literal["multiple-choice", "yes-no", "open"]] = Field(
        default=["multiple-choice", "yes-no", "open"], description="formats to ask in"
    )
    per_sample: int = Field(default=32, ge=1, description="most items on one sample")
    per_sample_type: int = Field(default=3, ge=1, description="most keys of one type on one sample")
    per_node: int = Field(default=200, ge=1, description="most items of one type and format with the same key node")
    per_branch: int = Field(default=2_000, ge=1, description="most items of one type and format in one branch")
    per_type: int = Field(default=100_000, ge=1, description="most items of one type and format")
    node_floor: int = Field(default=3, ge=0, description="items of a node that the caps of branch and type let pass")
    rewrite: RewriteOptions | None = Field(default=None, description="a language model that rewrites captions")
    depth_span: int = Field(default=2, ge=0, description="how far a distractor's depth may be from the key's")
