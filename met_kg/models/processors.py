"""Processors of vision-language models: the stock ones, and where a stock one lacks something, with that added.

* transformers implements *video* processors with torchvision alone; without it they are placeholders, and every stock
  processor that has one (Qwen-VL, InternVL, SmolVLM) refuses to be made. Images need no torchvision. So where it is
  absent the same processor is made without its video part.
* A model that reads its question as a prefix (PaliGemma) has no chat template, and its processor takes no answer apart
  from its image. Both are added.
* Some chat templates (LLaVA's) write neither the token that begins a text nor the one that ends an answer. A model
  trained on such text would start unlike before and never stop. Both are written where they lack.

A processor made so keeps the stock class's name and is only ever used: beside a trained model the files of its base are
laid as they are (:func:`copy_processor`), so a machine with torchvision reads them with the stock class.
"""

from __future__ import annotations

import inspect
import json
import shutil
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from met_kg.errors import UsageProblem

__all__ = ["PROCESSOR_FILES", "copy_processor", "image_only", "load_processor", "save_with_video"]

#: The files of a checkpoint that make up its processor and tokenizer.
PROCESSOR_FILES: Final = (
    "*processor_config.json",
    "chat_template*",
    "additional_chat_templates/*",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.model",
)
_CONFIG: Final = "processor_config.json"
#: Question, then answer: earlier turns in lines of their own, the last answer with its end.
_PREFIX_TEMPLATE: Final = (
    "{% for message in messages %}"
    "{% if not loop.first and not (loop.last and message.role == 'assistant') %}{{ '\n' }}{% endif %}"
    "{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}"
    "{% if part.type == 'image' %}IMAGE{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}"
    "{% if loop.last and message.role == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
)
_END: Final = "{% if messages[-1].role == 'assistant' and not add_generation_prompt %}{{ eos_token }}{% endif %}"


def load_processor(path_or_id: str) -> Any:
    """The processor of a checkpoint: what ``AutoProcessor`` would give, and what that lacks (see the module).

    Raises
    ------
    UsageProblem
        when it has no chat template, or one that takes no images.
    OSError, ValueError, ImportError
        as transformers does; :func:`met_kg.models.vlm.load` turns them into sentences.
    """
    from jinja2 import TemplateError
    from transformers import AutoConfig, AutoProcessor
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING
    from transformers.utils.import_utils import is_torchvision_available

    kind: Any = PROCESSOR_MAPPING.get(type(AutoConfig.from_pretrained(path_or_id, trust_remote_code=False)), None)
    wanted: Any = kind
    if kind is not None and not is_torchvision_available() and "video_processor" in _parameters(kind):
        wanted = image_only(kind)
    prefixed = kind is not None and "suffix" in _parameters(kind.__call__)
    if prefixed:
        wanted = _with_answers(wanted)
    source = AutoProcessor if wanted is kind else wanted
    processor = source.from_pretrained(path_or_id, trust_remote_code=False)
    if prefixed and processor.chat_template is None:
        processor.chat_template = _PREFIX_TEMPLATE.replace("IMAGE", processor.image_token)
    if isinstance(processor.chat_template, dict):  # several, by name
        processor.chat_template = processor.chat_template.get("default")
    if processor.chat_template is None:
        raise UsageProblem(
            f"the processor of model '{path_or_id}' has no chat template",
            hint="take the instruction-tuned model of that family, or lay its chat_template.jinja beside the processor",
        )
    try:
        processor.chat_template = _whole(processor.chat_template, processor)
    except (TemplateError, TypeError, ValueError) as problem:
        raise UsageProblem(
            f"the chat template of model '{path_or_id}' cannot write a question about an image: {problem}",
            hint="lay another chat_template.jinja beside the processor",
        ) from problem
    return processor


def copy_processor(model: str | Path, out: Path) -> None:
    """Lay the processor and tokenizer files of a checkpoint (a folder or a hub id) into ``out``, as they are."""
    from huggingface_hub import snapshot_download

    source = Path(model)
    if not source.is_dir():
        source = Path(snapshot_download(str(model), allow_patterns=list(PROCESSOR_FILES)))
    for pattern in PROCESSOR_FILES:
        for path in sorted(source.glob(pattern)):
            if path.is_file():
                target = out / path.relative_to(source)
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(path, target)


