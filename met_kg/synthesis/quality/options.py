"""What a recipe says of quality control."""

from __future__ import annotations

from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from met_kg.models.options import AskingOptions

__all__ = [
    "BASELINES",
    "ItemJudgeOptions",
    "NecessityOptions",
    "Policy",
    "QualityOptions",
    "ShortcutOptions",
    "SolverOptions",
]

Policy = Literal["flag", "reweight", "drop"]
Baseline = Literal[
    "majority",
    "longest",
    "shortest",
    "common-word",
    "question-word",
    "caption-word",
    "text-only",
    "text-only-inverted",
    "language-model",
]
#: In the order in which tables show them.
BASELINES: Final[tuple[Baseline, ...]] = get_args(Baseline)


class SolverOptions(AskingOptions):
    """A language model that answers without the image."""


class ItemJudgeOptions(AskingOptions):
    """A language model, or a multimodal one, that judges items by a rubric."""

    images: bool = Field(default=True, description="whether the model is shown the image")
    side: int = Field(default=512, ge=64, description="longest side of the image that is shown, in pixels")
    minimum: int = Field(default=2, ge=0, le=4, description="least rating, 0 to 4, of an item that passes")
    severity: Literal["drop", "flag"] = Field(default="drop", description="what becomes of an item that does not")


class ShortcutOptions(BaseModel):
    """How far items may be answered without the image."""

    model_config = ConfigDict(extra="forbid")

    policy: Policy = Field(default="drop", description="what is done where a baseline beats chance by more than margin")
    policies: dict[str, Policy] = Field(default={}, description="of single types: type, or type/format -> policy")
    margin: float = Field(default=0.03, ge=0, le=1)
    act_on: list[Baseline] = Field(
        default=["majority", "longest", "shortest", "common-word", "question-word", "text-only", "language-model"],
        description="baselines that must not beat chance by more; the others are measured",
    )
    minimum: int = Field(default=30, ge=10, description="in fewer items only what is above chance beyond doubt counts")
    folds: int = Field(default=5, ge=2, description="cross-validation folds, by patient or document")
    repeats: int = Field(default=3, ge=1, description="cross-validations, each with other folds")
    solver: SolverOptions | None = None


class NecessityOptions(BaseModel):
    """A vision-language model that is asked with the image, with a blank one, and with another's."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(description="folder or hub id of an image-text-to-text model")
    adapter: str | None = Field(default=None, description="folder of an adapter trained on it")
    shuffles: int = Field(default=1, ge=1, description="other images that each item is asked with")
    batch_size: int = Field(default=8, ge=1)
    max_new_tokens: int = Field(default=16, ge=1)


class QualityOptions(BaseModel):
    """Section ``quality`` of a recipe."""

    model_config = ConfigDict(extra="forbid")

    checks: str = Field(default="", description="a .tsv file whose rows replace those of the checks that ship")
    shortcuts: ShortcutOptions = ShortcutOptions()
    judge: ItemJudgeOptions | None = None
    necessity: NecessityOptions | None = None
