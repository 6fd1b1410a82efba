"""Models of open_clip, BiomedCLIP among them, where the package is installed (``pip install met-kg[open-clip]``).

open_clip needs torchvision, which must fit the torch at hand: that is why it is an extra.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from met_kg.errors import MissingData, UsageProblem

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["OpenClipEmbedder"]


class OpenClipEmbedder:
    """A folder with ``open_clip_config.json`` and weights, or a hub id; pickled weights are read as tensors only.

    Raises
    ------
    UsageProblem
        when open_clip is not installed, or does not go with the torch at hand.
    MissingData
        when the model does not load.
    """

    def __init__(self, model: str) -> None:
        try:
            import open_clip
        except (ImportError, RuntimeError) as problem:
            raise UsageProblem(
                f"the aligner open-clip needs the package open_clip_torch: {problem}",
                hint="pip install met-kg[open-clip], with a torchvision that fits your torch",
            ) from problem
        import torch

        place = f"local-dir:{model}" if Path(model).is_dir() else f"hf-hub:{model}"
        self.name = f"open_clip {Path(model).name}"
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            loaded = open_clip.create_model_from_pretrained(place, device=self._device, weights_only=True)
            self._tokenize: Any = open_clip.get_tokenizer(place)
        except (OSError, ValueError, RuntimeError, KeyError) as problem:
            raise MissingData(f"the aligner model does not load: {problem}", where=model) from problem
        self._model, self._transform = loaded[0].eval(), loaded[1]

    def images(self, pictures: Sequence[Image.Image]) -> NDArray[np.float32]:
        """See :class:`met_kg.models.aligners.pretrained.Embedder`."""
        import torch

        batch = torch.stack([self._transform(p.convert("RGB")) for p in pictures]).to(self._device)
        with torch.inference_mode():
            return np.asarray(self._model.encode_image(batch).float().cpu().numpy(), dtype=np.float32)

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See :class:`met_kg.models.aligners.pretrained.Embedder`."""
        import torch

        with torch.inference_mode():
            found = self._model.encode_text(self._tokenize(list(texts)).to(self._device))
        return np.asarray(found.float().cpu().numpy(), dtype=np.float32)
