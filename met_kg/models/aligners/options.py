"""What a recipe says of the aligner."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from met_kg.models.options import ChatOptions

__all__ = ["AlignerOptions", "JudgeOptions"]


class JudgeOptions(ChatOptions):
    """A multimodal model as judge."""

    timeout: float = Field(default=120, gt=0, description="seconds")
    backoff: float = Field(default=1.0, ge=0, description="seconds before the first further try; then twice as long")
    per_minute: float | None = Field(default=None, gt=0, description="calls a minute at most")
    max_tokens: int = Field(default=512, ge=64)
    side: int = Field(default=512, ge=64, description="longest side of the image that is shown, in pixels")
    planted: int = Field(default=60, ge=10, description="pairs put together wrongly that are shown to fit the curve")
    failures: int = Field(default=3, ge=1, description="failures in a row after which the endpoint counts as dead")
    when_dead: Literal["stop", "unjudged"] = Field(
        default="stop", description="stop with an error (what was answered is kept), or leave the rest unjudged"
    )


class AlignerOptions(BaseModel):
    """Which aligner, and how it is set."""

    model_config = ConfigDict(extra="forbid")

    aligner: Literal["built-in", "clip", "open-clip", "judge"] = "built-in"
    model: str = Field(default="", description="for clip and open-clip: folder or hub id of the model")
    prompt: str = Field(default="an image of {}", description="for clip and open-clip: how a node is put into words")
    batch_size: int = Field(default=16, ge=1, description="for clip and open-clip")
    judge: JudgeOptions | None = None
    folds: int = Field(default=5, ge=2, description="cross-fitting folds")
    doubt: float = Field(
        default=0.15, ge=0, lt=0.5, description="for built-in: share of the pairs that fit worst, not learnt from"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.aligner in ("clip", "open-clip") and not self.model:
            raise ValueError(f"aligner {self.aligner} needs a model: a folder or hub id")
        if (self.aligner == "judge") != (self.judge is not None):
            raise ValueError("aligner judge needs section judge, and no other does")
        if "{}" not in self.prompt:
            raise ValueError("the prompt has no place {} for the name of a node")
        return self
