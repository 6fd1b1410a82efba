from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from families import EACH, TEXTS, Tiny, asked, picture
from transformers import AutoProcessor
from transformers.models.smolvlm import processing_smolvlm

from met_kg.errors import UsageProblem
from met_kg.models import vlm
from met_kg.models.processors import copy_processor, load_processor
from met_kg.models.standin import FAMILIES, make_standin

WITH_VIDEO = {name: kind.video for name, kind in FAMILIES.items() if kind.video}


def talk(processor: Any, *, stop: bool = True) -> str:
    chat = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What?"}]}]
    answer = [{"role": "assistant", "content": [{"type": "text", "text": "A disc."}]}]
    more = [{"role": "user", "content": "Sure?"}, {"role": "assistant", "content": "Yes."}]
    return str(
        processor.apply_chat_template([*chat, *answer, *(more if stop else more[:1])], add_generation_prompt=not stop)
    )


@pytest.mark.parametrize("family", EACH)
def test_a_processor_is_saved_for_machines_with_torchvision_too(family: str, tiny: Tiny) -> None:
    config = json.loads((tiny(family) / "processor_config.json").read_text())
    stock = FAMILIES[family].model.replace("ForConditionalGeneration", "Processor")  # type: ignore[index]
    assert config["processor_class"] == stock == type(load_processor(str(tiny(family)))).__name__
    assert not config["image_processor"]["image_processor_type"].endswith("Pil")
    assert config.get("video_processor", {}) == WITH_VIDEO.get(family, {})  # type: ignore[call-overload]


@pytest.mark.skipif(
    find_spec("torchvision") is None,
    reason="no torchvision fits the CPU torch of CI: docs/families.md tells how it was run",
)
@pytest.mark.parametrize("family", EACH)
def test_with_torchvision_the_stock_processor_reads_a_stand_in(family: str, tiny: Tiny) -> None:
    found = load_processor(str(tiny(family)))
    assert ("video_processor" in type(found).get_attributes()) == (family in WITH_VIDEO)
    stock = AutoProcessor.from_pretrained(tiny(family))
    stock.chat_template = found.chat_template
    assert asked(stock, picture())["input_ids"].tolist() == asked(found, picture())["input_ids"].tolist()


@pytest.mark.parametrize("family", EACH)
def test_words_come_back_as_they_went_in(family: str, tiny: Tiny) -> None:
    tokenizer = load_processor(str(tiny(family))).tokenizer
    assert tokenizer.decode(tokenizer("Effusion β", add_special_tokens=False)["input_ids"]) == "Effusion β"


@pytest.mark.parametrize("family", EACH)
def test_a_talk_begins_once_and_ends_and_its_prompt_is_its_beginning(family: str, tiny: Tiny) -> None:
    processor = load_processor(str(tiny(family)))
    whole, prompt = talk(processor), talk(processor, stop=False)
    assert whole.startswith(prompt)
    assert whole.endswith(("<|im_end|>\n", "</s>", "<end_of_utterance>\n", "<eos>", "<end_of_turn>\n"))
    begins = processor.tokenizer.bos_token
    ids = asked(processor, picture())["input_ids"][0].tolist()
    assert begins is None or ids.count(processor.tokenizer.bos_token_id) == 1


def test_what_a_template_lacks_is_added_in_use_and_not_in_the_file(tiny: Tiny) -> None:
    written = (tiny("llava") / "chat_template.jinja").read_text()
    used = load_processor(str(tiny("llava")))
    assert "bos_token" not in written and "eos_token" not in written
    assert talk(used) == "<s>USER: <image>\nWhat? ASSISTANT: A disc. USER: Sure? ASSISTANT: Yes. </s>"
    assert used.chat_template.replace("{{ bos_token }}", "").startswith(written)
    whole = load_processor(str(tiny("qwen2.5-vl")))
    assert whole.chat_template == (tiny("qwen2.5-vl") / "chat_template.jinja").read_text()


def test_of_several_templates_the_default_is_used(tiny: Tiny, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny("gemma3"), tmp_path / "model")
    (folder / "additional_chat_templates").mkdir()
    (folder / "additional_chat_templates" / "tools.jinja").write_text("no talk")
    assert isinstance(AutoProcessor.from_pretrained(folder).chat_template, dict)
    assert talk(load_processor(str(folder))) == talk(load_processor(str(tiny("gemma3"))))
    (tmp_path / "copy").mkdir()
    copy_processor(folder, tmp_path / "copy")
    assert (tmp_path / "copy" / "additional_chat_templates" / "tools.jinja").is_file()


def test_a_prefix_model_asks_without_a_template(tiny: Tiny) -> None:
    assert not (tiny("paligemma") / "chat_template.jinja").exists()
    processor = load_processor(str(tiny("paligemma")))
    assert talk(processor) == "<image>What?\nA disc.\nSure?Yes.<eos>"
    given = asked(processor, picture())
    assert "labels" not in given and not given["token_type_ids"].any()
    answer = processor(text=["no", "A disc."], padding=True, return_tensors="pt")
    assert bool(answer["token_type_ids"].all()) and answer["input_ids"].shape == answer["token_type_ids"].shape


def test_a_package_that_a_processor_wants_is_named(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processing_smolvlm, "num2words", None)
    with pytest.raises(UsageProblem, match=r"'smolvlm' cannot be made here.*num2words"):
        make_standin(tmp_path / "made", family="smolvlm", texts=TEXTS, seed=1)
    if find_spec("num2words") is not None:
        with monkeypatch.context() as there:
            there.setattr(processing_smolvlm, "num2words", str)
            folder = tiny("smolvlm")
        with pytest.raises(UsageProblem, match="not here or does not import.*num2words"):
            vlm.load(folder)
