from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from met_kg.corpus.images import image_size, open_image
from met_kg.errors import DataProblem, MetError, UsageProblem
from met_kg.log import Log, silent
from met_kg.models.answers import Answer, Failure, collect
from met_kg.models.generation import BatchedVlm, Request, generate, merged, stop_tokens, write_blank
from met_kg.models.image_cache import Pictures, RememberingProcessor
from met_kg.models.standin import make_standin, one_thread
from met_kg.models.vlm import Vlm, load


class Stop(Exception):
    """Stands for a kill."""


class StopAfter(Log):
    """Stops the work after some batches."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self._batches = batches

    def track(self, things: Iterable[Any], label: str, total: int | None = None) -> Iterator[Any]:
        for number, thing in enumerate(things):
            if number == self._batches:
                raise Stop
            yield thing


@pytest.fixture(scope="module")
def model(standin: Path) -> Vlm:
    return load(standin)


def questions(run_dir: Path, count: int = 7) -> list[Request]:
    return [Request(f"q{n}", f"images/s{n}.png", "What is shown? " * (1 + (5 * n) % 7)) for n in range(count)]


def ask(model: Vlm, asked: list[Request], out: Path, run_dir: Path, log: Log = silent) -> dict[str, str]:
    return generate(model, asked, out, open_image=open_image, batch_size=2, max_new_tokens=5, base=run_dir, log=log)


def test_answers_that_were_stopped_end_with_the_same_bytes(model: Vlm, run_dir: Path, tmp_path: Path) -> None:
    asked = questions(run_dir)
    said = ask(model, asked, tmp_path / "whole.jsonl", run_dir)
    out, part = tmp_path / "stopped.jsonl", tmp_path / "stopped.jsonl.part"
    with pytest.raises(Stop):
        ask(model, asked, out, run_dir, StopAfter(2))
    lines = part.read_text().splitlines()
    assert len(lines) == 1 + 4 and not out.exists()
    # Cut within the second batch: a line torn, its neighbour without partner.
    part.write_text("\n".join(lines[:-1]) + "\n" + lines[-1][:8])
    assert ask(model, asked, out, run_dir) == said
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == [r.id for r in asked]
    assert not part.exists()


def test_answers_to_other_questions_are_not_gone_on_from(model: Vlm, run_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with pytest.raises(Stop):
        ask(model, questions(run_dir), out, run_dir, StopAfter(2))
    fewer = questions(run_dir, 3)
    assert list(ask(model, fewer, out, run_dir)) == ["q0", "q1", "q2"]


def test_questions_without_image_or_with_the_same_id_are_named(model: Vlm, run_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match=r"question 'x' has no answer: its image file is not there \(gone\.png\)"):
        ask(model, [Request("x", "images/gone.png", "What?")], tmp_path / "a.jsonl", run_dir)
    with pytest.raises(UsageProblem, match="same id"):
        ask(model, questions(run_dir, 1) * 2, tmp_path / "b.jsonl", run_dir)


def one_by_one(model: Vlm, asked: list[Request], base: Path, tokens: int) -> dict[str, str]:
    """The plain loop that batches must agree with."""
    said = {}
    for request in asked:
        content = [{"type": "text", "text": request.prompt}]
        pictures = None
        if request.image is not None:
            content.insert(0, {"type": "image"})
            pictures = [open_image(base / request.image).convert("RGB")]
        text = model.processor.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
        given = model.processor(images=pictures, text=[text], add_special_tokens=False, return_tensors="pt")
        with one_thread(model.name), torch.inference_mode():
            new = model.model.generate(**given, max_new_tokens=tokens, do_sample=False)
        said[request.id] = model.processor.decode(new[0, given["input_ids"].shape[1] :], skip_special_tokens=True)
    return {number: text.strip() for number, text in said.items()}


@pytest.mark.parametrize("family", ["qwen2.5-vl", "qwen3-vl"])
def test_answers_are_those_of_asking_one_by_one(family: str, run_dir: Path, tmp_path: Path) -> None:
    model = load(make_standin(tmp_path / "m", family=family, texts=["What is shown? A white disc."], seed=4))
    with torch.no_grad():  # fresh weights do no more than to say the last word again
        for name, weights in model.model.named_parameters():
            if weights.ndim > 1 and "embed" not in name:
                weights.mul_(6)
    for name, size in (("wide", (300, 60)), ("high", (60, 200))):
        Image.effect_noise(size, 80).save(run_dir / f"images/{name}.png")
    asked = [*questions(run_dir, 5), Request("w", "images/wide.png", "Wide?"), Request("h", "images/high.png", "High?")]
    asked += [Request("t", None, "Without an image?"), Request("again", "images/wide.png", "What else is there?")]
    answerer = BatchedVlm(model, open_image=open_image, image_size=image_size, batch_size=4, max_new_tokens=6)
    found = collect(answerer, asked, tmp_path / "p", base=run_dir, log=silent)
    assert {n: a.text for n, a in found.items() if isinstance(a, Answer)} == one_by_one(model, asked, run_dir, 6)
    assert len({a.text for a in found.values() if isinstance(a, Answer)}) > 4, "or the comparison says nothing"


def test_an_image_that_does_not_open_costs_its_own_question_alone(model: Vlm, run_dir: Path, tmp_path: Path) -> None:
    (run_dir / "images/torn.png").write_bytes((run_dir / "images/s1.png").read_bytes()[:80])
    asked = [*questions(run_dir, 3), Request("bad", "images/torn.png", "What?")]
    answerer = BatchedVlm(model, open_image=open_image, batch_size=2, max_new_tokens=3)
    found = collect(answerer, asked, tmp_path / "p", base=run_dir, log=silent)
    assert isinstance(found["bad"], Failure) and "does not decode" in found["bad"].reason
    assert all(isinstance(found[f"q{n}"], Answer) for n in range(3))
    kept = [json.loads(line)["id"] for line in (tmp_path / "p").read_text().splitlines()[1:]]
    assert sorted(kept) == ["q0", "q1", "q2"], "it is asked again at the next call"


def test_equal_questions_are_asked_once_and_answered_each(model: Vlm, tmp_path: Path) -> None:
    blank = str(write_blank(tmp_path))
    asked = [Request(f"q{n}", blank, f"What {n % 2}?") for n in range(6)]
    answerer = BatchedVlm(model, open_image=open_image, batch_size=2, max_new_tokens=3)
    found = collect(answerer, asked, tmp_path / "p", log=silent)
    assert list(found) == [r.id for r in asked] and found["q0"] == found["q2"] == found["q4"]
    assert len((tmp_path / "p").read_text().splitlines()) == 1 + 2


def test_another_batch_size_goes_on_from_what_is_answered(model: Vlm, run_dir: Path, tmp_path: Path) -> None:
    asked = questions(run_dir)
    out = tmp_path / "a.jsonl"
    with pytest.raises(Stop):
        ask(model, asked, out, run_dir, StopAfter(2))
    part = tmp_path / "a.jsonl.part"
    first = part.read_text().splitlines()[1:]
    answerer = BatchedVlm(model, open_image=open_image, batch_size=1, max_new_tokens=5)
    collect(answerer, asked, part, base=run_dir, log=silent)
    lines = part.read_text().splitlines()[1:]
    assert lines[:4] == first and len(lines) == 7, "four were there, three are asked"


def test_memory_that_does_not_suffice_names_the_batch_size(
    model: Vlm, run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:73] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(model.model, "generate", full)
    with pytest.raises(MetError, match=r"lower the batch size \(now 2\).*what is answered is kept"):
        ask(model, questions(run_dir), tmp_path / "a.jsonl", run_dir)


def test_an_answer_ends_where_the_template_ends_a_turn(model: Vlm) -> None:
    number = model.processor.tokenizer.convert_tokens_to_ids
    assert number("<|im_end|>") in stop_tokens(model)
    before = model.processor.tokenizer.eos_token, model.model.generation_config.eos_token_id
    model.processor.tokenizer.eos_token, model.model.generation_config.eos_token_id = "<|endoftext|>", None
    try:
        assert stop_tokens(model) == [number("<|endoftext|>"), number("<|im_end|>")]
    finally:
        model.processor.tokenizer.eos_token, model.model.generation_config.eos_token_id = before


def test_pictures_are_opened_once_within_a_limit_of_memory(run_dir: Path) -> None:
    opened: list[str] = []

    def opening(path: Path) -> Image.Image:
        opened.append(path.name)
        return open_image(path)

    size = 56 * 56 * 3
    pictures = Pictures(opening, most_bytes=2 * size)
    for name in ("s0", "s1", "s0", "s2", "s0", "s1"):
        pictures.get(run_dir / f"images/{name}.png")
    assert opened == ["s0.png", "s1.png", "s2.png", "s1.png"]


def test_a_processor_that_pads_pictures_to_each_other_is_left_alone() -> None:
    calls: list[int] = []

    def padding(images: list[Image.Image], **_: Any) -> dict[str, torch.Tensor]:
        calls.append(len(images))
        wide = max(i.width for i in images)
        return {"pixel_values": torch.zeros(len(images), 3, 4, wide)}

    small, large = Image.new("RGB", (4, 4)), Image.new("RGB", (8, 4))
    processor = RememberingProcessor(padding)
    assert processor([small, small])["pixel_values"].shape == (2, 3, 4, 4) and calls == [1]
    assert processor([small, large])["pixel_values"].shape == (2, 3, 4, 8)
    assert not processor.remembers and processor([small, large])["pixel_values"].shape == (2, 3, 4, 8)
    assert calls == [1, 1, 2, 2]


def test_an_adapter_on_its_base_and_merged_into_it_answer_alike(standin: Path, run_dir: Path, tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    base = load(standin)
    torch.manual_seed(5)
    adapted = get_peft_model(base.model, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    adapted.peft_config["default"].base_model_name_or_path = str(standin)
    adapted.save_pretrained(tmp_path / "adapter", save_embedding_layers=False)
    on_it = load(standin, tmp_path / "adapter")
    asked = questions(run_dir, 4)
    said = ask(on_it, asked, tmp_path / "on.jsonl", run_dir)
    alone = merged(on_it)
    assert not hasattr(alone.model, "peft_config") and alone.fingerprint == f"{on_it.fingerprint} merged"
    assert ask(alone, asked, tmp_path / "merged.jsonl", run_dir) == said
    assert merged(load(standin)).fingerprint == base.fingerprint
