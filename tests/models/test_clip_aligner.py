from __future__ import annotations

import builtins
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from met_kg.errors import MissingData, UsageProblem
from met_kg.models.aligners import AlignerOptions, Pairs, load_aligner
from met_kg.models.aligners.clip import ClipEmbedder
from met_kg.models.aligners.pretrained import PretrainedAligner
from tests.models.aligner_pairs import drawn_pairs

SMALL = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}


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
    ends = {"bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1, "pad_token_id": len(words) - 1}
    config = CLIPConfig(
        text_config={**SMALL, **ends, "vocab_size": len(words), "max_position_embeddings": 24},
        vision_config={**SMALL, "image_size": 32, "patch_size": 8},
        projection_dim=16,
    )
    CLIPModel(config).save_pretrained(folder)
    pictures = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(pictures, tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def siglip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny SigLIP with random weights and a tokenizer of words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, SiglipConfig, SiglipImageProcessorPil, SiglipModel

    folder = tmp_path_factory.mktemp("siglip")
    words = ["<pad>", "<unk>", "disc", "stripes", "layers", "retina", "ribs", "skin", "an", "image", "of"]
    raw = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", unk_token="<unk>").save_pretrained(folder)
    torch.manual_seed(0)
    ends = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    config = SiglipConfig(
        text_config={**SMALL, **ends, "vocab_size": len(words), "max_position_embeddings": 12},
        vision_config={**SMALL, "image_size": 32, "patch_size": 8},
    )
    SiglipModel(config).save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@pytest.fixture
def pairs(tmp_path: Path) -> Pairs:
    found = drawn_pairs(tmp_path, 12)
    return replace(found, captions=[f"{c} that is longer than the model reads {'x ' * 40}" for c in found.captions])


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_a_saved_model_judges_pairs_and_nodes(kind: str, request: pytest.FixtureRequest, pairs: Pairs) -> None:
    folder = str(request.getfixturevalue(kind))
    options = AlignerOptions(aligner="clip", model=folder, folds=3)
    aligned = load_aligner(options, cache=Path("unused")).fit(pairs, seed=1)
    assert len(aligned.fits) == 12 and aligned.wrong
    for fit in aligned.fits:
        assert fit is not None and 0 <= fit.probability <= 1 and -1 <= fit.score <= 1
        (node,) = fit.nodes
        assert node.margin is not None and node.rival in pairs.kin.rivals[node.node]


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_vectors_are_those_of_the_model_and_batches_do_not_change_them(
    kind: str, request: pytest.FixtureRequest, pairs: Pairs
) -> None:
    import torch
    from transformers import AutoModel

    folder = str(request.getfixturevalue(kind))
    embedder = ClipEmbedder(folder)
    pictures = [pairs.open_image(p) for p in pairs.images]
    one, all_ = [embedder.images([p]) for p in pictures], embedder.images(pictures)
    assert all_.shape == (12, 16) and np.allclose(np.concatenate(one), all_, atol=1e-5)
    assert not np.allclose(all_[0], all_[1])
    texts = embedder.texts(pairs.captions)
    assert np.allclose(np.concatenate([embedder.texts([c]) for c in pairs.captions]), texts, atol=1e-5)
    # Beside the model called by hand, images and texts together.
    model, processor = AutoModel.from_pretrained(folder), embedder._processor
    given = processor.tokenizer(
        list(pairs.captions), padding="max_length", truncation=True, max_length=embedder._most, return_tensors="pt"
    )
    pixels = processor.image_processor([p.convert("RGB") for p in pictures], return_tensors="pt")
    with torch.inference_mode():
        out: Any = model(input_ids=given["input_ids"], attention_mask=given.get("attention_mask"), **pixels)
    for mine, theirs in ((all_, out.image_embeds), (texts, out.text_embeds)):
        assert np.allclose(mine / np.linalg.norm(mine, axis=1, keepdims=True), theirs.numpy(), atol=1e-4)


class _Knows:
    """An embedder that reads the kind off the picture and the words: what a good model would give."""

    name = "knows"

    def images(self, pictures: Any) -> Any:
        return np.stack([_one_of(*_look(p)) for p in pictures])

    def texts(self, texts: Any) -> Any:
        return np.stack([_one_of("disc" in t, "stripes" in t, "layers" in t) for t in texts])


def _look(picture: Image.Image) -> tuple[bool, bool, bool]:
    values = np.asarray(picture, dtype=float)
    disc = bool((values > 205).mean() > 0.1)
    stripes = bool(values.mean(axis=0).std() > values.mean(axis=1).std())
    return (disc, stripes and not disc, not stripes and not disc)


def _one_of(*kind: bool) -> Any:
    return np.array([*kind, True], dtype=np.float32)


def test_a_model_that_sees_finds_wrong_captions_and_nodes(tmp_path: Path) -> None:
    pairs = drawn_pairs(tmp_path, 60, wrong=6)
    fits = [f for f in PretrainedAligner(_Knows()).fit(pairs, seed=1).fits if f is not None]
    probability = np.array([f.probability for f in fits])
    assert probability[:6].max() < probability[6:].min()
    assert max(f.nodes[0].margin or 0 for f in fits[:6]) < 0 < min(f.nodes[0].margin or 0 for f in fits[6:])


def test_wrong_models_are_said(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="needs a model"):
        AlignerOptions(aligner="clip")
    with pytest.raises(ValidationError, match="judge needs section judge"):
        AlignerOptions(aligner="judge")
    (tmp_path / "none").mkdir()
    with pytest.raises(MissingData, match="does not load"):
        ClipEmbedder(str(tmp_path / "none"))


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel, CLIPImageProcessorPil

    BertModel(BertConfig(**SMALL, vocab_size=8, max_position_embeddings=8)).save_pretrained(tmp_path)
    CLIPImageProcessorPil().save_pretrained(tmp_path)
    with pytest.raises(UsageProblem, match="a bert has no encoders"):
        ClipEmbedder(str(tmp_path))


def test_without_open_clip_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "open_clip":
            raise ImportError("No module named 'open_clip'")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(UsageProblem, match=r"open_clip_torch.*\[open-clip\]"):
        load_aligner(AlignerOptions(aligner="open-clip", model="microsoft/BiomedCLIP"), cache=Path("unused"))
