from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from families import Tiny, asked, picture
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from met_kg.errors import DataProblem, MissingData, UsageProblem
from met_kg.models import vlm
from met_kg.models.merge import merge

LINEAR = r".*language_model.*(q|up)_proj"


def make_adapter(base: str, out: Path, *, config: LoraConfig | None = None) -> Path:
    torch.manual_seed(0)
    model, _ = vlm.load_model(base)
    config = config or LoraConfig(r=2, init_lora_weights=False, target_modules=LINEAR)
    config.base_model_name_or_path = base
    get_peft_model(model, config).save_pretrained(out, save_embedding_layers=False)
    (out / "README.md").write_text("---\ntags: [x]\n---\n# Adapter\n\ntrained on discs\n")
    (out / "training.json").write_text(json.dumps({"base": {"fingerprint": vlm.fingerprint(base)}}))
    return out


@pytest.fixture(scope="module")
def adapter(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_adapter(str(tiny("llava")), tmp_path_factory.mktemp("merge") / "adapter")


@pytest.fixture
def hub(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A hub id whose files lie in the cache, as after a download; there is no connection."""
    repository = tmp_path / "hub" / "models--someone--tiny"
    commit = "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(tiny("llava"), repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return "someone/tiny"


def test_a_merged_model_needs_no_adapter_and_says_what_it_is(adapter: Path, tiny: Tiny, tmp_path: Path) -> None:
    base = tiny("llava")
    merged = merge(adapter, tmp_path / "merged")
    for name in ("processor_config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (merged / name).read_bytes() == (base / name).read_bytes()
    assert (merged / "standin.json").read_bytes() == (base / "standin.json").read_bytes()
    assert (merged / "training.json").read_bytes() == (adapter / "training.json").read_bytes()
    card = (merged / "README.md").read_text()
    assert all(text in card for text in ("Not a medical device", "random stand-in", "> trained on discs"))
    record = json.loads((merged / "merged.json").read_text())
    assert record["base"]["fingerprint"] == vlm.fingerprint(base)
    digest = hashlib.sha256((adapter / "adapter_model.safetensors").read_bytes()).hexdigest()
    assert digest.startswith(record["adapter"]["sha256"])
    assert not (merged / "adapter_config.json").exists() and not (tmp_path / "merged.part").exists()
    again = merge(adapter, tmp_path / "again", model=base)
    assert {p.name: p.read_bytes() for p in merged.iterdir()} == {p.name: p.read_bytes() for p in again.iterdir()}


def test_a_merged_model_keeps_the_number_format_of_its_base(tiny: Tiny, tmp_path: Path) -> None:
    base = shutil.copytree(tiny("llava"), tmp_path / "base")
    vlm.load(base, dtype="bfloat16").model.save_pretrained(base)
    adapter = make_adapter(str(base), tmp_path / "adapter")
    weights = load_file(merge(adapter, tmp_path / "merged") / "model.safetensors")
    assert {value.dtype for value in weights.values()} == {torch.bfloat16}


def test_only_a_merged_model_is_written_over(adapter: Path, tmp_path: Path) -> None:
    merge(adapter, tmp_path / "merged")
    (tmp_path / "merged" / "stale").touch()
    assert not (merge(adapter, tmp_path / "merged") / "stale").exists()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "notes.txt").touch()
    with pytest.raises(UsageProblem, match="holds something else"):
        merge(adapter, tmp_path / "kept")
    assert (tmp_path / "kept" / "notes.txt").exists()


def test_what_cannot_be_merged_is_told(adapter: Path, tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="it is no adapter"):
        merge(tiny("llava"), tmp_path / "out")
    with pytest.raises(MissingData):
        merge(tmp_path / "nowhere", tmp_path / "out")
    broken = shutil.copytree(adapter, tmp_path / "broken")
    tensors = load_file(broken / "adapter_model.safetensors")
    save_file({name: value * float("nan") for name, value in tensors.items()}, broken / "adapter_model.safetensors")
    with pytest.raises(DataProblem, match="cannot be merged"):
        merge(broken, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_model_by_hub_id_is_the_model_in_a_folder(hub: str, tiny: Tiny, tmp_path: Path) -> None:
    here, there = vlm.load(tiny("llava")), vlm.load(hub)
    given = asked(here.processor, picture())
    with torch.inference_mode():
        assert torch.equal(there.model(**given).logits, here.model(**given).logits)
    assert there.fingerprint == here.fingerprint and there.processor.chat_template == here.processor.chat_template
    adapter = make_adapter(hub, tmp_path / "adapter")
    loaded = vlm.load(adapter)
    merged = vlm.load(merge(adapter, tmp_path / "merged"))
    with torch.inference_mode():
        assert torch.allclose(loaded.model(**given).logits, merged.model(**given).logits, atol=1e-4)
    assert (tmp_path / "merged" / "tokenizer.json").read_bytes() == (tiny("llava") / "tokenizer.json").read_bytes()
    with pytest.raises(MissingData, match="does not load.*connection"):
        vlm.load("someone/else")
