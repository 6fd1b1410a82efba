from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import torch
from families import EACH, Tiny, asked, picture
from peft import LoraConfig, get_peft_model
from PIL import Image
from transformers import AutoProcessor

from met_kg.corpus.images import open_image
from met_kg.errors import UsageProblem
from met_kg.log import silent
from met_kg.models import vlm
from met_kg.models.generation import Request, generate
from met_kg.models.merge import merge
from met_kg.models.processors import PROCESSOR_FILES, load_processor
from met_kg.training.collate import Collator, as_rows, within_limits
from met_kg.training.config import TrainConfig
from met_kg.training.examples import Example
from met_kg.training.lora import train
from met_kg.training.targets import adapter_targets, part_of, target_parameters, target_regex

IGNORED = -100
PARTS = ["language", "projector", "vision"]
#: What stands before and after an answer in the family's form of a talk.
AROUND = {
    "qwen2-vl": ("", "<|im_end|>"),
    "qwen2.5-vl": ("", "<|im_end|>"),
    "qwen3-vl": ("", "<|im_end|>"),
    "internvl": ("", "<|im_end|>"),
    "llava": (" ", " </s>"),
    "llava-next": (" ", " </s>"),
    "idefics3": (" ", "<end_of_utterance>"),
    "smolvlm": (" ", "<end_of_utterance>"),
    "paligemma": ("", "<eos>"),
    "gemma3": ("", "<end_of_turn>"),
}
#: Linear layers of a block of the vision tower, and of the projector.
LAYERS = {
    "qwen2-vl": (4, 2),  # qkv, proj, fc1, fc2
    "qwen2.5-vl": (5, 2),  # qkv, proj, gate, up, down
    "qwen3-vl": (4, 2 * 3),  # a merger, and one after each of two blocks
    "internvl": (6, 2),
    "llava": (6, 2),
    "llava-next": (6, 2),
    "idefics3": (6, 1),
    "smolvlm": (6, 1),
    "paligemma": (6, 1),
    "gemma3": (6, 0),  # a matrix of its own, no layer
}


def settings(base: Path, run: Path, out: Path, **more: Any) -> TrainConfig:
    values = {"rank": 2, "batch_size": 2, "max_steps": 2, "image_side": 56, "lr": 5e-2, "warmup": 0.0, "dropout": 0.0}
    where = {"base": str(base), "data": str(run), "out": str(out)}
    return TrainConfig.of(values | where | more, "test")


@pytest.fixture(scope="module")
def random(tiny: Tiny) -> Callable[[str], vlm.Vlm]:
    """The tiny model of a family, loaded once."""
    return lru_cache(lambda family: vlm.load(tiny(family)))


def logits(model: vlm.Vlm, *pictures: Image.Image) -> Any:
    with torch.inference_mode():
        return model.model(**asked(model.processor, *pictures)).logits


def said(model: vlm.Vlm, run: Path, out: Path) -> dict[str, str]:
    requests = [Request(f"q{n}", f"images/s{n}.png", "What is shown? " * (n + 1)) for n in range(3)]
    return generate(model, requests, out, open_image=open_image, batch_size=2, max_new_tokens=4, base=run, log=silent)


@pytest.mark.slow
@pytest.mark.parametrize("family", EACH)
def test_an_adapter_is_trained_loaded_merged_and_answers(
    family: str, tiny: Tiny, random: Callable[[str], vlm.Vlm], run_dir: Path, tmp_path: Path
) -> None:
    base = tiny(family)
    result = train(settings(base, run_dir, tmp_path / "adapter", targets=PARTS), log=silent)
    trained = vlm.load(result.out)
    assert trained.stand_in and trained.name == str(base)
    changed = {
        part_of(name.removeprefix("base_model.model."))
        for name, value in trained.model.named_parameters()
        if ".lora_B." in name and bool(value.any())
    }
    assert changed == set(PARTS)
    shown = picture(), picture(56, 56, 10)
    before = logits(trained, *shown)
    assert float((before - logits(random(family), *shown)).abs().max()) > 0.01
    merged = vlm.load(merge(result.out, tmp_path / "merged"))
    assert merged.stand_in and type(merged.model) is type(random(family).model)
    assert torch.allclose(logits(merged, *shown), before, atol=1e-4)
    assert said(merged, run_dir, tmp_path / "m.jsonl") == said(trained, run_dir, tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("family", "kind"),
    [*((name, "dora") for name in ("qwen3-vl", "internvl", "idefics3", "paligemma", "gemma3")), ("gemma3", "rslora")],
)
def test_adapters_of_other_kinds_and_makers_load_and_merge(
    family: str, kind: str, tiny: Tiny, random: Callable[[str], vlm.Vlm], tmp_path: Path
) -> None:
    base = tiny(family)
    model, _ = vlm.load_model(base)
    parts = [part for part in PARTS if not (family == "gemma3" and kind == "dora" and part == "projector")]
    targets = adapter_targets(model, parts, plain=kind != "dora")  # type: ignore[arg-type]
    config = LoraConfig(r=4, init_lora_weights=False, use_dora=kind == "dora", use_rslora=kind == "rslora", **targets)
    made = get_peft_model(model, config).eval()
    made.save_pretrained(tmp_path / "adapter", save_embedding_layers=False)
    given = asked(random(family).processor, picture())
    loaded = vlm.load(base, tmp_path / "adapter").model
    with torch.inference_mode():
        found = loaded(**given).logits
        assert torch.equal(found, made(**given).logits)
        assert torch.allclose(loaded.merge_and_unload()(**given).logits, found, atol=1e-4)
        assert float((found - random(family).model(**given).logits).abs().max()) > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("family", ["llava-next", "paligemma", "gemma3"])
