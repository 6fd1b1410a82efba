"""The door to open_clip, on tiny models of it. Skipped where open_clip, or a torchvision that fits the torch, is absent."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from met_kg.errors import MissingData
from met_kg.models.aligners import AlignerOptions, Pairs, load_aligner
from met_kg.models.aligners.open_clip import OpenClipEmbedder
from tests.models.aligner_pairs import KINDS, drawn_pairs

try:  # a torchvision that does not fit the torch raises a RuntimeError
    import open_clip
except (ImportError, RuntimeError) as problem:
    pytest.skip(f"needs open_clip_torch and a fitting torchvision: {problem}", allow_module_level=True)

import torch
from safetensors.torch import load_file, save_file

WIDTH = 16
CLIP = {
    "embed_dim": WIDTH,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
PREPARED = {
    "mean": [0.48, 0.46, 0.41],
    "std": [0.27, 0.26, 0.28],
    "interpolation": "bicubic",
    "resize_mode": "shortest",
}


def saved(folder: Path, config: dict[str, Any]) -> Path:
    """A model of this configuration with random weights, as open_clip's own are laid out on the hub."""
    folder.mkdir(exist_ok=True)
    told = {"model_cfg": config, "preprocess_cfg": PREPARED}
    (folder / "open_clip_config.json").write_text(json.dumps(told), encoding="utf-8")
    torch.manual_seed(0)
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False, pretrained_text=False)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / "open_clip_model.safetensors")
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("open-clip") / "tiny-clip", CLIP)


