"""Examples -> batches as the model sees them: image files opened, shrunk and kept; loss on answer tokens only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from PIL import Image
from trl.data_utils import apply_chat_template, prepare_multimodal_messages
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

from met_kg.corpus.images import ImageProblem, open_image
from met_kg.records import Quarantined
from met_kg.training.examples import Example

__all__ = ["Collator", "as_rows", "shown", "within_limits"]

#: Shrunk images kept in memory.
_KEPT: Final = 4096
_IGNORED: Final = -100
#: A special token that stands three times or more: an image takes hundreds.
_REPEATED: Final = re.compile(r"(<[^<>\s]+>)\1{2,}")


class Collator(DataCollatorForVisionLanguageModeling):
    """TRL's collator for prompts and completions, given image *files*.

    Parameters
    ----------
    processor
        of the model.
    image_side
        larger images are shrunk to this longest side, in pixels.
    """

    def __init__(self, processor: Any, image_side: int) -> None:
        super().__init__(processor=processor, max_length=None, completion_only_loss=True)
        self.picture = lru_cache(maxsize=_KEPT)(lambda path: _shrunk(Path(path), image_side))

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """Rows of :func:`as_rows` -> ``input_ids``, ``labels`` (-100 but for the answer), pixels and the rest."""
        opened = [{**row, "images": [self.picture(path) for path in row["images"]]} for row in examples]
        batch: dict[str, Any] = super().torch_call(opened)
        return batch


def as_rows(examples: Sequence[Example]) -> list[dict[str, Any]]:
    """Examples as TRL wants them: ``images`` (paths), ``prompt`` and ``completion`` (chat messages)."""
    return [
        {
            "images": [str(e.image)],
            "prompt": e.prompt,
            "completion": [{"role": "assistant", "content": e.answer}],
        }
        for e in examples
    ]


def within_limits(
    examples: Sequence[Example], processor: Any, *, image_side: int, max_length: int
) -> tuple[list[Example], list[int], list[Quarantined]]:
    """The examples that can be trained on, their lengths in tokens, and the others with the reason.

    Nothing is cut: an example beyond ``max_length`` is left out whole, for a cut would go through image tokens. How
    many tokens an image takes depends on its size alone, so one image of each size is put through the processor.
    """
    kept: list[Example] = []
    lengths: list[int] = []
    problems: list[Quarantined] = []
    tokens_of_image: dict[tuple[int, int], int] = {}
    sizes: dict[Path, tuple[int, int] | str] = {}
    for example in examples:
        if example.image not in sizes:
            sizes[example.image] = _size(example.image, image_side)
        size = sizes[example.image]
        if isinstance(size, str):
            problems.append(Quarantined(example.image.name, example.id, size, example.answer))
            continue
        prompt, completion = _rendered(example, processor)
        if size not in tokens_of_image:
            blank = Image.new("RGB", size)
            whole = processor(images=[[blank]], text=[prompt], add_special_tokens=False)["input_ids"][0]
            tokens_of_image[size] = len(whole) - _count(prompt, processor)
        length = _count(prompt, processor) + _count(completion, processor) + tokens_of_image[size]
        if length > max_length:
            reason = f"the example has {length} tokens, more than max_length {max_length}"
            problems.append(Quarantined(example.image.name, example.id, reason, example.answer))
            continue
        kept.append(example)
        lengths.append(length)
    return kept, lengths, problems


def shown(batch: dict[str, Any], row: int, processor: Any) -> str:
    """One row of a batch as text: what is masked from the loss stands in ``[[...]]``, runs of a token are counted."""
    tokenizer = processor.tokenizer
    ids = batch["input_ids"][row].tolist()
    labels = batch["labels"][row].tolist()
    seen = batch["attention_mask"][row].tolist()
    parts: list[tuple[bool, list[int]]] = []
    for number, label, used in zip(ids, labels, seen, strict=True):
        if not used:
            continue
        masked = label == _IGNORED
        if not parts or parts[-1][0] != masked:
            parts.append((masked, []))
        parts[-1][1].append(number)
    texts = [(masked, _REPEATED.sub(_counted, str(tokenizer.decode(numbers)))) for masked, numbers in parts]
    return "".join(f"[[{text}]]" if masked else text for masked, text in texts)


def _counted(run: re.Match[str]) -> str:
    return f"{run[1]}x{len(run[0]) // len(run[1])}"


def _rendered(example: Example, processor: Any) -> tuple[str, str]:
    row = {
        "prompt": prepare_multimodal_messages(example.prompt, images=[Image.new("RGB", (1, 1))]),
        "completion": prepare_multimodal_messages([{"role": "assistant", "content": example.answer}]),
    }
    texts = apply_chat_template(row, processor)
    return texts["prompt"], texts["completion"]


def _count(text: str, processor: Any) -> int:
    return len(processor.tokenizer(text, add_special_tokens=False)["input_ids"])


def _size(path: Path, side: int) -> tuple[int, int] | str:
    """Width and height after shrinking, or why the file cannot be used."""
    try:
        return _shrunk(path, side).size
    except FileNotFoundError:
        return "the image file is not there"
    except (ImageProblem, OSError) as problem:
        return str(problem)


def _shrunk(path: Path, side: int) -> Image.Image:
    picture = open_image(path).convert("RGB")
    picture.thumbnail((side, side), Image.Resampling.BICUBIC)
    return picture
