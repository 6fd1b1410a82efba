"""Examples -> batches as the model sees them: image files opened, shrunk and kept; loss on answer tokens only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from PIL import Image
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

from met_kg.corpus.images import ImageProblem
from met_kg.records import Quarantined
from met_kg.training.examples import IMAGE, Example
from met_kg.training.pictures import PICTURES

__all__ = ["Collator", "as_rows", "shown", "within_limits"]

_IGNORED: Final = -100
#: A special token that stands three times or more: an image takes hundreds.
_REPEATED: Final = re.compile(r"(<[^<>\s]+>)\1{2,}")


class Collator(DataCollatorForVisionLanguageModeling):
    """TRL's collator for prompts and completions, given image *files* and the turns of a talk.

    Parameters
    ----------
    processor
        of the model.
    image_side
        larger images are shrunk to this longest side, in pixels.
    """

    def __init__(self, processor: Any, image_side: int) -> None:
        super().__init__(processor=processor, max_length=None, completion_only_loss=True)
        self.side = image_side

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """Rows of :func:`as_rows` -> ``input_ids``, ``labels`` (-100 but for the answer), pixels and the rest."""
        opened = [[PICTURES(Path(path), self.side) for path in row["images"]] for row in examples]
        texts = rendered([(row["prompt"], row["completion"]) for row in examples], self.processor)
        rows = [
            {"images": pictures, "prompt": prompt, "completion": answer}
            for pictures, (prompt, answer) in zip(opened, texts, strict=True)
        ]
        batch: dict[str, Any] = super().torch_call(rows)
        return batch


def as_rows(examples: Sequence[Example]) -> list[dict[str, Any]]:
    """Examples as :class:`Collator` takes them: ``images`` (paths), ``prompt`` (turns) and ``completion`` (answer)."""
    return [
        {"images": [str(path) for path in e.images], "prompt": list(e.turns), "completion": e.answer} for e in examples
    ]


def within_limits(
    examples: Sequence[Example], processor: Any, *, image_side: int, max_length: int
) -> tuple[list[Example], list[int], list[Quarantined]]:
    """The examples that can be trained on, their lengths in tokens, and the others with the reason.

    Nothing is cut: an example beyond ``max_length`` is left out whole, for a cut would go through image tokens. How
    many tokens images take depends on their sizes alone, so one example of each size is put through the processor.
    """
    kept: list[Example] = []
    lengths: list[int] = []
    problems: list[Quarantined] = []
    tokens_of_images: dict[tuple[tuple[int, int], ...], int] = {}
    sizes = {path: _size(path, image_side) for path in dict.fromkeys(p for e in examples for p in e.images)}
    texts = rendered([(e.turns, e.answer) for e in examples], processor)
    asked = _counts([prompt for prompt, _ in texts], processor)
    learnt = _counts([answer for _, answer in texts], processor)
    for example, (prompt, _), before, after in zip(examples, texts, asked, learnt, strict=True):
        reason = next((found for path in example.images if isinstance(found := sizes[path], str)), "")
        shape = tuple(found for path in example.images if not isinstance(found := sizes[path], str))
        if not reason:
            if shape not in tokens_of_images:
                blanks = [Image.new("RGB", size) for size in shape]
                whole = processor(images=[blanks], text=[prompt], add_special_tokens=False)["input_ids"][0]
                tokens_of_images[shape] = len(whole) - before
            length = before + after + tokens_of_images[shape]
            if length > max_length:
                reason = f"the example has {length} tokens, more than max_length {max_length}"
        if reason:
            problems.append(Quarantined(example.images[0].name, example.id, reason, example.answer))
            continue
        kept.append(example)
        lengths.append(length)
    return kept, lengths, problems


def rendered(talks: Sequence[tuple[Sequence[str], str]], processor: Any) -> list[tuple[str, str]]:
    """Turns and answer -> the prompt as the model reads it, and the rest, which it learns to write.

    Where a template writes a prompt otherwise once an answer follows (some open it with a thought), the prompt ends
    where the two part.
    """
    if not talks:
        return []
    chats = [_messages(turns) for turns, _ in talks]
    wholes = [
        [*chat, {"role": "assistant", "content": [{"type": "text", "text": answer}]}]
        for chat, (_, answer) in zip(chats, talks, strict=True)
    ]
    prompts = processor.apply_chat_template(chats, tokenize=False, add_generation_prompt=True)
    texts = processor.apply_chat_template(wholes, tokenize=False)
    cuts = [_shared(p, w) for p, w in zip(prompts, texts, strict=True)]
    return [(text[:cut], text[cut:]) for text, cut in zip(texts, cuts, strict=True)]


def _shared(one: str, other: str) -> int:
    """Characters that two texts begin with in common."""
    if other.startswith(one):
        return len(one)
    return next(place for place, (a, b) in enumerate(zip(one, other + "\0", strict=False)) if a != b)


def _messages(turns: Sequence[str]) -> list[dict[str, Any]]:
    """Turns as chat messages, images where ``<image>`` stands."""
    return [
        {"role": "assistant" if number % 2 else "user", "content": _parts(text)} for number, text in enumerate(turns)
    ]


def _parts(text: str) -> list[dict[str, str]]:
    parts: list[dict[str, str]] = []
    pieces = text.split(IMAGE)
    for number, piece in enumerate(pieces):
        if number:
            parts.append({"type": "image"})
            piece = piece.removeprefix("\n")  # LLaVA's files put an image on a line of its own
        if number + 1 < len(pieces):
            piece = piece.removesuffix("\n")
        if piece:
            parts.append({"type": "text", "text": piece})
    return parts


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


def _counts(texts: Sequence[str], processor: Any) -> list[int]:
    """Tokens of each text."""
    found = processor.tokenizer(list(texts), add_special_tokens=False)["input_ids"] if texts else []
    return [len(ids) for ids in found]


def _size(path: Path, side: int) -> tuple[int, int] | str:
    """Width and height after shrinking, or why the file cannot be used."""
    try:
        return PICTURES(path, side).size
    except FileNotFoundError:
        return "the image file is not there"
    except (ImageProblem, OSError) as problem:
        return str(problem)