@pytest.fixture(scope="module")
def biomed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as BiomedCLIP is: a vision transformer of timm, a BERT of transformers with its tokenizer."""
    from transformers import BertConfig, BertTokenizer

    folder = tmp_path_factory.mktemp("open-clip") / "tiny-biomed"
    words = sorted({word for caption, _ in KINDS for word in caption.split()} | {"an", "image", "x", "number"})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words, *map(str, range(10))]
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizer.from_pretrained(folder).save_pretrained(folder)
    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    BertConfig(**small, vocab_size=len(vocabulary), max_position_embeddings=32).save_pretrained(folder)
    text = {"hf_model_name": str(folder), "hf_tokenizer_name": str(folder), "hf_proj_type": "mlp",
            "hf_pooler_type": "cls_last_hidden_state_pooler", "context_length": 24}  # fmt: skip
    vision = {"timm_model_name": "test_vit", "timm_model_pretrained": False, "timm_pool": "", "timm_proj": "linear",
              "image_size": 160}  # fmt: skip
    return saved(folder, {"embed_dim": WIDTH, "vision_cfg": vision, "text_cfg": text})


@pytest.fixture
def pairs(tmp_path: Path) -> Pairs:
    return drawn_pairs(tmp_path, 12)


@pytest.mark.parametrize("kind", ["clip", "biomed"])
def test_a_saved_model_judges_pairs_and_nodes(kind: str, request: pytest.FixtureRequest, pairs: Pairs) -> None:
    folder = str(request.getfixturevalue(kind))
    options = AlignerOptions(aligner="open-clip", model=folder, folds=3, batch_size=5)
    aligner = load_aligner(options, cache=Path("unused"))
    aligned = aligner.fit(pairs, seed=1)
    assert aligner.name == f"open_clip tiny-{kind}" and len(aligned.fits) == 12 and aligned.wrong
    for fit in aligned.fits:
        assert fit is not None and 0 <= fit.probability <= 1 and -1 <= fit.score <= 1
        (node,) = fit.nodes
        assert node.margin is not None and node.rival in pairs.kin.rivals[node.node]
    assert load_aligner(options, cache=Path("unused")).fit(pairs, seed=1) == aligned


@pytest.mark.parametrize("kind", ["clip", "biomed"])
def test_vectors_are_those_of_the_model_and_batches_do_not_change_them(
    kind: str, request: pytest.FixtureRequest, pairs: Pairs
) -> None:
    folder = request.getfixturevalue(kind)
    embedder = OpenClipEmbedder(str(folder))
    pictures = [pairs.open_image(path) for path in pairs.images]
    captions = [f"{caption} {'x ' * 40}" for caption in pairs.captions]  # longer than the model reads
    images, texts = embedder.images(pictures), embedder.texts(captions)
    for found in (images, texts):
        assert found.shape == (12, WIDTH) and found.dtype == np.float32 and not np.allclose(found[0], found[1])
    assert np.allclose(np.concatenate([embedder.images([p]) for p in pictures]), images, atol=1e-5)
    assert np.allclose(np.concatenate([embedder.texts([c]) for c in captions]), texts, atol=1e-5)
    # Beside the model made and called by hand.
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    with torch.inference_mode():
        shown = model.eval().encode_image(torch.stack([transform(p) for p in pictures]))
        said = model.encode_text(open_clip.get_tokenizer(f"local-dir:{folder}")(captions))
    assert np.allclose(images, shown.numpy(), atol=1e-5) and np.allclose(texts, said.numpy(), atol=1e-5)


def _config(folder: Path, change: dict[str, Any]) -> None:
    path = folder / "open_clip_config.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    for part, values in change.items():
        told["model_cfg"][part] |= values
    path.write_text(json.dumps(told), encoding="utf-8")


def _tell(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


class _Evil:
    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._mark,)


def _break(folder: Path, how: str) -> None:
    weights = folder / "open_clip_model.safetensors"
    tensors = load_file(weights)
    match how:
        case "no configuration":
            (folder / "open_clip_config.json").unlink()
        case "configuration is no JSON":
            (folder / "open_clip_config.json").write_text("{")
        case "configuration is a list":
            (folder / "open_clip_config.json").write_text("[]")
        case "no text tower":
            (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": {"embed_dim": 4}}))
        case "an unknown setting":
            _config(folder, {"vision_cfg": {"colour": "blue"}})
        case "heads that do not divide the width":
            _config(folder, {"text_cfg": {"heads": 3}})
        case "no weights":
            weights.unlink()
        case "weights are cut short":
            weights.write_bytes(weights.read_bytes()[:1000])
        case "weights of another size":
            _config(folder, {"text_cfg": {"width": 32}})
        case "weights of nothing":
            weights.unlink()
            torch.save({}, folder / "open_clip_pytorch_model.bin")
        case "weights are a list":
            weights.unlink()
            torch.save(list(tensors.values()), folder / "open_clip_pytorch_model.bin")
        case "pickled objects":
            weights.unlink()
            torch.save({"state_dict": tensors, "more": _Evil(folder / "ran")}, folder / "open_clip_pytorch_model.bin")
        case "a bare pickle":
            weights.unlink()
            (folder / "open_clip_pytorch_model.bin").write_bytes(pickle.dumps(_Evil(folder / "ran")))


BROKEN = [
    "no configuration", "configuration is no JSON", "configuration is a list", "no text tower", "an unknown setting",
    "heads that do not divide the width", "no weights", "weights are cut short", "weights of another size",
    "weights of nothing", "weights are a list", "pickled objects", "a bare pickle",
]  # fmt: skip


@pytest.mark.parametrize("how", BROKEN)
def test_a_folder_that_is_not_whole_is_said_and_runs_nothing(how: str, clip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(clip, folder)
    _break(folder, how)
    with pytest.raises(MissingData, match="the aligner model does not load") as told:
        OpenClipEmbedder(str(folder))
    assert str(folder) in str(told.value) and "\n" not in told.value.message
    assert not (folder / "ran").exists()


def test_code_that_comes_with_a_model_is_not_run(biomed: Path, tmp_path: Path) -> None:
    """A tokenizer falls back on the one that transformers has; a text tower of a kind that it has not is refused."""
    folder = tmp_path / "model"
    shutil.copytree(biomed, folder)
    (folder / "theirs.py").write_text(
        f"from pathlib import Path\nPath({str(folder / 'ran')!r}).touch()\n"
        "from transformers import BertConfig, BertTokenizer\n"
        "class Tokenizer(BertTokenizer): pass\nclass Config(BertConfig): model_type = 'theirs'\n"
    )
    _tell(folder / "tokenizer_config.json", tokenizer_class="Tokenizer",
          auto_map={"AutoTokenizer": ["theirs.Tokenizer", None]})  # fmt: skip
    _config(folder, {"text_cfg": {"tokenizer_kwargs": {"trust_remote_code": True}}})
    assert OpenClipEmbedder(str(folder)).texts(["an image"]).shape == (1, WIDTH)
    assert not (folder / "ran").exists()
    _config(folder, {"text_cfg": {"hf_model_name": str(folder)}})
    _tell(folder / "config.json", model_type="theirs", auto_map={"AutoConfig": "theirs.Config"})
    with pytest.raises(MissingData, match="custom code"):
        OpenClipEmbedder(str(folder))
    assert not (folder / "ran").exists()
