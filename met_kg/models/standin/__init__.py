"""A tiny vision-language model of a current architecture, from a random configuration and without any download.

It stands in for a hub checkpoint wherever there is none: in the quickstart, in tests, on a laptop. It is saved as an
ordinary checkpoint (config, safetensors, tokenizer, processor, chat template), so everything that runs on it runs on a
7B model given by path or hub id. It knows nothing of medicine, and says so in its README.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from met_kg.errors import UnknownName, UsageProblem
from met_kg.models.standin import gemma, idefics, internvl, llava, qwen
from met_kg.models.standin.family import Family

__all__ = ["FAMILIES", "STAND_IN_FILE", "FamilyName", "make_standin", "one_thread"]

#: Marks a checkpoint as a stand-in; training copies it along.
STAND_IN_FILE: Final = "standin.json"

FamilyName = Literal[
    "qwen2-vl",
    "qwen2.5-vl",
    "qwen3-vl",
    "internvl",
    "llava",
    "llava-next",
    "idefics3",
    "smolvlm",
    "paligemma",
    "gemma3",
]
FAMILIES: Final[Mapping[FamilyName, Family]] = {
    "qwen2-vl": qwen.QWEN2_VL,
    "qwen2.5-vl": qwen.QWEN2_5_VL,
    "qwen3-vl": qwen.QWEN3_VL,
    "internvl": internvl.INTERNVL,
    "llava": llava.LLAVA,
    "llava-next": llava.LLAVA_NEXT,
    "idefics3": idefics.IDEFICS3,
    "smolvlm": idefics.SMOLVLM,
    "paligemma": gemma.PALIGEMMA,
    "gemma3": gemma.GEMMA3,
}
_NOTICE: Final = (
    "This is a random stand-in for a real vision-language model. It was made on the spot from a tiny random "
    "configuration, without pretrained weights. It is not a medical model, knows nothing of medicine, and its answers "
    "mean nothing. It exists so that training and evaluation can be run and tested without downloads."
)
#: Numbers of an attention head; widths are multiples of it.
_HEAD: Final = 32


def make_standin(
    out: Path, *, family: str = "qwen2.5-vl", texts: Iterable[str], seed: int, hidden: int = 4 * _HEAD
) -> Path:
    """Write a tiny random model with a tokenizer trained on ``texts`` and return its folder.

    The same texts (in the same order), seed and width give the same bytes.

    Parameters
    ----------
    hidden
        width of the language model, a multiple of 32; the vision model is half as wide.

    Raises
    ------
    UnknownName
        when there is no such family.
    UsageProblem
        when the width does not fit, or the family's processor needs a package that is not installed.
    """
    import torch
    import transformers

    from met_kg.models.processors import save_with_video
    from met_kg.models.vlm import quiet

    if family not in FAMILIES:
        raise UnknownName("stand-in family", family, FAMILIES)
    if hidden < _HEAD or hidden % _HEAD:
        raise UsageProblem(f"a stand-in cannot be {hidden} wide", hint=f"give a multiple of {_HEAD}")
    kind = FAMILIES[family]  # type: ignore[index]  # it is one of the names
    try:
        processor = kind.processor(kind.tokenizer(texts))
    except ImportError as problem:
        said = " ".join(str(problem).split())
        raise UsageProblem(f"a stand-in of family '{family}' cannot be made here: {said}") from problem
    with quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = getattr(transformers, kind.model)(kind.config(processor, hidden)).float()
        for name in kind.matrices:
            torch.nn.init.normal_(model.get_parameter(name), std=hidden**-0.5)
        model.generation_config.eos_token_id = processor.tokenizer.convert_tokens_to_ids(kind.end)
        model.save_pretrained(out)
        save_with_video(processor, out, kind.video)
    notice = {"stand_in": True, "family": family, "seed": seed, "notice": _NOTICE}
    (out / STAND_IN_FILE).write_text(json.dumps(notice, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    count = sum(p.numel() for p in model.parameters())
    tokens = len(processor.tokenizer)
    (out / "README.md").write_text(
        f"# Stand-in model ({family})\n\n{_NOTICE}\n\n{count:,} parameters, {tokens} tokens, seed {seed}.\n",
        encoding="utf-8",
    )
    return out


@contextmanager
def one_thread(model: str | Path) -> Iterator[None]:
    """Compute on one thread where ``model`` is a stand-in's folder; any other model takes all there are.

    A tiny model gains nothing from a second thread and loses much on a busy machine; and sums whose order depends on
    the number of cores would give other bytes on another machine.
    """
    import torch

    before = torch.get_num_threads()
    if (Path(model) / STAND_IN_FILE).is_file():
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
