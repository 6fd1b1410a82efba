"""CLIP and SigLIP models of transformers, by folder or hub id. Weights are read from safetensors only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from met_kg.errors import MissingData, UsageProblem

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["ClipEmbedder"]


class ClipEmbedder:
    """Any model of transformers with ``get_image_features`` and ``get_text_features``: CLIP, SigLIP, SigLIP 2.

    Raises
    ------
    MissingData
        when the model does not load.
    UsageProblem
        when it has no encoders of image and text into one space.
    """

    def __init__(self, model: str) -> None:
        import torch
        from transformers import AutoModel, AutoProcessor

        from met_kg.models.vlm import quiet

        self.name = f"clip {Path(model).name}"
        try:
            with quiet():
                self._model: Any = AutoModel.from_pretrained(
                    model, use_safetensors=True, trust_remote_code=False
                ).eval()
                self._processor: Any = AutoProcessor.from_pretrained(model, trust_remote_code=False)
        except (OSError, ValueError, ImportError) as problem:
            raise MissingData(f"the aligner model does not load: {problem}", where=model) from problem
        if not hasattr(self._model, "get_image_features") or not hasattr(self._model, "get_text_features"):
            raise UsageProblem(
                f"a {self._model.config.model_type} has no encoders of image and text into one space",
                where=model,
                hint="give a CLIP or SigLIP model",
            )
        self._model.to("cuda" if torch.cuda.is_available() else "cpu")
        self._most = int(self._model.config.text_config.max_position_embeddings)

    def images(self, pictures: Sequence[Image.Image]) -> NDArray[np.float32]:
        """See :class:`met_kg.models.aligners.pretrained.Embedder`."""
        given = self._processor.image_processor([p.convert("RGB") for p in pictures], return_tensors="pt")
        return self._vectors(self._model.get_image_features, given)

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See :class:`met_kg.models.aligners.pretrained.Embedder`. SigLIP was trained on texts padded to the full."""
        given = self._processor.tokenizer(
            list(texts), padding="max_length", truncation=True, max_length=self._most, return_tensors="pt"
        )
        known = {k: v for k, v in given.items() if k in ("input_ids", "attention_mask")}
        return self._vectors(self._model.get_text_features, known)

    def _vectors(self, encode: Any, given: Any) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            found = encode(**{k: v.to(self._model.device) for k, v in given.items()})
        pooled = getattr(found, "pooler_output", found)
        return np.asarray(pooled.float().cpu().numpy(), dtype=np.float32)
