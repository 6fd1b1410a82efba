from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from met_kg.models.processors import load_processor
from met_kg.training.collate import Collator, as_rows, shown, within_limits
from met_kg.training.examples import Example

IGNORED = -100


@pytest.fixture(scope="module")
def processor(standin: Path) -> Any:
    return load_processor(str(standin))


@pytest.fixture(scope="module")
def image(run_dir: Path) -> Path:
    return run_dir / "images" / "s0.png"


def test_loss_is_taken_on_the_answer_and_its_end_only(processor: Any, image: Path) -> None:
    number = processor.tokenizer.convert_tokens_to_ids

    def words(text: str) -> list[int]:
        return processor.tokenizer(text, add_special_tokens=False)["input_ids"]  # type: ignore[no-any-return]

    # A 56 x 56 picture is 4 x 4 patches of 14 pixels, merged 2 x 2: four image tokens.
    start, end, pad = number("<|im_start|>"), number("<|im_end|>"), number("<|endoftext|>")
    picture = [number("<|vision_start|>"), *[number("<|image_pad|>")] * 4, number("<|vision_end|>")]
    asked = [start, *words("user\n"), *picture, *words("What?"), end, *words("\n"), start, *words("assistant\n")]
    long, short = [*words("A white disc."), end, *words("\n")], [*words("no"), end, *words("\n")]
    rows = as_rows(
        [
            Example("a", "vqa", (image,), ("<image>\nWhat?",), "A white disc."),
            Example("b", "vqa", (image,), ("<image>\nWhat?",), "no"),
        ]
    )
    batch = Collator(processor, 56)(rows)
    padding = len(long) - len(short)
    assert padding > 0
    for row, answer, added in ((0, long, 0), (1, short, padding)):
        ids, labels, mask = (batch[name][row].tolist() for name in ("input_ids", "labels", "attention_mask"))
        used = [place for place, seen in enumerate(mask) if seen]
        assert len(mask) - len(used) == added
        assert [ids[place] for place in used] == asked + answer
        assert [labels[place] for place in used] == [IGNORED] * len(asked) + answer
        assert all(ids[p] == pad and labels[p] == IGNORED for p in range(len(mask)) if p not in used)


def test_images_stand_where_the_talk_has_them(processor: Any, image: Path, run_dir: Path) -> None:
    number = processor.tokenizer.convert_tokens_to_ids

    def words(text: str) -> list[int]:
        return processor.tokenizer(text, add_special_tokens=False)["input_ids"]  # type: ignore[no-any-return]

    other = run_dir / "images" / "s4.png"
    start, end = number("<|im_start|>"), number("<|im_end|>")
    picture = [number("<|vision_start|>"), *[number("<|image_pad|>")] * 4, number("<|vision_end|>")]
    talk = ("Before <image>\nand after:\n<image>\n\nwhat changed?", "A disc.", "<image> Sure?")
    asked = [start, *words("user\n"), *words("Before "), *picture, *words("and after:"), *picture]
    asked += [*words("\nwhat changed?"), end, *words("\n"), start, *words("assistant\n"), *words("A disc."), end]
    asked += [*words("\n"), start, *words("user\n"), *picture, *words(" Sure?"), end, *words("\n")]
    asked += [start, *words("assistant\n")]
    answer = [*words("Yes."), end, *words("\n")]
    example = Example("a", "vqa", (image, other, image), talk, "Yes.")
    batch = Collator(processor, 56)(as_rows([example]))
    assert batch["input_ids"][0].tolist() == asked + answer
    assert batch["labels"][0].tolist() == [IGNORED] * len(asked) + answer
    # Pixels in the order of the talk: 16 patches an image.
    parts = batch["pixel_values"].split(16)
    assert len(parts) == 3 and parts[0].equal(parts[2]) and not parts[0].equal(parts[1])
    kept, lengths, _ = within_limits([example], processor, image_side=56, max_length=200)
    assert (kept, lengths) == ([example], [len(asked + answer)])


def test_only_the_last_answer_of_a_talk_is_learnt(processor: Any, image: Path) -> None:
    batch = Collator(processor, 56)(
        as_rows([Example("a", "vqa", (image,), ("<image>\nWhat?", "A disc.", "Sure?"), "Yes.")])
    )
    learnt = [n for n in batch["labels"][0].tolist() if n != IGNORED]
    assert processor.tokenizer.decode(learnt) == "Yes.<|im_end|>\n"
    text = shown(batch, 0, processor)
    assert text.startswith("[[") and text.endswith("assistant\n]]Yes.<|im_end|>\n")
    assert "<|image_pad|>x4" in text and "A disc." in text


def test_the_prompt_of_training_is_the_prompt_of_generation(processor: Any, image: Path) -> None:
    batch = Collator(processor, 56)(as_rows([Example("a", "vqa", (image,), ("<image>\nWhat?",), "no")]))
    chat = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What?"}]}]
    text = processor.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    with Image.open(image) as picture:
        asked = processor(images=[[picture.convert("RGB")]], text=[text], return_tensors="pt")["input_ids"][0].tolist()
    assert batch["input_ids"][0].tolist()[: len(asked)] == asked


def test_what_is_too_long_is_left_out_whole_with_a_reason(processor: Any, image: Path, tmp_path: Path) -> None:
    (tmp_path / "torn.png").write_bytes(image.read_bytes()[:60])
    examples = [
        Example("fits", "vqa", (image,), ("<image>\nWhat?",), "no"),
        Example("long", "vqa", (image,), ("<image>\nWhat?",), "no " * 200),
        Example("torn", "vqa", (tmp_path / "torn.png",), ("<image>\nWhat?",), "no"),
        Example("gone", "vqa", (tmp_path / "gone.png",), ("<image>\nWhat?",), "no"),
    ]
    kept, lengths, problems = within_limits(examples, processor, image_side=56, max_length=64)
    batch = Collator(processor, 56)(as_rows(kept))
    assert ([e.id for e in kept], lengths) == (["fits"], [batch["input_ids"].shape[1]])
    assert [p.where for p in problems] == ["long", "torn", "gone"]
    assert "more than max_length 64" in problems[0].reason and "not there" in problems[2].reason
