"""The image side of a CLIP model, through save and load."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from met_kg.errors import MissingData
from met_kg.models.image import ImageEmbedder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny CLIP with random weights."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    folder = tmp_path_factory.mktemp("clip")
    torch.manual_seed(0)
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(
        text_config={**small, "vocab_size": 99, "bos_token_id": 97, "eos_token_id": 98, "pad_token_id": 98},
        vision_config={**small, "image_size": 32, "patch_size": 8},
        projection_dim=12,
    )
    CLIPModel(config).save_pretrained(folder)
    pictures = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    pictures.save_pretrained(folder)
    return folder


def test_rows_are_unit_vectors_and_do_not_depend_on_the_batch(clip: Path) -> None:
    rng = np.random.default_rng(1)
    images: list[Image.Image | None] = [Image.fromarray(rng.integers(0, 255, (40, 50), np.uint8)) for _ in range(5)]
    images[2] = None
    vectors = ImageEmbedder(str(clip)).encode(images)
    assert vectors.shape == (5, 12) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors[[0, 1, 3, 4]], axis=1), 1, atol=1e-5)
    assert not vectors[2].any()
    assert np.allclose(vectors, ImageEmbedder(str(clip), batch_size=2).encode(images), atol=1e-5)
    assert len(np.unique(np.round(vectors, 4), axis=0)) == 5


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="does not load"):
        ImageEmbedder(str(tmp_path))
