"""Tokens a second of ``met train`` and of a plain ``transformers.Trainer`` with the same model, data and batch size.

Run: ``python -m benchmarks.training RUN`` with a finished run (its captions and items are the data). Only real tokens
are counted, no padding. Both train a LoRA adapter on the random stand-in for one pass over the same examples, with one
thread. Ours is the whole of ``met train``: reading, checking and measuring the examples, the last checkpoint, the card.
The peer is what the tutorials do: examples in random order, a collator that opens the images and pads to the longest,
loss on the answers; its data are ready in memory, and nothing is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.measure import Measured, measure, report
from met_kg.corpus.images import open_image
from met_kg.log import silent
from met_kg.models.processors import load_processor
from met_kg.models.standin import make_standin, one_thread
from met_kg.models.vlm import load_model, quiet
from met_kg.training.config import TrainConfig
from met_kg.training.examples import IMAGE, Example, read_examples
from met_kg.training.lora import train
from met_kg.training.prepare import prepare
from met_kg.training.targets import target_regex

_IGNORED: Final = -100


@dataclass(frozen=True, slots=True)
class Setting:
    """What both train on: a configuration, its examples for the peer, which does not read files, and their tokens."""

    config: TrainConfig
    examples: Sequence[Example]
    tokens: int


def ours(setting: Setting) -> int:
    """``met train``; returns the real tokens."""
    with TemporaryDirectory() as folder:
        result = train(setting.config.model_copy(update={"out": folder}), log=silent)
    assert result.examples == len(setting.examples)
    return setting.tokens


def plain(setting: Setting) -> int:
    """The peer; returns the real tokens."""
    from peft import LoraConfig, get_peft_model
    from transformers import PrinterCallback, Trainer, TrainingArguments, set_seed

    config = setting.config
    model, processor = load_model(config.base)
    collate = PlainCollator(processor, config.image_side)
    set_seed(config.seed)
    adapter = LoraConfig(
        task_type="CAUSAL_LM",
        r=config.rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.dropout,
        target_modules=target_regex(model, config.targets),
    )
    with TemporaryDirectory() as folder, quiet(), one_thread(config.base):
        settings = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=config.batch_size,
            learning_rate=config.lr,
            lr_scheduler_type="cosine",
            warmup_steps=config.warmup,
            num_train_epochs=config.epochs,
            save_strategy="no",
            logging_steps=1,
            seed=config.seed,
            remove_unused_columns=False,
            use_cpu=True,
            disable_tqdm=True,
            report_to="none",
        )
        trainer = Trainer(
            model=get_peft_model(model, adapter),
            args=settings,
            data_collator=collate,
            train_dataset=list(setting.examples),
            processing_class=processor,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    # Ours shrinks from a picture already decoded small: some differ by a row of pixels, and so of tokens.
    assert abs(collate.tokens - setting.tokens) < setting.tokens / 100
    return collate.tokens


class PlainCollator:
    """Images opened each time they are met, one call of the processor a batch, loss on the answer."""

    def __init__(self, processor: Any, side: int) -> None:
        self._processor, self._side = processor, side
        self.tokens = 0

    def __call__(self, examples: Sequence[Example]) -> Any:
        images, texts = [], []
        for example in examples:
            picture = open_image(example.images[0]).convert("RGB")
            picture.thumbnail((self._side, self._side))
            images.append([picture])
            asked = [{"type": "image"}, {"type": "text", "text": example.turns[0].removeprefix(f"{IMAGE}\n")}]
            said = [{"type": "text", "text": example.answer}]
            chat = [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
            texts.append(self._processor.apply_chat_template(chat, tokenize=False))
        batch = self._processor(images=images, text=texts, padding=True, padding_side="right", return_tensors="pt")
        labels = batch["input_ids"].clone()
        used = batch["attention_mask"].sum(dim=1).tolist()
        end = self._processor.tokenizer("<|im_end|>\n")["input_ids"]
        for row, (length, example) in enumerate(zip(used, examples, strict=True)):
            learnt = len(self._processor.tokenizer(example.answer)["input_ids"]) + len(end)
            labels[row, : length - learnt] = _IGNORED
            labels[row, length:] = _IGNORED
        self.tokens += sum(used)
        return {**batch, "labels": labels}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="a finished run")
    parser.add_argument("--sizes", type=int, nargs="+", default=[800, 1600], help="examples")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--order", nargs="+", default=["grouped"], choices=["grouped", "random"], help="of ours")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"))
    given = parser.parse_args()
    found, _ = read_examples(given.run)
    rows: list[Measured] = []
    with TemporaryDirectory() as folder:
        words = [text for e in found for text in (*e.turns, e.answer)]
        base = make_standin(Path(folder) / "base", texts=words, seed=1)
        for size in given.sizes:
            values = {"base": str(base), "data": str(given.run), "out": folder, "image_side": 112, "max_examples": size}
            config = TrainConfig.of(values | {"batch_size": given.batch, "save_steps": 10**6}, "benchmark")
            ready = prepare(config, load_processor(str(base)))
            setting = Setting(config, ready.examples, sum(ready.lengths))
            for order in given.order:
                ordered = replace(setting, config=config.model_copy(update={"order": order}))
                name = "met train" if order == "grouped" else f"met train, {order} order"
                rows.append(measure(name, size, ours, ordered, repeats=given.repeats))
            rows.append(measure("plain Trainer", size, plain, setting, repeats=given.repeats))
    report("training", "tokens", rows, given.out, ["torch", "transformers", "trl", "peft"])


if __name__ == "__main__":
    main()
