"""Settings of a judge: what ``met eval --judge`` reads, and what a recipe says under ``eval.judge``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from met_kg.models.options import AskingOptions

__all__ = ["JudgeOptions"]


class JudgeOptions(AskingOptions):
    """A language model that judges open answers."""

    model: str = Field(default="", description="its name on the endpoint; a dated one, so that it can be asked again")
    timeout: float = Field(default=180, gt=0, description="seconds")
    retries: int = Field(default=5, ge=0, le=20)
    max_tokens: int = Field(default=4096, ge=16)
    parallel: int = Field(
        default=8, ge=1, le=64, description="questions asked at once; a local model is asked one at a time"
    )
    scope: Literal["open", "all"] = Field(
        default="open", description="judge open answers, or closed ones too and state the accuracy by the judge alone"
    )
