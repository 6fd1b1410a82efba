"""What a recipe says of a language model, wherever it names one."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["AskingOptions", "ChatOptions"]


class ChatOptions(BaseModel):
    """A model that answers: an endpoint, or a local model's path."""

    model_config = ConfigDict(extra="forbid")

    endpoint: str | None = Field(default=None, description="OpenAI-compatible address, up to /v1")
    path: str | None = Field(default=None, description="folder or hub id of a model with safetensors")
    model: str = Field(default="", description="its name on the endpoint")
    key_variable: str = Field(default="", description="environment variable that holds the endpoint's key")
    timeout: float = Field(default=60, gt=0, description="seconds")
    retries: int = Field(default=3, ge=0, le=20)
    per_minute: float | None = Field(default=None, gt=0, description="calls a minute at most")

    @model_validator(mode="after")
    def _one_model(self) -> Self:
        if (self.endpoint is None) == (self.path is None):
            raise ValueError("name either an endpoint or a path")
        if self.endpoint is not None and not self.model:
            raise ValueError("an endpoint needs the name of a model")
        return self


class AskingOptions(ChatOptions):
    """A model that is asked about many items."""

    timeout: float = Field(default=120, gt=0, description="seconds")
    backoff: float = Field(default=1.0, ge=0, description="seconds before the first further try; then twice as long")
    max_tokens: int = Field(default=512, ge=16)
    failures: int = Field(default=3, ge=1, description="failures in a row after which the endpoint counts as dead")
    when_dead: Literal["stop", "unjudged"] = Field(
        default="stop", description="stop with an error (what was answered is kept), or leave the rest unjudged"
    )
