"""Processors of vision-language models, with torchvision (the stock ones) and without (images only).

transformers implements *video* processors with torchvision alone; without it they are placeholders, and every stock
processor that has one (Qwen2-VL, Qwen2.5-VL, Qwen3-VL ...) refuses to be made. Images need no torchvision. So where it
is absent the same processor is made without its video part; it keeps the stock class's name, so that what it saves is
an ordinary checkpoint, which the stock class reads back on a machine that has torchvision.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

__all__ = ["image_only", "load_processor", "save_processor"]

_CONFIG: Final = "processor_config.json"


def load_processor(path_or_id: str) -> Any:
    """The processor of a checkpoint: what ``AutoProcessor`` would give, its video part left out without torchvision.

    Raises
    ------
    OSError, ValueError, ImportError
        as transformers does; :func:`met_kg.models.vlm.load` turns them into sentences.
    """
    from transformers import AutoConfig, AutoProcessor
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING
    from transformers.utils.import_utils import is_torchvision_available

    if not is_torchvision_available():
        config = type(AutoConfig.from_pretrained(path_or_id, trust_remote_code=False))
        stock: Any = PROCESSOR_MAPPING.get(config, None)
        if stock is not None and "video_processor" in inspect.signature(stock).parameters:
            return image_only(stock).from_pretrained(path_or_id, trust_remote_code=False)
    return AutoProcessor.from_pretrained(path_or_id, trust_remote_code=False)


def save_processor(processor: Any, out: Path, video: Mapping[str, Any] | Path) -> None:
    """Save a processor; a video part that it does not hold is written all the same, for machines with torchvision.

    Parameters
    ----------
    video
        the configuration of the video part, or the folder of the checkpoint that it is taken over from.
    """
    processor.save_pretrained(out)
    if isinstance(video, Path):
        source = video / _CONFIG
        video = json.loads(source.read_text(encoding="utf-8")).get("video_processor", {}) if source.is_file() else {}
    path = out / _CONFIG
    config = json.loads(path.read_text(encoding="utf-8"))
    if video and "video_processor" not in config:
        path.write_text(
            json.dumps(config | {"video_processor": dict(video)}, indent=2, sort_keys=True) + "\n", encoding="utf-8"
        )


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

    def get_attributes(cls: Any) -> list[str]:
        return parts

    body = {"get_attributes": classmethod(get_attributes), "__module__": stock.__module__, "__doc__": stock.__doc__}
    return type(stock.__name__, (stock, WithoutVideo), body)
