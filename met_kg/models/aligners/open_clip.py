"""Models of open_clip, BiomedCLIP among them, where the package is installed (``pip install met-kg[open-clip]``).

open_clip needs torchvision, which must fit the torch at hand: that is why it is an extra.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from met_kg.errors import MissingData, UsageProblem

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["OpenClipEmbedder"]

_SAID: Final = 400  # characters of what open_clip says


class OpenClipEmbedder:
    """A folder with ``open_clip_config.json`` and weights, or a hub id.

    Pickled weights are read as tensors only, and code that comes with a model is not run.

    Raises
    ------
    UsageProblem
        when open_clip is not installed, or does not go with the torch at hand.
    MissingData
        when the model does not load.
    """

    def __init__(self, model: str) -> None:
        from met_kg.models.vlm import quiet

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
            with quiet():
                without = _without_code(open_clip.get_model_config(place)["text_cfg"])
                loaded = open_clip.create_model_from_pretrained(place, device=self._device, weights_only=True)
                self._tokenize: Any = open_clip.get_tokenizer(place, **without)
        except UnpicklingError as problem:
            raise MissingData(
                "the aligner model does not load: its pickled weights are damaged, or hold more than tensors",
                where=model,
                hint="save them as safetensors where you trust them",
            ) from problem
        except Exception as problem:  # faults of a folder come up as anything: TypeError, StopIteration, assertions
            said = " ".join(f"{type(problem).__name__}: {problem}".split())[:_SAID]
            raise MissingData(f"the aligner model does not load: {said}", where=model) from problem
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


def _without_code(text: dict[str, Any]) -> dict[str, bool]:
    """What the tokenizer of a text tower is told so that no code runs that came with the model.

    open_clip leaves this to the model's own configuration, or has transformers ask at the terminal.

    Raises
    ------
    ValueError
        when the tower needs such code.
    """
    from transformers import AutoConfig

    if text.get("hf_model_name"):
        AutoConfig.from_pretrained(text["hf_model_name"], trust_remote_code=False)
    return {"trust_remote_code": False} if text.get("hf_tokenizer_name") else {}
