"""What is no model, no whole one, or not the one that an adapter belongs to: a sentence each, and the exit code."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from families import TEXTS, Tiny
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from met_kg.cli.train import train as command
from met_kg.errors import DataProblem, MetError, MissingData, UsageProblem
from met_kg.models import vlm
from met_kg.models.standin import make_standin


def rewrite(path: Path, **more: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | more))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_a_tensor(folder: Path) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    del tensors[next(name for name in tensors if name.endswith("layers.1.mlp.up_proj.weight"))]
    save_file(tensors, path, {"format": "pt"})


#: What is done to a good model -> the error and what it says.
SPOILT: dict[str, tuple[Callable[[Path], object], type[MetError], str]] = {
    "no config": (lambda f: (f / "config.json").unlink(), MissingData, r"no config\.json"),
    "no processor": (lambda f: (f / "processor_config.json").unlink(), MissingData, "has no processor"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), MissingData, "does not load"),
    "config no JSON": (lambda f: (f / "config.json").write_text("{"), MissingData, "does not load"),
    "no chat template": (lambda f: (f / "chat_template.jinja").unlink(), UsageProblem, "no chat template"),
    "words alone": (
        lambda f: (f / "chat_template.jinja").write_text("{% for m in messages %}{{ m.content }}{% endfor %}"),
        UsageProblem,
        "cannot write a question about an image: it leaves the image",
    ),
    "broken template": (
        lambda f: (f / "chat_template.jinja").write_text("{% for m in messages %}"),
        UsageProblem,
        "cannot write a question about an image",
    ),
    "weights cut": (lambda f: cut(f / "model.safetensors"), DataProblem, r"model\.safetensors: .*half written"),
    "a tensor gone": (without_a_tensor, DataProblem, r"half written: 1 tensors.*layers\.1\.mlp\.up_proj"),
    "another size": (lambda f: rewrite(f / "config.json", vision_config={}), DataProblem, "sizes that config.json"),
    "another kind": (lambda f: rewrite(f / "config.json", model_type="bert"), UsageProblem, "its type is 'bert'"),
    "unknown kind": (
        lambda f: rewrite(f / "config.json", model_type="mine"),
        UsageProblem,
        "not an image-text-to-text",
    ),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_model_is_told_in_a_sentence(how: str, tiny: Tiny, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny("llava"), tmp_path / "model")
    spoil, error, told = SPOILT[how]
    spoil(folder)
    with pytest.raises(error, match=told) as caught:
        vlm.load(folder)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_no_hub_id(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="no model folder"):
        vlm.load(tmp_path / "nowhere")


def test_a_language_model_that_sees_nothing_is_named_as_such(tmp_path: Path) -> None:
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    LlamaForCausalLM(LlamaConfig(vocab_size=32, **sizes)).save_pretrained(tmp_path / "text")
    with pytest.raises(UsageProblem, match="not an image-text-to-text model.*its type is 'llama'"):
        vlm.load(tmp_path / "text")


@pytest.mark.parametrize("kind", ["mine", "llava"])
def test_code_of_a_model_folder_is_never_run(kind: str, tiny: Tiny, tmp_path: Path) -> None:
    folder, ran = shutil.copytree(tiny("llava"), tmp_path / "model"), tmp_path / "ran"
    (folder / "mine.py").write_text(f"open({str(ran)!r}, 'w')\nclass Mine: pass\n")
    classes = ("AutoConfig", "AutoModelForImageTextToText", "AutoProcessor", "AutoTokenizer", "AutoImageProcessor")
    code = dict.fromkeys(classes, "mine.Mine")
    rewrite(folder / "config.json", model_type=kind, auto_map=code)
    for name in ("processor_config.json", "tokenizer_config.json"):
        rewrite(folder / name, auto_map=code)
    if kind == "mine":
        with pytest.raises(UsageProblem, match="wants code of its own"):
            vlm.load(folder)
    else:  # transformers knows the model without it
        assert vlm.load(folder).model.config.model_type == "llava"
    assert not ran.exists()


@pytest.fixture(scope="module")
def adapter(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """On the last layers of the tiny LLaVA's language model."""
    out = tmp_path_factory.mktemp("adapter") / "adapter"
    model, _ = vlm.load_model(tiny("llava"))
    get_peft_model(model, LoraConfig(r=2, target_modules=r".*language_model.*up_proj")).save_pretrained(out)
    return out


def test_an_adapter_of_another_base_is_refused(adapter: Path, tiny: Tiny, tmp_path: Path) -> None:
    wider = make_standin(tmp_path / "wider", family="llava", texts=TEXTS, seed=3, hidden=64)
    with pytest.raises(UsageProblem, match=r"another base.*is 64 wide in the model, 32 in the adapter"):
        vlm.load(wider, adapter)
    with pytest.raises(UsageProblem, match=r"another base.*the model has no 'model\.language_model"):
        vlm.load(tiny("idefics3"), adapter)
    twin = make_standin(tmp_path / "twin", family="llava", texts=TEXTS, seed=4, hidden=32)
    known = shutil.copytree(adapter, tmp_path / "known")
    (known / "training.json").write_text(json.dumps({"base": {"fingerprint": vlm.fingerprint(tiny("llava"))}}))
    assert vlm.load(tiny("llava"), known).name == str(tiny("llava"))
    with pytest.raises(UsageProblem, match="another base.*their weights differ"):
        vlm.load(twin, known)


def test_a_spoilt_adapter_is_told_in_a_sentence(adapter: Path, tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(MissingData, match=r"no adapter_config\.json"):
        vlm.load(tiny("llava"), tmp_path)
    torn = shutil.copytree(adapter, tmp_path / "torn")
    cut(torn / "adapter_model.safetensors")
    with pytest.raises(DataProblem, match=r"adapter_model\.safetensors: .*half written"):
        vlm.load(tiny("llava"), torn)
    (torn / "adapter_model.safetensors").unlink()
    with pytest.raises(MissingData, match=r"no adapter_model\.safetensors"):
        vlm.load(tiny("llava"), torn)
    (torn / "adapter_config.json").write_text("[]")
    with pytest.raises(DataProblem, match="not a mapping"):
        vlm.load(tiny("llava"), torn)


def test_the_command_line_says_the_sentence_and_its_code(tiny: Tiny, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny("llava"), tmp_path / "model")
    cut(folder / "model.safetensors")
    (tmp_path / "data.jsonl").write_text("")
    (tmp_path / "c.yaml").write_text("{base: model, data: data.jsonl, out: out}")
    done = CliRunner().invoke(command, [str(tmp_path / "c.yaml")])
    assert isinstance(done.exception, DataProblem) and done.exception.exit_code == 1
    shutil.copy(tiny("llava") / "model.safetensors", folder)
    (folder / "processor_config.json").unlink()
    done = CliRunner().invoke(command, [str(tmp_path / "c.yaml")])
    assert isinstance(done.exception, MissingData) and done.exception.exit_code == 2


def test_a_number_format_is_one_of_torch(tiny: Tiny) -> None:
    assert vlm.load(tiny("llava"), dtype="bfloat16").model.dtype == torch.bfloat16
    assert vlm.load(tiny("llava"), dtype="stored").model.dtype == torch.float32
    with pytest.raises(UsageProblem, match="'fp8' is not a number format"):
        vlm.load(tiny("llava"), dtype="fp8")
