from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText

from met_kg.errors import MissingData, UnknownName, UsageProblem
from met_kg.models.processors import load_processor
from met_kg.models.standin import FAMILIES, make_standin
from met_kg.models.vlm import load

TEXTS = ["What is shown? A chest X-ray.", "Is there an effusion? no"]


def hashes(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_standin(tmp_path_factory.mktemp("m") / "base", texts=TEXTS, seed=3)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_stand_in_is_an_ordinary_checkpoint_with_the_same_bytes_each_time(family: str, tmp_path: Path) -> None:
    made = [make_standin(tmp_path / n, family=family, texts=TEXTS, seed=3) for n in ("a", "b")]
    other = make_standin(tmp_path / "c", family=family, texts=TEXTS, seed=4)
    assert hashes(made[0]) == hashes(made[1])
    assert hashes(made[0])["model.safetensors"] != hashes(other)["model.safetensors"]
    assert "not a medical model" in (made[0] / "README.md").read_text()
    stock = AutoModelForImageTextToText.from_pretrained(made[0]).eval()
    ours = load(made[0])
    given = ours.processor(images=[[Image.new("RGB", (64, 48))]], text=[_asked(ours.processor)], return_tensors="pt")
    with torch.inference_mode():
        assert torch.equal(stock(**given).logits, ours.model(**given).logits)
    assert ours.stand_in and not ours.model.training


def test_the_processor_is_saved_for_machines_with_torchvision_too(base: Path) -> None:
    config = json.loads((base / "processor_config.json").read_text())
    assert config["processor_class"] == "Qwen2_5_VLProcessor"
    assert config["video_processor"]["video_processor_type"] == "Qwen2VLVideoProcessor"
    assert (
        load_processor(str(base)).decode(load_processor(str(base)).tokenizer("Effusion β")["input_ids"]) == "Effusion β"
    )


def test_an_unknown_family_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"did you mean qwen2\.5-vl"):
        make_standin(Path("never-made"), family="qwen25-vl", texts=TEXTS, seed=1)


@pytest.mark.parametrize(
    ("missing", "told"), [("config.json", "no config.json"), ("processor_config.json", "no processor")]
)
def test_a_folder_that_lacks_a_part_is_named(base: Path, tmp_path: Path, missing: str, told: str) -> None:
    shutil.copytree(base, tmp_path / "model")
    (tmp_path / "model" / missing).unlink()
    with pytest.raises(MissingData, match=told):
        load(tmp_path / "model")


def test_what_is_no_model_is_told_in_a_sentence(base: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="no model folder"):
        load(tmp_path / "nowhere")
    with pytest.raises(MissingData, match=r"no adapter_config\.json"):
        load(base, tmp_path)
    shutil.copytree(base, tmp_path / "text")
    (tmp_path / "text" / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(UsageProblem, match="not an image-text-to-text model.*its type is 'bert'"):
        load(tmp_path / "text")
    shutil.copytree(base, tmp_path / "weightless")
    (tmp_path / "weightless" / "model.safetensors").unlink()
    with pytest.raises(MissingData, match="does not load"):
        load(tmp_path / "weightless")


def test_code_of_a_model_folder_is_never_run(base: Path, tmp_path: Path) -> None:
    shutil.copytree(base, tmp_path / "model")
    path, ran = tmp_path / "model" / "config.json", tmp_path / "ran"
    config = json.loads(path.read_text()) | {"model_type": "mine", "auto_map": {"AutoConfig": "mine.Mine"}}
    path.write_text(json.dumps(config))
    (tmp_path / "model" / "mine.py").write_text(f"open({str(ran)!r}, 'w')\nclass Mine: pass\n")
    with pytest.raises(UsageProblem):
        load(tmp_path / "model")
    assert not ran.exists()


def _asked(processor: object) -> str:
    chat = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is shown?"}]}]
    text: str = processor.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)  # type: ignore[attr-defined]
    return text