def save_with_video(processor: Any, out: Path, video: Mapping[str, Any]) -> None:
    """Save a processor that has no video part, with the configuration of one, for machines with torchvision."""
    processor.save_pretrained(out)
    if video:
        path = out / _CONFIG
        config = json.loads(path.read_text(encoding="utf-8")) | {"video_processor": dict(video)}
        path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


@lru_cache(maxsize=32)
def image_only(stock: Any) -> Any:
    """A processor class like ``stock`` that has no video processor."""
    from transformers.processing_utils import ProcessorMixin

    parts = [part for part in stock.get_attributes() if part != "video_processor"]

    class WithoutVideo(ProcessorMixin):
        # It stands between the stock class and ProcessorMixin in the order of calls: the stock constructor runs as it
        # is, and what it hands on is cut here.
        def __init__(
            self, image_processor: Any = None, tokenizer: Any = None, video_processor: Any = None, **kwargs: Any
        ) -> None:
            rest: Any = super()
            rest.__init__(image_processor=image_processor, tokenizer=tokenizer, **kwargs)

    def from_args_and_dict(cls: Any, /, args: Any, processor_dict: Mapping[str, Any], **kwargs: Any) -> Any:
        # The configuration of the video part is passed over; a constructor may want to be told so.
        return stock.from_args_and_dict.__func__(cls, args, {**processor_dict, "video_processor": None}, **kwargs)

    def get_attributes(cls: Any) -> list[str]:
        return parts

    body = {
        "from_args_and_dict": classmethod(from_args_and_dict),
        "get_attributes": classmethod(get_attributes),
        # A stock class that has its own asks its video processor for the number of frames.
        "apply_chat_template": ProcessorMixin.apply_chat_template,
    }
    return _derived(stock, (stock, WithoutVideo), body)


@lru_cache(maxsize=32)
def _with_answers(stock: Any) -> Any:
    """A processor class like ``stock``, of a model that reads a prefix, that also takes answers without their images.

    Token types tell such a model what it may look at: the prefix (0) is seen at once, each token of an answer (1) sees
    what stands before it. An answer that counted as prefix would see itself.
    """

    def call(self: Any, images: Any = None, text: Any = None, **kwargs: Any) -> Any:
        if images is None:
            found = self.tokenizer(text, **kwargs)
            types = [[1] * len(ids) for ids in found["input_ids"]]
            ids = found["input_ids"]
            found["token_type_ids"] = types if isinstance(ids, list) else ids.new_tensor(types)
            return found
        found = stock.__call__(self, images, text, **kwargs)
        found.pop("labels", None)  # of a suffix, and there is none
        return found

    return _derived(stock, (stock,), {"__call__": call})


def _derived(stock: Any, bases: tuple[Any, ...], body: Mapping[str, Any]) -> Any:
    return type(stock.__name__, bases, {"__module__": stock.__module__, "__doc__": stock.__doc__, **body})


def _whole(template: str, processor: Any) -> str:
    """The chat template, with the beginning of a text and the end of an answer where it writes none."""
    tokenizer, answer = processor.tokenizer, "An answer"
    talk = [
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "A question"}]},
        {"role": "assistant", "content": [{"type": "text", "text": answer}]},
    ]
    text = str(processor.apply_chat_template(talk, chat_template=template, tokenize=False))
    if getattr(processor, "image_token", text) not in text or answer not in text:
        raise ValueError("it leaves the image or the answer out")
    special = {str(token) for token in tokenizer.added_tokens_decoder.values()}
    if tokenizer.eos_token and not any(token in text.rpartition(answer)[2] for token in special):
        template += _END
    begins = tokenizer.bos_token
    if begins and tokenizer("")["input_ids"][:1] == [tokenizer.bos_token_id] and not text.startswith(begins):
        template = "{{ bos_token }}" + template
    return template


def _parameters(function: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters
