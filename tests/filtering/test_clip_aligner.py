from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from met_kg.corpus.images import open_image
from met_kg.errors import MissingData, UnknownName, UsageProblem
from met_kg.models.aligner import ClipAligner, Pairs, judge, load_aligner


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny CLIP with random weights, saved as any CLIP is."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPProcessor, CLIPTokenizer

    folder = tmp_path_factory.mktemp("clip")
    letters = [chr(c) for c in range(33, 127)]
    words = [*letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer.from_pretrained(str(folder))
    torch.manual_seed(0)
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1, "pad_token_id": len(words) - 1}
    config = CLIPConfig(
        text_config={**small, **ends, "vocab_size": len(words), "max_position_embeddings": 24},
        vision_config={**small, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    CLIPModel(config).save_pretrained(folder)
    pictures = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(pictures, tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture
def pairs(tmp_path: Path) -> Pairs:
    rng = np.random.default_rng(1)
    paths = []
    for i in range(12):
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(rng.integers(0, 255, (40, 50), dtype=np.uint8)).save(paths[-1])
    captions = [f"caption number {i} that is longer than the model reads, with words {'x ' * 40}" for i in range(12)]
    return Pairs(open_image, paths, captions, [f"g{i // 2}" for i in range(12)])


def test_a_saved_clip_judges_pairs(clip: Path, pairs: Pairs) -> None:
    aligner = ClipAligner(str(clip), batch_size=5)
    images, texts = aligner.embed(pairs)
    assert images.shape == texts.shape == (12, 16)
    assert np.allclose(np.linalg.norm(images, axis=1), 1) and not np.allclose(images[0], images[1])
    fits = load_aligner("clip", str(clip)).fit(pairs, seed=1)
    assert len(fits) == 12 and all(0 <= f.probability <= 1 and 0 <= f.beats <= 1 for f in fits)


def test_batches_do_not_change_the_vectors(clip: Path, pairs: Pairs) -> None:
    one, two = (ClipAligner(str(clip), batch_size=n).embed(pairs) for n in (1, 12))
    assert np.allclose(one[0], two[0], atol=1e-5) and np.allclose(one[1], two[1], atol=1e-5)


def test_wrong_aligners_are_said(tmp_path: Path, pairs: Pairs) -> None:
    with pytest.raises(UsageProblem, match=r"filter\.align\.model"):
        load_aligner("clip")
    with pytest.raises(UnknownName, match="did you mean clip"):
        load_aligner("clipp")
    (tmp_path / "none").mkdir()
    with pytest.raises(MissingData, match="does not load"):
        ClipAligner(str(tmp_path / "none")).fit(pairs, seed=1)


def test_the_true_caption_is_compared_with_captions_of_other_groups_only() -> None:
    # Images 0 and 1 are of one patient with like captions: that they are alike must not count against either.
    similarities = np.array([[0.9, 0.9, 0.1, 0.2], [0.9, 0.9, 0.2, 0.1], [0.2, 0.1, 0.1, 0.8], [0.1, 0.2, 0.8, 0.1]])
    fits = judge(similarities, ["a", "a", "b", "c"], seed=0)
    assert [f.beats for f in fits[:2]] == [1.0, 1.0]
    assert max(f.beats for f in fits[2:]) < 0.5


def test_an_aligner_that_has_learnt_nothing_says_one_half() -> None:
    rng = np.random.default_rng(0)
    against = rng.normal(size=(60, 60)) - 3 * np.eye(60)
    fits = judge(against, [f"g{i}" for i in range(60)], seed=0)
    assert {f.probability for f in fits} == {0.5}