def test_a_model_trained_in_full_is_a_checkpoint_like_its_base(
    family: str, tiny: Tiny, random: Callable[[str], vlm.Vlm], run_dir: Path, tmp_path: Path
) -> None:
    base = tiny(family)
    train(settings(base, run_dir, tmp_path / "full", method="full", max_steps=1, lr=1e-2), log=silent)
    for pattern in PROCESSOR_FILES:
        for path in base.glob(pattern):
            assert (tmp_path / "full" / path.name).read_bytes() == path.read_bytes()
    full, before = vlm.load(tmp_path / "full"), random(family)
    assert full.model.state_dict().keys() == before.model.state_dict().keys()
    assert float((logits(full, picture()) - logits(before, picture())).abs().max()) > 0.01


@pytest.mark.parametrize("family", EACH)
def test_loss_is_taken_on_the_answer_and_its_end_only(
    family: str, random: Callable[[str], vlm.Vlm], run_dir: Path
) -> None:
    model = random(family)
    processor, image = model.processor, run_dir / "images" / "s0.png"
    answers = ["A white disc.", "no"]
    examples = [Example(answer, "vqa", (image,), ("<image>\nWhat is shown?",), answer) for answer in answers]
    batch = Collator(processor, 56)(as_rows(examples))
    with Image.open(image) as shown:
        prompt = asked(processor, shown.convert("RGB"))["input_ids"][0].tolist()
    pictured = {*processor.image_token_ids, model.model.config.image_token_id}
    start, end = AROUND[family]
    for row, answer in enumerate(answers):
        ids, labels = batch["input_ids"][row].tolist(), batch["labels"][row].tolist()
        learnt = [place for place, label in enumerate(labels) if label != IGNORED]
        assert [labels[place] for place in learnt] == [ids[place] for place in learnt]
        # Some templates write a line's end after the end of a turn.
        assert processor.tokenizer.decode([ids[place] for place in learnt]).rstrip("\n") == f"{start}{answer}{end}"
        used = [n for n, seen in zip(ids, batch["attention_mask"][row].tolist(), strict=True) if seen]
        assert used[: len(prompt)] == prompt and len(used) == len(prompt) + len(learnt)
        assert pictured & set(prompt) and not pictured & {ids[place] for place in learnt}
    kept, lengths, _ = within_limits(examples, processor, image_side=56, max_length=256)
    assert lengths == [int(seen.sum()) for seen in batch["attention_mask"]] and len(kept) == 2


@pytest.mark.parametrize("family", EACH)
def test_no_token_of_an_answer_is_seen_before_its_turn(
    family: str, random: Callable[[str], vlm.Vlm], run_dir: Path
) -> None:
    model = random(family)
    row = as_rows(
        [Example("a", "vqa", (run_dir / "images" / "s0.png",), ("<image>\nWhat is shown?",), "A white disc.")]
    )
    batch = Collator(model.processor, 56)(row)
    learnt = (batch["labels"][0] != IGNORED).nonzero().flatten()
    other = batch["input_ids"].clone()
    place = int(learnt[2])
    other[0, place] = (other[0, place] + 1) % 200
    with torch.inference_mode():
        labels = batch.pop("labels")
        assert labels[0, place] != other[0, place]
        one = model.model(**batch).logits
        two = model.model(**{**batch, "input_ids": other}).logits
    assert torch.allclose(one[:, :place], two[:, :place], atol=1e-5)
    assert not torch.allclose(one[:, place:], two[:, place:], atol=1e-5)


def test_a_prefix_is_trained_on_as_its_own_processor_does(tiny: Tiny, run_dir: Path) -> None:
    image = run_dir / "images" / "s0.png"
    ours = Collator(load_processor(str(tiny("paligemma"))), 56)(
        as_rows([Example("a", "vqa", (image,), ("<image>\nWhat is shown?",), "A white disc.")])
    )
    with Image.open(image) as shown:
        stock = AutoProcessor.from_pretrained(tiny("paligemma"))(
            images=[[shown.convert("RGB")]],
            text=["<image>What is shown?"],
            suffix=["A white disc."],
            return_tensors="pt",
        )
    assert ours.keys() == stock.keys()
    assert all(torch.equal(ours[name], stock[name]) for name in stock)


@pytest.mark.parametrize("family", EACH)
def test_each_part_of_a_model_is_found(family: str, random: Callable[[str], vlm.Vlm]) -> None:
    model = random(family).model
    config = model.config
    eye = config.vision_config
    blocks = getattr(eye, "depth", None) or eye.num_hidden_layers
    in_block, projector = LAYERS[family]
    expected = {
        "language": 7 * config.get_text_config().num_hidden_layers,
        "projector": projector,
        "vision": in_block * blocks,
    }
    names = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    for part, count in expected.items():
        pattern = target_regex(model, [part])  # type: ignore[list-item]
        found = [name for name in names if pattern and re.fullmatch(pattern, name)]
        assert len(found) == count and {part_of(name) for name in found} <= {part}
    every = target_regex(model, ["language", "projector", "vision"])
    left = [name for name in names if not re.fullmatch(str(every), name)]
    assert left == ["lm_head"]
    matrices = ["model.multi_modal_projector.mm_input_projection_weight"]
    assert target_parameters(model, ["projector"]) == (matrices if family == "gemma3" else [])


def test_a_bare_matrix_takes_neither_dropout_nor_dora(tiny: Tiny) -> None:
    model, _ = vlm.load_model(tiny("gemma3"), weights=False)
    with pytest.raises(UsageProblem, match=r"mm_input_projection_weight.*dropout: 0"):
        adapter_targets(model, ["projector"], plain=False)
    assert adapter_targets(model, ["projector"], plain=True)["target_modules"] is None
    assert "target_parameters" not in adapter_targets(model, ["language"], plain=False)
