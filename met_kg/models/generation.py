"""Batched greedy generation with a model loaded here.

Questions are sorted by length, image tokens counted, and cut into fixed batches, the longest first: memory that does
not suffice shows at once. Which questions share a batch (and so their padding, which can change the last bits of a
number) never depends on where an earlier run stopped. While the model answers a batch, the next one is made ready.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from met_kg.errors import DataProblem, MetError, UsageProblem
from met_kg.log import Log
from met_kg.models.answers import Answer, Failure, Request, collect
from met_kg.models.image_cache import Pictures, RememberingProcessor
from met_kg.models.memory import memory_named
from met_kg.paths import expand_path

if TYPE_CHECKING:
    from PIL import Image

    from met_kg.models.vlm import Vlm

__all__ = ["BLANK", "BatchedVlm", "Request", "generate", "merged", "write_blank"]

#: Side in pixels, and grey level, of the picture that shows nothing.
BLANK: Final = (224, 128)


class BatchedVlm:
    """A model that answers many questions at a time (an :class:`~met_kg.models.answers.Answerer`).

    Greedy: no sampling, no beams, no penalties, whatever the checkpoint's own generation settings are.

    Parameters
    ----------
    open_image
        reads the picture in a file (:func:`met_kg.corpus.images.open_image`).
    image_size
        width and height of the picture in a file, from its header (:func:`met_kg.corpus.images.image_size`).
    batch_size
        questions answered at a time. It is no part of the key: one that was too large can be lowered on the way.
    """

    def __init__(
        self,
        vlm: Vlm,
        *,
        open_image: Callable[[Path], Image.Image],
        image_size: Callable[[Path], tuple[int, int]] | None = None,
        batch_size: int = 16,
        max_new_tokens: int = 64,
    ) -> None:
        self._vlm, self._batch_size, self._max_new_tokens = vlm, batch_size, max_new_tokens
        self._pictures, self._image_size = Pictures(open_image), image_size
        self._processor = vlm.processor
        if hasattr(self._processor, "image_processor"):
            self._processor = copy.copy(vlm.processor)
            self._processor.image_processor = RememberingProcessor(vlm.processor.image_processor)
        self.name, self.stand_in = vlm.name, vlm.stand_in
        kind = str(vlm.model.dtype).removeprefix("torch.")
        self.key = f"{vlm.fingerprint} {kind} {max_new_tokens}"
        self.settings: Mapping[str, Any] = {
            "batch_size": batch_size,
            "max_new_tokens": max_new_tokens,
            "dtype": kind,
            "device": vlm.device.type,
        }
        self._stops = stop_tokens(vlm)

    def answers(
        self, requests: Sequence[Request], *, base: Path | None, done: Collection[str], log: Log
    ) -> Iterator[dict[str, Answer | Failure]]:
        """See :class:`~met_kg.models.answers.Answerer`; a question whose image cannot be opened is a failure."""
        from met_kg.models.standin import one_thread
        from met_kg.models.vlm import quiet

        left = [b for b in self._batches(requests, base) if not all(r.id in done for r in b)]
        # All that touches the tokenizer runs on the one thread beside: tokenizers are not made for two.
        with ThreadPoolExecutor(1) as beside, quiet(), one_thread(self._vlm.name):
            ready: Future[Any] | None = beside.submit(self._inputs, left[0], base) if left else None
            for place, batch in enumerate(log.track(left, f"batches of {self._batch_size} answers")):
                assert ready is not None
                inputs, failures = ready.result()
                ready = beside.submit(self._inputs, left[place + 1], base) if place + 1 < len(left) else None
                asked = [r for r in batch if r.id not in failures]
                new = self._generate(inputs, len(batch)) if asked else []
                said = beside.submit(self._decoded, new).result()
                yield {**dict(zip((r.id for r in asked), said, strict=True)), **failures}

    def _batches(self, requests: Sequence[Request], base: Path | None) -> list[list[Request]]:
        lengths = self._lengths(requests, base)
        # Questions with an image and those without cannot share a batch.
        order = sorted(range(len(requests)), key=lambda i: (requests[i].image is None, -lengths[i], i))
        batches: list[list[Request]] = []
        for place in order:
            request = requests[place]
            last = batches[-1] if batches else None
            if last and len(last) < self._batch_size and (last[0].image is None) == (request.image is None):
                last.append(request)
            else:
                batches.append([request])
        return batches

    def _lengths(self, requests: Sequence[Request], base: Path | None) -> list[int]:
        """Tokens of each question, with those of its image where the processor can say from the size."""
        texts = self._processor.tokenizer([r.prompt for r in requests], add_special_tokens=False)["input_ids"]
        of_image = self._image_tokens({r.image for r in requests if r.image is not None}, base)
        return [len(text) + of_image.get(r.image, 0) for text, r in zip(texts, requests, strict=True)]

    def _image_tokens(self, images: Collection[str], base: Path | None) -> dict[str | None, int]:
        """Tokens of each image; of none where the processor cannot say. No more than the order hangs on it."""
        count = getattr(self._processor, "_get_num_multimodal_tokens", None)
        if count is None or self._image_size is None:
            return {}
        sizes: dict[str | None, tuple[int, int]] = {}
        for name in images:
            try:
                width, height = self._image_size(expand_path(name, base=base))
            except (DataProblem, OSError):
                continue  # the question will fail when its turn comes
            sizes[name] = height, width
        try:
            return dict(zip(sizes, map(int, count(image_sizes=list(sizes.values()))["num_image_tokens"]), strict=True))
        except (ValueError, AttributeError, KeyError, TypeError):
            return {}

    def _inputs(self, batch: Sequence[Request], base: Path | None) -> tuple[Any, dict[str, Failure]]:
        """What the model takes for the questions of a batch, without those that fail."""
        failures: dict[str, Failure] = {}
        pictures, texts = [], []
        for request in batch:
            if request.image is not None:
                path = expand_path(request.image, base=base)
                try:
                    pictures.append([self._pictures.get(path)])
                except FileNotFoundError:
                    failures[request.id] = Failure(f"its image file is not there ({path.name})")
                    continue
                except (DataProblem, OSError) as problem:
                    failures[request.id] = Failure(f"its image cannot be used: {problem}")
                    continue
            texts.append(self._prompt(request))
        if not texts:
            return None, failures
        # The template has put all special tokens already. Padding goes before the prompt: answers begin together.
        try:
            given = self._processor(
                images=pictures or None,
                text=texts,
                padding=True,
                padding_side="left",
                add_special_tokens=False,
                return_tensors="pt",
            )
        except (ValueError, TypeError) as problem:
            if pictures:
                raise
            raise UsageProblem(
                f"the model takes no question without an image: {' '.join(str(problem).split())[:200]}",
                where=self.name,
                hint="leave out the pass 'text': --ablate blank",
            ) from problem
        return given, failures

    def _prompt(self, request: Request) -> str:
        content = [{"type": "text", "text": request.prompt}]
        if request.image is not None:
            content.insert(0, {"type": "image"})
        try:
            text: str = self._processor.apply_chat_template(
                [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
            )
        except (ValueError, TypeError) as problem:
            raise UsageProblem(
                f"the model's chat template does not take a question: {' '.join(str(problem).split())[:200]}",
                where=self.name,
                hint="take an instruction-tuned model, with chat_template.jinja beside its processor",
            ) from problem
        return text

    def _generate(self, given: Any, count: int) -> Any:
        import torch

        with memory_named(lambda: _out_of_memory(count)):
            kind = {"device": self._vlm.device, "dtype": self._vlm.model.dtype}
            given = {n: v.to(**kind) if v.is_floating_point() else v.to(self._vlm.device) for n, v in given.items()}
            with torch.inference_mode():
                found = self._vlm.model.generate(
                    **given,
                    max_new_tokens=self._max_new_tokens,
                    do_sample=False,
                    num_beams=1,
                    repetition_penalty=1.0,
                    no_repeat_ngram_size=0,
                    use_cache=True,
                    eos_token_id=self._stops,
                    pad_token_id=self._processor.tokenizer.pad_token_id or self._stops[0],
                )
        return found[:, given["input_ids"].shape[1] :].cpu()

    def _decoded(self, new: Any) -> list[Answer]:
        if not len(new):
            return []
        texts = self._processor.batch_decode(new, skip_special_tokens=True)
        ended = [bool(set(row) & set(self._stops)) or len(row) < self._max_new_tokens for row in new.tolist()]
        return [Answer(str(text).strip(), cut=not end) for text, end in zip(texts, ended, strict=True)]


def generate(
    vlm: Vlm,
    requests: Sequence[Request],
    out: Path,
    *,
    open_image: Callable[[Path], Image.Image],
    batch_size: int,
    max_new_tokens: int,
    base: Path | None = None,
    log: Log,
) -> dict[str, str]:
    """Answer all questions; returns id -> text and writes ``out`` as JSON lines ``{"id", "model_output"}`` in order.

    After a kill, a later call goes on from ``<out>.part``. Parameters are those of :class:`BatchedVlm` and
    :func:`~met_kg.models.answers.collect`.

    Raises
    ------
    DataProblem
        when an image cannot be opened; all other questions are answered first.
    MetError
        when memory runs out.
    """
    answerer = BatchedVlm(vlm, open_image=open_image, batch_size=batch_size, max_new_tokens=max_new_tokens)
    part = out.with_name(out.name + ".part")
    said: dict[str, str] = {}
    for number, answer in collect(answerer, requests, part, base=base, log=log).items():
        if isinstance(answer, Failure):
            raise DataProblem(f"question '{number}' has no answer: {answer.reason}", where=str(out))
        said[number] = answer.text
    lines = (json.dumps({"id": number, "model_output": text}, ensure_ascii=False) for number, text in said.items())
    out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", errors="backslashreplace")
    part.unlink()
    return said


def merged(vlm: Vlm) -> Vlm:
    """The model with its adapter worked into the weights: quicker, and equal up to rounding; as it is without one."""
    if not hasattr(vlm.model, "merge_and_unload"):
        return vlm
    return replace(vlm, model=vlm.model.merge_and_unload().eval(), fingerprint=f"{vlm.fingerprint} merged")


def write_blank(folder: Path) -> Path:
    """A grey picture that shows nothing, as ``blank.png`` in a folder."""
    from PIL import Image

    side, grey = BLANK
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "blank.png"
    Image.new("RGB", (side, side), (grey, grey, grey)).save(path)
    return path


def stop_tokens(vlm: Vlm) -> list[int]:
    """Tokens that end an answer: the model's own, the tokenizer's, and what the chat template writes after a turn."""
    tokenizer = vlm.processor.tokenizer
    named = vlm.model.generation_config.eos_token_id
    found = [*(named if isinstance(named, list) else [named]), tokenizer.eos_token_id, _end_of_turn(vlm.processor)]
    stops = [number for number in dict.fromkeys(found) if number is not None]
    if not stops:
        raise UsageProblem("neither the model nor its tokenizer names a token that ends an answer", where=vlm.name)
    return stops


def _end_of_turn(processor: Any) -> int | None:
    """The first special token after an assistant's turn; None where the template writes none."""
    mark = "ANSWER"
    chat = [
        {"role": role, "content": [{"type": "text", "text": text}]}
        for role, text in (("user", "?"), ("assistant", mark))
    ]
    try:
        text = str(processor.apply_chat_template(chat, tokenize=False))
    except (ValueError, TypeError):
        return None
    tokenizer = processor.tokenizer
    special = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    after = tokenizer(text.rpartition(mark)[2], add_special_tokens=False)["input_ids"]
    return next((int(number) for number in after if number in special), None)


def _out_of_memory(count: int) -> MetError:
    return MetError(
        "the memory does not hold a batch of answers",
        hint=f"lower the batch size (now {count}), or the longest answer, and run again: what is answered is kept",
    )
