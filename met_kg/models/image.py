"""Image embedder: the image side of a CLIP or SigLIP model of transformers, by folder or hub id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from met_kg.errors import MissingData

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["ImageEmbedder"]


class ImageEmbedder:
    """Turns images into rows of unit length, so that an inner product is a cosine.

    Raises
    ------
    MissingData
        when the model does not load, or has no image side.
    """

    def __init__(self, model: str, *, batch_size: int = 16) -> None:
        from transformers import AutoImageProcessor, AutoModel

        try:
            self._model: Any = AutoModel.from_pretrained(model, trust_remote_code=False).eval()
            self._processor: Any = AutoImageProcessor.from_pretrained(model, trust_remote_code=False)
        except (OSError, ValueError) as problem:
            raise MissingData(f"the image embedder does not load: {problem}", where=model) from problem
        if not hasattr(self._model, "get_image_features"):
            raise MissingData("the image embedder has no image side", where=model, hint="name a CLIP or SigLIP model")
        self.name, self._batch_size = model, batch_size

    def encode(self, images: Sequence[Image.Image | None]) -> NDArray[np.float32]:
        """A row of length 1 for each image, of zeros for None: float32, shape (len(images), dimensions)."""
        import torch

        there = [i for i, image in enumerate(images) if image is not None]
        width = int(getattr(self._model.config, "projection_dim", 0) or self._model.config.vision_config.hidden_size)
        found = np.zeros((len(images), width), np.float32)
        with torch.inference_mode():
            for start in range(0, len(there), self._batch_size):
                part = there[start : start + self._batch_size]
                pictures = [picture.convert("RGB") for i in part if (picture := images[i]) is not None]
                output = self._model.get_image_features(**self._processor(images=pictures, return_tensors="pt"))
                # Newer releases of transformers wrap the vectors.
                vectors = output if isinstance(output, torch.Tensor) else output.pooler_output
                found[part] = torch.nn.functional.normalize(vectors, dim=-1).numpy()
        return found
